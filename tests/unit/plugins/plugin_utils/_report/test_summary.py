# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary: ten seconds for a person, also with 300 hosts."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import LABELS, summary


def test_every_state_has_a_label() -> None:
    assert set(LABELS) == set(outcome.STATES)


def test_300_hosts_in_order_are_one_line() -> None:
    fleet = Fleet()
    for number in range(300):
        fleet.add(f"h{number:03}", {"changed": False})
    assert summary(fleet, {}) == ["300 hosts: 300 in order"]


def test_each_host_that_is_not_in_order_is_a_line_and_the_worst_comes_first() -> None:
    fleet = Fleet()
    fleet.add("good", {"changed": True})
    fleet.add("edited", {"changed": True, "resources": [{"path": "/etc/x", "reasons": ["edited"]}]}, check_mode=True)
    fleet.add("down", {"unreachable": True, "msg": "no route"})
    fleet.add("bare", {"proof": [{"verdict": "no_conda", "proxy_verdict": "ok"}]})
    fleet.add("mdm", {"overruled": [{"consumer": "zsh", "path": "/etc/zshenv", "decided_by": "/managed"}]})
    for number in range(12):
        fleet.add(f"late{number:02}", {"preflight": True})
    fleet.stopped = "the rollout was stopped"
    lines = summary(fleet, {})
    assert lines[:2] == [
        "17 hosts: 1 not reached, 1 drift, 12 not begun, 1 changed, 2 in order",
        "the rollout was stopped",
    ]
    assert [line.split()[-1] for line in lines[2:4]] == ["route", "(edited)"]
    assert "zsh reads /managed" in lines[4]
    assert lines[5].endswith("late07 and 4 more")
    assert lines[6] == "  without conda        bare"


def test_a_long_message_is_cut() -> None:
    fleet = Fleet()
    fleet.add("h", {"failed": True, "msg": "x" * 5000})
    assert max(map(len, summary(fleet, {}))) < 300
