# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the targets of a machine depend on besides the settings."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._records import from_json, texts


class Claim(t.NamedTuple):
    """A line of somebody else that sets variables which the collection manages."""

    path: str
    line: int
    variables: tuple[str, ...]
    removable: bool  # it does nothing else, and the file belongs to this scope

    @classmethod
    def from_json(cls, data: t.Any) -> Claim:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, variables=texts)


class Facts(t.NamedTuple):
    """Facts of a machine, gathered once per state directory."""

    existing: frozenset[str] = frozenset()  # among the paths in the platform's table and their directories
    ca_roots: str | None = None  # PEM text to join a CA bundle with
    netrc_path: str = ""  # the netrc that conda's Python reads; empty: not requested
    netrc_escapes: bool | None = None  # its parser interprets quotes and backslashes; None: not known
    marked: bool = False  # the registry has the collection's marker
    claims: tuple[Claim, ...] = ()  # lines of others that set the variables
    taken_over: frozenset[str] = frozenset()  # files with lines that the collection commented out


def claim_notes(claims: t.Iterable[Claim], takeover: bool) -> list[str]:
    """Return a warning for each file with such lines. `takeover`: the removable ones are commented out."""
    notes = []
    files: dict[str, list[Claim]] = {}
    for claim in claims:
        files.setdefault(claim.path, []).append(claim)
    for path, group in files.items():
        lines = ", ".join(str(claim.line) for claim in group)
        variables = ", ".join(dict.fromkeys(name for claim in group for name in claim.variables))
        way = "remove it there"
        if not takeover and any(claim.removable for claim in group):
            way = "conda_proxy_takeover: true comments it out"
        notes.append(f"{path}: line {lines} sets {variables} too; {way}")
    return notes
