# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read files that the collection does not manage, up to a maximum size."""

from __future__ import annotations

import glob
import os
import stat
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


def read_text(path: str, most: int = _MOST) -> str | None:
    """Return the first characters of a regular file; None when there is none that can be read."""
    try:
        # opening a pipe would wait, and reading one never end
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
