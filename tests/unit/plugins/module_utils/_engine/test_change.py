# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change leaves in the journal, and what the result lists of it."""

from __future__ import annotations

import json

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import StateEntry
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File

MARKER = "Zq7secret"
OLD, NEW = File(b"old " + MARKER.encode(), 0o644, 5, 6), File(b"new " + MARKER.encode(), 0o600, 5, 6)
ENTRY = StateEntry("netrc", "netrc", {}, OLD, NEW.digest, NEW.mode, ("netrc",), "", False)
CHANGE = Change(
    "netrc", "/home/ada/.netrc", "update", ["rotated"], OLD, NEW, "old ***", "new ***", ENTRY, activate="reload",
    follow=False,
)  # fmt: skip


def test_the_journal_has_what_undoes_it_and_of_the_new_file_its_digest() -> None:
    entry = CHANGE.journal_entry()
    assert (entry.path, entry.old, entry.entry, entry.activate, entry.follow) == (
        CHANGE.path,
        OLD,
        ENTRY,
        "reload",
        False,
    )
    assert [value for value in entry if value in (NEW.digest, NEW.mode)] == [NEW.digest, 0o600]
    assert NEW not in entry


def test_the_undo_of_a_removal_has_no_digest_of_a_new_file() -> None:
    removal = CHANGE._replace(action="remove", new=File(), entry=None).journal_entry()
    assert (removal.old, removal.entry) == (OLD, None)
    assert "" in removal[1:]


def test_a_result_lists_it_without_its_content() -> None:
    resource = CHANGE.resource()
    assert (resource["id"], resource["action"], resource["reasons"]) == (
        "netrc:/home/ada/.netrc",
        "update",
        ["rotated"],
    )
    assert MARKER not in json.dumps(resource)
