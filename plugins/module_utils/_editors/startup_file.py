# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read start-up files of shells, as far as line by line can tell: which lines are run, and where a file may end early."""

from __future__ import annotations

import re
import typing as t

# at the start of a command, also behind words that run another one; not `exec 2>file`, which goes on
_ENDS = re.compile(
    r"(?:^|[;&|({)`]|\b(?:then|else|elif|if|while|until|do|and|or|not)\b)\s*"
    r"(?:(?:!|time|eval|builtin|command|\w+=\S*)\s+)*[\\\"']?"
    r"(?:(?:return|exit|logout)(?=[\s;&|)}\"'`]|\Z)|exec\s+[^\s\d<>&])"
)
_FUNCTION = re.compile(r"\s*(?:function\s+[\w.-]+|[\w.-]+\s*\(\s*\))[^}]*\Z")
_WHOLE_FUNCTION = re.compile(r"(?:function\s+)?[\w.-]+\s*\(\s*\)\s*\{[^}]*\}")
# not `<<<`, and not a shift in `(( ))`
_HERE = re.compile(r"(?<!<)<<-?(?!<)[ \t]*(?:([\"'])(.+?)\1|\\?([A-Za-z_][\w.-]*))")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def early_exit(text: str) -> int | None:
    """Return the number of the first line that may end the file before its last line; None when no line does.

    In doubt a line counts: what must be reached then comes before it.
    """
    lines = _Lines(text)
    found = next((number for number, line in lines if _ENDS.search(_COMMENT.sub("", line))), None)
    return lines.unfinished if found is None else found


def commands(text: str) -> t.Iterator[tuple[int, str]]:
    """Yield the lines that begin a command which is run when the file is read, and their numbers.

    What is in a function, a here-document or a text of several lines is not.
    """
    return iter(_Lines(text))


class _Lines:
    """The lines of commands(). `unfinished`: the line of a here-document or text that has no end; None: there is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.unfinished: int | None = None

    def __iter__(self) -> t.Iterator[tuple[int, str]]:
        here, quote, continued, function = "", "", False, False
        opened_at = 0
        for number, line in enumerate(self._text.split("\n"), 1):
            content = line.rstrip("\r")
            if here:
                here = "" if content.strip() == here else here
                continue
            begins = not (quote or continued or function)
            opened, quote = quote, _open_quote(content, quote)
            continued = not quote and (len(content) - len(content.rstrip("\\"))) % 2 == 1
            if function:
                function = not content.lstrip().startswith("}")
            elif begins and _FUNCTION.match(content):
                function = True
            elif begins:
                yield number, _WHOLE_FUNCTION.sub("", content)
            document = _HERE.search(content)
            if document and _is_code(content[: document.start()], opened):
                here = document.group(2) or document.group(3)
            if here or (quote and not opened):
                opened_at = number
        self.unfinished = opened_at if here or quote else None


def _is_code(before: str, quote: str) -> bool:
    """Return whether what follows `before` on its line is in no quote, comment or arithmetic."""
    return not (_open_quote(before, quote) or _COMMENT.search(before) or "((" in before)


def _open_quote(line: str, quote: str) -> str:
    """Return the quote that is open at the end of a line; `quote` was open at its beginning."""
    position = 0
    while position < len(line):
        character = line[position]
        if character == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#" and (position == 0 or line[position - 1] in " \t;"):
            break
        position += 1
    return quote
