# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the next ring may begin."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import NOT_BEGUN, Outcome, outcome_of
from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.gate import end_of_rollout, refusal

GOOD: dict[str, Any] = {"changed": True}
BAD: dict[str, Any] = {"failed": True, "msg": "x"}
DOWN: dict[str, Any] = {"unreachable": True, "msg": "x"}
HELD: dict[str, Any] = {"hold": {"text": "x"}}
REFUSED: dict[str, Any] = {"failed": True, "refused": True, "msg": "x"}
LOCKED: dict[str, Any] = {**BAD, "proof": [{"verdict": "proxy_auth_required", "ok": False}]}


def before(*results: dict[str, Any]) -> list[Outcome]:
    return [outcome_of(f"h{number}", result) for number, result in enumerate(results, 1)]


@pytest.mark.parametrize(
    ("results", "limit", "says"),
    [
        ([GOOD], 0, ""),
        ([GOOD, DOWN], 0, ""),
        ([GOOD, HELD, REFUSED], 0, ""),
        ([HELD], 0, ""),
        ([HELD, REFUSED], 0, ""),
        ([GOOD, BAD], 50, ""),
        ([GOOD, BAD], 49.9, "1 of 2 hosts of the rings before failed (h2)"),
        ([GOOD, BAD, DOWN], 0, "1 of 2 hosts of the rings before failed (h2)"),
        ([DOWN], 0, "no host of the rings before was proven (h1)"),
        ([DOWN, BAD], 100, "no host of the rings before was proven (h1, h2)"),
        ([*[GOOD] * 9, LOCKED], 100, "the proxy rejects the credentials (h10)"),
        ([*[BAD] * 9], 0, "(h1, h2, h3, h4, h5 and 4 more)"),
    ],
)
def test_gate(results: list[dict[str, Any]], limit: float, says: str) -> None:
    found = refusal(before(*results), limit)
    assert says in found
    assert bool(found) is bool(says)
    if found:
        assert "nothing in it was touched" in found
        assert "; " in found, "no fix"


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([GOOD, BAD], ""),
        ([BAD, {"late": True}], "1 of 1 hosts"),
        ([DOWN, {"late": True}], "no host of the rings before was proven"),
        ([REFUSED, {"late": True}], "nothing was touched: the settings of h1 were refused"),
        ([{"late": True}], ""),
    ],
)
def test_a_run_that_ansible_ended_says_why(results: list[dict[str, Any]], says: str) -> None:
    outcomes = [
        Outcome(one.host, NOT_BEGUN) if result.get("late") else one
        for one, result in zip(before(*results), results, strict=True)
    ]
    assert says in end_of_rollout(outcomes)
    assert bool(end_of_rollout(outcomes)) is bool(says)
