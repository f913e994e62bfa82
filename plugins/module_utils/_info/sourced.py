# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Follow the files that start-up files read by `.` or `source`, where the path is plain or comes from a `for` loop."""

from __future__ import annotations

import glob
import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Files

_SOURCE = re.compile(r"(?:^|[;&|({]|\b(?:then|else|do|and)\b)\s*(?:\.|source)\s+([\"']?)([^\s;&|\"']+)\1")
_LOOP = re.compile(r"\bfor\s+(\w+)\s+in\s+([^;\n]+)")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?\Z")
_HOME = re.compile(r"\A(?:~(?=/)|\$HOME\b|\$\{HOME\})")
_DEPTH = 3
_MOST = 50  # files


def with_sourced(files: Files, home: str) -> list[tuple[str, str]]:
    """Return `files`, each followed by those that it reads: where a value was set in either, the last one decides.

    `home`: empty where it is not known.
    """
    found: list[tuple[str, str]] = []
    seen = {os.path.realpath(path) for path, _text in files}

    def add(path: str, text: str, depth: int) -> None:
        found.append((path, text))
        for target in _targets(text, home) if depth else ():
            real = os.path.realpath(target)
            if real not in seen and len(seen) < _MOST:
                seen.add(real)
                inner = read_text(target)
                if inner is not None:
                    add(target, inner, depth - 1)

    for path, text in files:
        add(path, text, _DEPTH)
    return found


def _targets(text: str, home: str) -> t.Iterator[str]:
    """Yield the absolute paths that `text` reads, in order."""
    loops = {name: words.split() for name, words in _LOOP.findall(text)}
    for line in text.split("\n"):
        for _quote, name in _SOURCE.findall("" if line.lstrip().startswith("#") else line):
            variable = _VARIABLE.match(name)
            for word in loops.get(variable.group(1), ()) if variable else (name,):
                pattern = word.replace('"', "").replace("'", "")
                pattern = _HOME.sub(lambda _match: home, pattern) if home else pattern
                if os.path.isabs(pattern) and "\0" not in pattern:
                    yield from sorted(glob.glob(pattern))
