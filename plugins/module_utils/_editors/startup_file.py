# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read start-up files of shells, as far as line by line can tell: which lines are run, and where a file may end early."""

from __future__ import annotations

import itertools
import re
import typing as t

# at the start of a command, also behind words that run another one; not `exec 2>file`, which goes on
_ENDS = re.compile(
    r"(?:^|[;&|({)`]|\b(?:then|else|elif|if|while|until|do|and|or|not)\b)\s*"
    r"(?:(?:!|time|eval|builtin|command|\w+=\S*)\s+)*[\\\"']?"
    r"(?:(?:return|exit|logout)(?=[\s;&|)}\"'`]|\Z)|exec\s+[^\s\d<>&])"
)
_FUNCTION = re.compile(r"\s*(?:function\s+[\w.-]+|[\w.-]+\s*\(\s*\))[^}]*\Z")
_WHOLE_FUNCTION = re.compile(r"(?<![\w.-])(?:function\s+)?[\w.-]+\s*\(\s*\)\s*\{[^}]*\}")
# not `<<<`, and not a shift in `(( ))`
_HERE = re.compile(r"(?<!<)<<(-?)(?!<)[ \t]*(?:([\"'])([^\"']{1,200})\2|\\?([A-Za-z_][\w.-]*))")
_MOST_DOCUMENTS = 5  # of one line
_OPEN_BRACE = re.compile(r"(?:\A|[\s;()])\{(?=\s|\Z)")
_CLOSE_BRACE = re.compile(r"(?:\A|[\s;])\}(?=[\s;)&|]|\Z)")
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
    """The lines of commands(). `unfinished`: the line where something begins that has no end; None: there is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.unfinished: int | None = None

    def __iter__(self) -> t.Iterator[tuple[int, str]]:
        documents: list[tuple[str, str]] = []  # `-` or nothing, and the last line of each that has begun
        quote, continued, parentheses, opened_at = "", False, 0, 0
        function = _Function()
        for number, line in enumerate(self._text.split("\n"), 1):
            content = line.rstrip("\r")
            if documents:
                tabs, last = documents[0]
                if (content.lstrip("\t") if tabs else content) == last:
                    documents.pop(0)
                continue
            begins = not (quote or continued or parentheses)
            opened = quote
            quote, code = _scan(content, quote)
            continued = not quote and (len(content) - len(content.rstrip("\\"))) % 2 == 1
            if not function.holds(code) and begins:
                yield number, _WHOLE_FUNCTION.sub("", content) if "(" in content else content
            parentheses = max(0, parentheses + code.count("(") - code.count(")"))
            documents += [
                (found.group(1), found.group(3) or found.group(4))
                for found in itertools.islice(_HERE.finditer(content), _MOST_DOCUMENTS)
                if _is_code(content[: found.start()], opened)
            ]
            inside = documents or parentheses or function.inside or quote
            opened_at = (opened_at or number) if inside else 0
        self.unfinished = opened_at or None


class _Function:
    """Whether a line belongs to a function: in braces, or as fish has it, until `end`."""

    def __init__(self) -> None:
        self.inside = False
        self._braces = 0
        self._indent = -1  # of the header of fish, otherwise -1

    def holds(self, code: str) -> bool:
        """Return whether the next line belongs to a function."""
        if not self.inside:
            if not _FUNCTION.match(code) or "(" in code.replace("()", "").replace("( )", ""):
                return False
            self.inside, self._braces = True, 0
            is_word = "(" not in code and "{" not in code  # `function name`: fish, or bash with the brace below
            self._indent = len(code) - len(code.lstrip()) if is_word else -1
        elif self._indent >= 0 and code.strip():
            if code.lstrip().startswith("{") and not self._braces:
                self._indent = -1
            elif code.strip() == "end" and len(code) - len(code.lstrip()) <= self._indent:
                self.inside = False
                return True
        opened = len(_OPEN_BRACE.findall(code))
        closed = len(_CLOSE_BRACE.findall(code))
        self._braces += opened - closed
        if self._indent < 0 and closed and self._braces <= 0:
            self.inside = False
        return True


def _is_code(before: str, quote: str) -> bool:
    """Return whether what follows `before` on its line is in no quote, comment or arithmetic."""
    return not (_scan(before, quote)[0] or _COMMENT.search(before) or "((" in before)


def _scan(line: str, quote: str) -> tuple[str, str]:
    """Return the quote that is open at the end of a line, and the line without quoted text and comment.

    `quote` was open at its beginning.
    """
    code: list[str] = []
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
        else:
            code.append(character)
        position += 1
    return quote, "".join(code)
