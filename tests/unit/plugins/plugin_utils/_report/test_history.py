# SPDX-License-Identifier: GPL-3.0-or-later
"""history.jsonl: one line for every run."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.history import KINDS, MOST, read, with_run


def run(failed: bool = False) -> Fleet:
    fleet = Fleet()
    fleet.add("a", {"changed": False})
    fleet.add("b", {"failed": True, "msg": "x"} if failed else {"changed": True})
    return fleet


def test_a_line_more_for_every_run_and_no_end_of_growing() -> None:
    text = ""
    for number in range(MOST + 3):
        text = with_run(text, run(failed=number % 2 == 0), str(number))
    runs = read(text)
    assert (len(runs), runs[0].finished, runs[-1].finished) == (MOST, "3", str(MOST + 2))
    assert runs[-1].totals == {"failed": 1, "in_order": 1}
    assert {kind: runs[-1].count(kind) for kind in KINDS} == {
        "in order": 1,
        "corrected": 0,
        "drift or failed": 1,
        "not reached": 0,
    }


def test_a_damaged_line_does_not_hide_the_others() -> None:
    text = with_run('nonsense\n{"finished": "x"}\n[1]\n', run(), "now")
    assert [past.finished for past in read(text)] == ["now"]


def test_every_state_is_shown_once() -> None:
    shown = [state for states in KINDS.values() for state in states]
    assert sorted(shown) == sorted(outcome.STATES)
