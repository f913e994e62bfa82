# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""One planned change of a file or registry value."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import JournalEntry, StateEntry
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File


class Change(t.NamedTuple):
    """A change from `old` to `new`. `before` and `after` are their text for a diff, secrets masked."""

    kind: str
    path: str
    action: str  # create, update, remove
    reasons: list[str]
    old: File
    new: File
    before: str
    after: str
    entry: StateEntry | None  # in the state after the change; None: no longer managed
    check: str = ""
    activate: str = ""
    notice: str = ""
    follow: bool = True
    private: bool = False

    def journal_entry(self) -> JournalEntry:
        """Return what undoes this change."""
        return JournalEntry(self.path, self.old, self.new.digest, self.new.mode, self.entry, self.activate, self.follow)

    def resource(self) -> dict[str, t.Any]:
        """Return this change as the result of the task lists it."""
        return {
            "id": f"{self.kind}:{self.path}",
            "kind": self.kind,
            "path": self.path,
            "action": self.action,
            "reasons": self.reasons,
        }
