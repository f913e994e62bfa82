# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The record of a consumer that has something else than what the collection has written."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._records import from_json


class Overruled(t.NamedTuple):
    """A consumer that has something else than what the collection has written."""

    consumer: str
    path: str  # the managed file that it does not read; empty where it reads another one in addition
    decided_by: str  # what it reads instead: a path, mostly with a line, or why it has nothing
    variable: str = ""  # empty: all
    value: str = ""  # that it has, unmasked; empty: none
    known: bool = True  # recorded by an earlier run, so that it is no drift

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies it in the state, which holds no value."""
        return (self.consumer, self.variable, self.decided_by)

    @classmethod
    def from_json(cls, data: t.Any) -> Overruled:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


def notes(rows: t.Iterable[Overruled]) -> list[str]:
    """Return a warning for each place that decides."""
    places: dict[str, list[Overruled]] = {}
    for row in rows:
        places.setdefault(_file_of(row.decided_by), []).append(row)
    return [_note(place, group) for place, group in places.items()]


def _note(place: str, rows: t.Sequence[Overruled]) -> str:
    consumers = ", ".join(dict.fromkeys(row.consumer for row in rows))
    if not rows[0].variable:
        return f"{consumers} reads {place} in place of {rows[0].path}"
    variables = ", ".join(dict.fromkeys(row.variable for row in rows))
    lines = sorted({int(row.decided_by.rpartition(":")[2]) for row in rows if row.decided_by != place})
    where = f"{place} (line {', '.join(map(str, lines))})" if lines else place
    return f"{consumers}: not the managed value of {variables}, because of {where}; correct it there"


def _file_of(decided_by: str) -> str:
    """Return the path without its line."""
    path, colon, line = decided_by.rpartition(":")
    return path if colon and line.isdigit() else decided_by
