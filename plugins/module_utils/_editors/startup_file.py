# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read start-up files of shells, as far as line by line can tell: which lines are run, and where a file may end early."""

from __future__ import annotations

import re
import typing as t

# at the start of a command; not `exec 2>file`, which goes on
_ENDS = re.compile(
    r"(?:^|[;&|({)]|\b(?:then|else|do|and|or)\b)\s*(?:(?:return|exit)(?=[\s;&|)}]|\Z)|exec\s+[^\s\d<>&])"
)
_FUNCTION = re.compile(r"\s*(?:function\s+[\w.-]+|[\w.-]+\s*\(\s*\))[^}]*\Z")
_WHOLE_FUNCTION = re.compile(r"(?:function\s+)?[\w.-]+\s*\(\s*\)\s*\{[^}]*\}")
_HERE = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def early_exit(text: str) -> int | None:
    """Return the number of the first line that may end the file before its last line; None when no line does.

    In doubt a line counts: what must be reached then comes before it.
    """
    return next((number for number, line in commands(text) if _ENDS.search(_COMMENT.sub("", line))), None)


def commands(text: str) -> t.Iterator[tuple[int, str]]:
    """Yield the lines that begin a command which is run when the file is read, and their numbers.

    What is in a function, a here-document or a text of several lines is not.
    """
    here, quote, continued, function = "", "", False, False
    for number, line in enumerate(text.split("\n"), 1):
        content = line.rstrip("\r")
        if here:
            here = "" if content.strip() == here else here
            continue
        begins = not (quote or continued or function)
        quote = _open_quote(content, quote)
        continued = not quote and (len(content) - len(content.rstrip("\\"))) % 2 == 1
        if function:
            function = not content.lstrip().startswith("}")
        elif begins and _FUNCTION.match(content):
            function = True
        elif begins:
            yield number, _WHOLE_FUNCTION.sub("", content)
        document = None if quote or content.lstrip().startswith("#") else _HERE.search(content)
        here = document.group(2) if document else ""


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
