# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Which file and line sets an environment variable.

One reader for all dialects (sh, csh, fish, pam_env, environment.d, systemd.conf), line by line: it need not understand a
script, as the value in effect is known already and only its place is looked for.
"""

from __future__ import annotations

import re
import shlex
import typing as t

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SETTERS = ("setenv", "set")
_NOT_LITERAL = re.compile(r"[$`\\]")


class Assignment(t.NamedTuple):
    """A variable set in a file."""

    name: str
    value: str
    path: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def parse(path: str, text: str) -> list[Assignment]:
    """Return the assignments in `text`, in their order."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            found += [Assignment(name, value, path, number) for name, value in _pairs(stripped)]
    return found


def _pairs(line: str) -> t.Iterator[tuple[str, str]]:
    prefix, equals, rest = line.partition("=")
    if equals and prefix.strip() == "DefaultEnvironment":
        line = rest.strip().replace("%%", "%")
    words = _words(line)
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if equals and _NAME.match(name):
            yield name, value
        elif word in _SETTERS:
            pair = [each for each in words[number + 1 :] if not each.startswith("-")][:2]
            if len(pair) == 2 and _NAME.match(pair[0]):
                yield pair[0], pair[1]


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:  # a quote that is closed on another line, or an apostrophe in a comment
        words = line.split()
    return [word[:-1] if word.endswith(";") else word for word in words]


def find(name: str, value: str, files: t.Iterable[tuple[str, str]]) -> str:
    """Return `path:line` of the last line in `files` (path and text, in reading order) that sets this value.

    Otherwise return the last line that computes a value (`$OTHER`); empty when no file shows where it was set.
    """
    mine = [each for path, text in files for each in parse(path, text) if each.name == name]
    exact = [each for each in mine if each.value == value]
    computed = [each for each in mine if _NOT_LITERAL.search(each.value)]
    return (exact or computed)[-1].place if exact or computed else ""
