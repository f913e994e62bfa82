# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read start-up files of shells, as far as line by line can tell: where one may end early."""

from __future__ import annotations

import re
import typing as t

# at the start of a command; not `exec 2>file`, which goes on
_ENDS = re.compile(
    r"(?:^|[;&|({)]|\b(?:then|else|do|and|or)\b)\s*(?:(?:return|exit)(?=[\s;&|)}]|\Z)|exec\s+[^\s\d<>&])"
)
_FUNCTION = re.compile(r"\s*(?:function\s+[\w.-]+|[\w.-]+\s*\(\s*\))[^}]*\Z")
_WHOLE_FUNCTION = re.compile(r"(?:function\s+)?[\w.-]+\s*\(\s*\)\s*\{[^}]*\}")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def early_exit(lines: t.Iterable[str]) -> int | None:
    """Return the index of the first line that may end the file before its last line; None when no line does.

    A `return` in a function only ends that. In doubt the line counts: what must be reached then comes before it.
    """
    function = False
    for number, line in enumerate(lines):
        code = _WHOLE_FUNCTION.sub("", _COMMENT.sub("", line.rstrip()))
        if function:
            function = not code.lstrip().startswith("}")
        elif _FUNCTION.match(code):
            function = True
        elif _ENDS.search(code):
            return number
    return None
