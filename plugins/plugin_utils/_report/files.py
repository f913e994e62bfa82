# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the files of a report, each complete or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile


def write(path: str, text: str, mode: int = 0o644) -> None:
    """Replace or create a file by a rename in its directory. Raises OSError."""
    directory = os.path.dirname(path) or "."
    os.makedirs(directory, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".condafleet-", dir=directory)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), mode)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read(path: str) -> str:
    """Return the text of a file; empty when it does not exist. Raises OSError."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def remove(path: str) -> None:
    """Remove a file; do nothing when it does not exist."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
