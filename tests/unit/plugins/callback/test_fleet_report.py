# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback: what it takes of a run, and what it writes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.callback import fleet_report

if TYPE_CHECKING:
    from pathlib import Path


class Display:
    verbosity = 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def banner(self, text: str) -> None:
        self.lines.append(text)

    display = warning = banner


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fleet_report, "_loaded", [])
    made = fleet_report.CallbackModule(display=Display())
    made._extra = {"conda_proxy_report_dir": str(tmp_path / "out"), "conda_proxy_metrics_dir": str(tmp_path / "out")}
    return made


def result(host: str, action: str = fleet_report._TASK, **found: Any) -> Any:
    task = SimpleNamespace(action=action, check_mode=False)
    return SimpleNamespace(_host=SimpleNamespace(get_name=lambda: host), _task=task, _result=found)


def test_what_it_writes(report: Any, tmp_path: Path) -> None:
    report.v2_runner_on_ok(result("a", changed=True))
    report.v2_runner_on_failed(result("b", msg="x"))
    report.v2_runner_on_unreachable(result("c", msg="no route"))
    report.v2_runner_on_failed(result("a", fleet_report._GATE, msg="the rollout was\nstopped"))
    report.v2_runner_on_failed(result("a", fleet_report._GATE, msg="drift: x", state="drift"))
    report.v2_runner_on_ok(result("d", "ansible.builtin.ping"))
    report.v2_playbook_on_stats(None)
    out = tmp_path / "out"
    names = "condafleet.prom history.jsonl hosts.json junit.xml remaining.txt report.html report.json".split()
    assert sorted(path.name for path in out.iterdir()) == names
    found = json.loads((out / "report.json").read_text())
    assert {row["host"]: row["state"] for row in found["hosts"]} == {"a": "changed", "b": "failed", "c": "unreachable"}
    assert (found["complete"], found["stopped"]) == (True, "the rollout was stopped")
    assert (out / "remaining.txt").read_text() == "b\nc\n"
    lines = list(report._display.lines)
    assert lines[0] == "CONDA FLEET"
    report._report()
    assert report._display.lines == lines, "once, also at the end of the process"


def test_an_interrupted_run_says_so_and_nothing_is_left_of_an_older_list(report: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/remaining.txt").write_text("old\n")
    report.v2_runner_on_ok(result("a", changed=False))
    report._report()
    assert json.loads((tmp_path / "out/report.json").read_text())["complete"] is False
    assert not (tmp_path / "out/remaining.txt").exists()


def test_a_run_without_the_collection_gets_no_report(report: Any, tmp_path: Path) -> None:
    report.v2_runner_on_ok(result("d", "ansible.builtin.ping"))
    report.v2_playbook_on_stats(None)
    assert report._display.lines == []
    assert list(tmp_path.iterdir()) == []


def test_loaded_twice_it_reports_once(report: Any) -> None:
    other = fleet_report.CallbackModule(display=Display())
    other.v2_runner_on_ok(result("a", changed=False))
    other.v2_playbook_on_stats(None)
    assert other._display.lines == []


def test_a_directory_that_cannot_be_written_is_a_warning(report: Any, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    report.v2_runner_on_ok(result("a", changed=False))
    report.v2_playbook_on_stats(None)
    assert any("the report cannot be written" in line for line in report._display.lines)
