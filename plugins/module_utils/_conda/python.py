# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the Python of a base, and what follows from its version."""

from __future__ import annotations

import re
from typing import Iterable

_PYTHON_RECORD = re.compile(r"^python-(\d+\.\d+(?:\.\d+)?)[^-]*-[^-]+\.json$")


def recorded_python(records: Iterable[str]) -> str | None:
    """Return the version of Python that the records of an environment (its conda-meta) name."""
    matches = (_PYTHON_RECORD.match(name) for name in records)
    return next((match.group(1) for match in matches if match), None)


def netrc_escapes(python_version: str | None) -> bool | None:
    """Return whether the netrc parser of a Python knows quotes and backslashes (from 3.11); None when not known."""
    if not python_version:
        return None
    return tuple(int(part) for part in python_version.split(".")[:2]) >= (3, 11)


def common_escapes(parsers: Iterable[bool | None]) -> bool | None:
    """Return the one rule of all parsers that will read a netrc; None (write only what all read alike) without one."""
    rules = set(parsers)
    return rules.pop() if len(rules) == 1 else None
