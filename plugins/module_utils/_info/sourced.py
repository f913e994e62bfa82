# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Follow the files that start-up files read by `.` or `source`, where the path is plain."""

from __future__ import annotations

import os
import re

from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Files

_SOURCE = re.compile(r"(?:^|[;&|({]|\b(?:then|else|do|and)\b)\s*(?:\.|source)\s+([\"']?)([^\s;&|\"']+)\1")
_HOME = re.compile(r"\A(?:~(?=/)|\$HOME\b|\$\{HOME\})")
_DEPTH = 3
_MOST = 50  # files


def with_sourced(files: Files, home: str) -> list[tuple[str, str]]:
    """Return `files`, each followed by those that it reads: where a value was set in either, the last one decides.

    `home`: empty where it is not known.
    """
    found: list[tuple[str, str]] = []
    seen = {path for path, _text in files}

    def add(path: str, text: str, depth: int) -> None:
        found.append((path, text))
        for line in text.split("\n") if depth else ():
            for _quote, name in _SOURCE.findall("" if line.lstrip().startswith("#") else line):
                target = _HOME.sub(lambda _match: home, name) if home else name
                if os.path.isabs(target) and target not in seen and len(seen) < _MOST:
                    seen.add(target)
                    inner = read_text(target)
                    if inner is not None:
                        add(target, inner, depth - 1)

    for path, text in files:
        add(path, text, _DEPTH)
    return found
