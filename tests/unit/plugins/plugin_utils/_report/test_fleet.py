# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts of a run."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet


def test_a_check_is_no_outcome_and_results_add_up() -> None:
    fleet = Fleet()
    for host in ("b", "a", "c"):
        fleet.add(host, {"preflight": True})
    fleet.add("a", {"changed": True})
    fleet.add("a", {"changed": False})
    fleet.add("b", {"failed": True, "msg": "x", "refused": True})
    assert [(one.host, one.state) for one in fleet.outcomes] == [
        ("a", outcome.CHANGED),
        ("b", outcome.REFUSED),
        ("c", outcome.NOT_BEGUN),
    ]
    assert list(fleet.totals().items()) == [(outcome.REFUSED, 1), (outcome.NOT_BEGUN, 1), (outcome.CHANGED, 1)]
    assert fleet.remaining() == ["b", "c"]


def test_hosts_that_the_task_did_not_get_to() -> None:
    fleet = Fleet()
    fleet.add_other_task("down", {"unreachable": True, "msg": "no route"})
    fleet.end(["down", "late"])
    assert fleet.outcomes == [], "a run without the task gets no report"
    fleet.add("a", {"changed": False})
    fleet.add_other_task("a", {"failed": True, "msg": "a later task of somebody else"})
    assert fleet.failed_before == {"a", "down"}
    fleet.end(["a", "down", "late"])
    assert [(one.host, one.state) for one in fleet.outcomes] == [
        ("a", outcome.IN_ORDER),
        ("down", outcome.UNREACHABLE),
        ("late", outcome.NOT_BEGUN),
    ]
    assert fleet.remaining() == ["down", "late"]


def test_a_role_for_each_section_is_one_outcome() -> None:
    fleet = Fleet()
    fleet.add("h", {"changed": True, "resources": [{"path": "/etc/x", "reasons": ["edited"]}]}, check_mode=True)
    fleet.add("h", {"changed": False, "proof": [{"verdict": "ok", "ok": True}]}, check_mode=True)
    (one,) = fleet.outcomes
    assert (one.state, one.changes, len(one.proof)) == (outcome.DRIFT, (("/etc/x", "edited"),), 1)
    assert one.message == "/etc/x (edited)"
