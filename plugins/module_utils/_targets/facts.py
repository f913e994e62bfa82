# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the targets of a machine depend on besides the settings."""

from __future__ import annotations

import typing as t


class Facts(t.NamedTuple):
    """Gathered once per state directory by the operating system's side."""

    existing: frozenset[str] = frozenset()  # of the paths that the platform's table names, and of their directories
    ca_roots: str | None = None  # PEM text to join a CA bundle with
    netrc_path: str = ""  # the netrc that conda's Python reads; empty: not requested
    netrc_escapes: bool | None = None  # does its parser know quotes and backslashes? None: not known
    marked: bool = False  # the registry has the collection's marker
