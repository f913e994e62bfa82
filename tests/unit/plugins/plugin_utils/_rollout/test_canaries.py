# SPDX-License-Identifier: GPL-3.0-or-later
"""The first ring, and rings that would mean all hosts at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.canaries import (
    InvalidRolloutError,
    canaries,
    check_drift,
    check_rings,
    check_seen,
)

HOSTS = ["l1", "l2", "w1", "m1", "w2"]
VARIABLES: dict[str, dict[str, Any]] = {
    "l1": {},
    "l2": {},
    "w1": {"ansible_connection": "psrp"},
    "m1": {"ansible_connection": "ssh"},
    "w2": {"ansible_connection": "psrp"},
}
GROUPS = {"windows": ["w1", "w2"], "all": HOSTS}


def test_one_of_each_kind_of_machine_by_default() -> None:
    assert canaries(HOSTS, GROUPS, None, VARIABLES) == ["l1", "w1", "m1"]


def test_named_hosts_and_groups_in_the_order_of_the_play_and_within_it() -> None:
    assert canaries(HOSTS, GROUPS, ["windows", "l2"], VARIABLES) == ["l2", "w1", "w2"]
    assert canaries(["l1"], GROUPS, ["windows"], VARIABLES) == []
    assert canaries(HOSTS, GROUPS, [], VARIABLES) == []


@pytest.mark.parametrize("named", [["nobody"], "l1"])
def test_what_is_not_there_is_refused(named: Any) -> None:
    with pytest.raises(InvalidRolloutError, match=r"^conda_proxy_canaries .*; "):
        canaries(HOSTS, GROUPS, named, VARIABLES)


@pytest.mark.parametrize("rings", [["10%", "100%"], [1, 5], ["3"], 5, "20%"])
def test_rings(rings: Any) -> None:
    check_rings(rings)


@pytest.mark.parametrize("rings", [[], 0, [0], "0%", ["10%", "0"], [-1], "all", None, True, ["110%"], [1.5]])
def test_rings_that_mean_all_hosts_at_once_are_refused(rings: Any) -> None:
    with pytest.raises(InvalidRolloutError, match=r"^conda_proxy_rings has an entry .*; write it as"):
        check_rings(rings)


def test_rings_in_an_inventory_are_noticed() -> None:
    variables = VARIABLES | {"l1": {"conda_proxy_rings": ["10%"]}}
    with pytest.raises(InvalidRolloutError, match=r"^conda_proxy_rings is set in the inventory \(host l1\)"):
        check_seen("conda_proxy_rings", {}, HOSTS, variables)
    check_seen("conda_proxy_rings", {"conda_proxy_rings": 1}, HOSTS, variables)
    check_seen("conda_proxy_drift", {}, HOSTS, variables)


def test_a_drift_that_would_change_nothing_without_a_word() -> None:
    for value in ("detect", "correct"):
        check_drift(value)
    with pytest.raises(InvalidRolloutError, match=r"^conda_proxy_drift is neither .*; write one"):
        check_drift("corect")
