# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the hosts from run to run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import last_seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome, outcome_of

DAY = "2026-01-{:02}T08:00:00+00:00"
OK = {"url": "https://x", "verdict": "ok", "ok": True}


def after(*results: dict[str, Any], check_mode: bool = False) -> Seen:
    """Return what is known of a host after a run a day with each result."""
    seen: dict[str, Seen] = {}
    for day, result in enumerate(results, 1):
        checked = bool(result.pop("checked", check_mode))
        seen = last_seen.with_run(seen, [outcome_of("h", result, checked)], DAY.format(day))
        seen = last_seen.read(last_seen.write(seen))
    return seen["h"]


def test_reached_and_proven() -> None:
    assert after({"changed": True, "proof": [OK]}) == Seen(DAY.format(1), DAY.format(1), 0, "changed", DAY.format(1))
    down = after({"proof": [OK]}, {"proof": []}, {"unreachable": True})
    assert (down.reached, down.proven, down.named) == (DAY.format(2), DAY.format(1), DAY.format(3))
    assert after({"hold": {"text": "x"}}).reached == ""
    assert after({"failed": True, "msg": "x", "proof": [dict(OK, ok=False, verdict="timeout")]}).proven == ""


@pytest.mark.parametrize(
    ("results", "count"),
    [
        ([{"changed": True}], 0),  # the first run
        ([{}, {"changed": True}], 1),
        ([{}, {"changed": True}, {"changed": True}], 2),  # somebody edits it each day
        ([{}, {"changed": True, "checked": True}, {"changed": True, "checked": True}], 1),  # found twice
        ([{}, {"changed": True, "checked": True}, {"changed": True}], 1),  # found, then put right
        ([{}, {"changed": True, "checked": True}, {"unreachable": True}, {"changed": True, "checked": True}], 1),
    ],
)
def test_how_often_drift_began(results: list[dict[str, Any]], count: int) -> None:
    assert after(*results).drift_total == count


def test_a_host_that_no_run_names_is_forgotten() -> None:
    seen = last_seen.with_run({}, [Outcome("old", "in_order")], "2024-01-01T00:00:00+00:00")
    assert set(last_seen.with_run(seen, [Outcome("new", "in_order")], "2026-01-01T00:00:00+00:00")) == {"new"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"hosts": 1}', '{"hosts": {"h": 1}}', '{"hosts": {"h": {"drift_total": "x"}}}']
)
def test_a_damaged_file_is_as_none(text: str) -> None:
    assert last_seen.read(text) == {}
