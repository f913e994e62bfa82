# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read files that the collection does not manage, up to a maximum size."""

from __future__ import annotations

import glob
import os
import typing as t

_MOST = 1 << 20  # characters of one file


def read_all(patterns: t.Iterable[str]) -> list[tuple[str, str]]:
    """Return path and text of the readable files that `patterns` match, in the order in which programs read them."""
    found = []
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            text = read_text(path)
            if text is not None:
                found.append((path, text))
    return found


def read_text(path: str) -> str | None:
    """Return the text of a regular file; None when there is none that can be read."""
    try:
        if not os.path.isfile(path):  # reading a pipe would never end
            return None
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read(_MOST)
    except OSError:
        return None
