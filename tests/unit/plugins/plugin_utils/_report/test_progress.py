# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of a run that goes on."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.progress import progress


def test_done_failed_left_and_the_time_that_remains() -> None:
    fleet = Fleet()
    assert progress(fleet, 4, 9.0) == "0 of 4 hosts done, 0 not in order, 4 left"
    for host in ("a", "b", "c", "d"):
        fleet.add(host, {"preflight": True})
    fleet.add("a", {"changed": True})
    fleet.add("b", {"failed": True, "msg": "x"})
    assert progress(fleet, 4, 240.0) == "2 of 4 hosts done, 1 not in order, 2 left, about 4 min"
    fleet.add("c", {"hold": {"text": "x"}})
    assert progress(fleet, 4, 60.0) == "3 of 4 hosts done, 1 not in order, 1 left, less than a minute"
    fleet.add("d", {"changed": False})
    assert progress(fleet, 4, 60.0) == "4 of 4 hosts done, 1 not in order, 0 left"
