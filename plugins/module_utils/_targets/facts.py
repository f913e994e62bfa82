# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the targets of a machine depend on besides the settings."""

from __future__ import annotations

import typing as t


class Facts(t.NamedTuple):
    """Facts of a machine, gathered once per state directory."""

    existing: frozenset[str] = frozenset()  # among the paths in the platform's table and their directories
    ca_roots: str | None = None  # PEM text to join a CA bundle with
    netrc_path: str = ""  # the netrc that conda's Python reads; empty: not requested
    netrc_escapes: bool | None = None  # its parser interprets quotes and backslashes; None: not known
    marked: bool = False  # the registry has the collection's marker
