# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the lines of a start-up file that set given variables, in the dialects of sh, csh, fish and NAME=value files."""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.startup_file import commands

_ASSIGNMENT = re.compile(r"(\w+)=")
_NAME = re.compile(r"\w+\Z")
_OPERATORS = re.compile(r"[;&|()<>]+\Z")
_EXPORTERS = ("export", "declare", "typeset", "readonly")
_SETTERS = ("setenv", "set")  # csh and fish
_KEYWORDS = ("then", "else", "do", "and", "or", "begin", "{", "}", "if", "fi", "done", "!", "end", "endif")


class Setting(t.NamedTuple):
    """A line that sets variables."""

    line: int  # the first is 1
    names: tuple[str, ...]  # among those that were asked for
    alone: bool  # the line does nothing else


def settings(text: str, names: t.Collection[str]) -> list[Setting]:
    """Return the lines of `text` that set one of `names` when the file is read."""
    if not any(name in text for name in names):
        return []
    found = []
    for number, line in commands(text):
        setting = _setting(number, line, names)
        if setting is not None:
            found.append(setting)
    return found


def _setting(number: int, line: str, names: t.Collection[str]) -> Setting | None:
    reader = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:  # a quote that ends on another line
        words = line.split()
        found = tuple(dict.fromkeys(name for name in map(_assigned, words) if name in names))
        return Setting(number, found, alone=False) if found else None
    alone = True
    set_here: list[str] = []
    for statement in _statements(words):
        mine, only = _sets(statement, names)
        set_here += mine
        alone = alone and only
    # what a command prints may be wanted for more than its text
    alone = alone and not line.endswith("\\") and "`" not in line and "$(" not in line
    return Setting(number, tuple(dict.fromkeys(set_here)), alone) if set_here else None


def _statements(words: t.Iterable[str]) -> list[list[str]]:
    """Return the statements of a line; an operator other than `;` is a statement of its own."""
    found: list[list[str]] = [[]]
    for word in words:
        if word == ";":
            found.append([])
        elif _OPERATORS.match(word):
            found += [[word], []]
        else:
            found[-1].append(word)
    return [statement for statement in found if statement]


def _sets(words: t.Sequence[str], names: t.Collection[str]) -> tuple[list[str], bool]:
    """Return which of `names` a statement sets, and whether it does nothing else."""
    keywords = [word for word in words if word in _KEYWORDS]
    rest = [word for word in words if word not in _KEYWORDS]
    if rest and rest[0] in _SETTERS:
        given = [word for word in rest[1:] if not word.startswith("-")]
        mine = [name for name in given[:1] if name in names and len(given) > 1]
        return mine, bool(mine) and not keywords
    exporting = bool(rest) and rest[0] in _EXPORTERS
    if exporting and any(word[0] == "-" and set(word) & set("np") for word in rest[1:]):
        return [], False  # `export -n` takes away, `-p` shows
    parts = [word for word in rest[1:] if not word.startswith("-")] if exporting else rest
    assigned = [_assigned(word) for word in parts]
    if not exporting and "" in assigned:
        return [], False  # variables of one command only
    mine = [name for name in assigned if name in names]
    exported = [word for word, name in zip(parts, assigned) if not name]
    only = len(mine) == len(assigned) - len(exported) and all(word in names for word in exported)
    return mine, only and bool(parts) and not keywords


def _assigned(word: str) -> str:
    """Return the name of `NAME=value`; otherwise nothing."""
    match = _ASSIGNMENT.match(word)
    return match.group(1) if match else ""
