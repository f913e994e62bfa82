# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One planned change.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Entry, pack
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File


class Change(t.NamedTuple):
    """One file that changes. C(entry) is what the state says of it afterwards, None when it is no longer ours."""

    kind: str
    path: str
    action: str
    reasons: list[str]
    old: File
    new: File
    before: str
    after: str
    entry: Entry | None
    check: str = ""
    activate: str = ""
    notice: str = ""
    follow: bool = True

    def record(self) -> dict[str, t.Any]:
        """What the journal needs to undo this change. C(entry) tells what is ours if somebody edits the file meanwhile."""
        return {
            "path": self.path,
            "old": pack(self.old),
            "new": {"digest": self.new.digest, "mode": self.new.mode},
            "entry": self.entry,
            "activate": self.activate,
            "follow": self.follow,
        }

    def resource(self) -> dict[str, t.Any]:
        """This change in the result."""
        return {
            "id": f"{self.kind}:{self.path}",
            "kind": self.kind,
            "path": self.path,
            "action": self.action,
            "reasons": self.reasons,
        }
