# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts of a run."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet


def test_a_check_is_no_outcome_and_the_last_result_counts() -> None:
    fleet = Fleet()
    for host in ("b", "a", "c"):
        fleet.add(host, {"preflight": True})
    fleet.add("a", {"changed": True})
    fleet.add("a", {"changed": False})
    fleet.add("b", {"failed": True, "msg": "x", "refused": True})
    assert [(one.host, one.state) for one in fleet.outcomes] == [
        ("a", outcome.IN_ORDER),
        ("b", outcome.REFUSED),
        ("c", outcome.NOT_BEGUN),
    ]
    assert list(fleet.totals().items()) == [(outcome.REFUSED, 1), (outcome.NOT_BEGUN, 1), (outcome.IN_ORDER, 1)]
    assert fleet.remaining() == ["b", "c"]


def test_hosts_that_the_task_did_not_get_to() -> None:
    fleet = Fleet()
    fleet.add_other_task("down", {"unreachable": True, "msg": "no route"})
    fleet.end(["down", "late"], complete=False)
    assert fleet.outcomes == [], "a run without the task gets no report"
    fleet.add("a", {"changed": False})
    fleet.add_other_task("a", {"failed": True, "msg": "a later task of somebody else"})
    fleet.end(["a", "down", "late"], complete=True)
    assert [(one.host, one.state) for one in fleet.outcomes] == [
        ("a", outcome.IN_ORDER),
        ("down", outcome.UNREACHABLE),
    ], "a play may leave hosts out on purpose"
    fleet.end(["a", "down", "late"], complete=False)
    assert fleet.remaining() == ["down", "late"]
