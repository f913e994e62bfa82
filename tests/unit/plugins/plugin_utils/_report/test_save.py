# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.save import Directories, Times, hosts_after, save

NOW = "2026-01-02T08:00:00+00:00"


@pytest.mark.parametrize(
    ("report", "metrics", "expected"),
    [
        (
            "r",
            "m",
            {
                "m/condafleet.prom",
                *(f"r/{n}" for n in "history.jsonl hosts.json junit.xml report.html report.json".split()),
            },
        ),
        ("", "m", {"m/condafleet.prom", "m/hosts.json"}),
        ("", "", set()),
    ],
)
def test_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str, metrics: str, expected: set[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fleet = Fleet()
    fleet.add("h", {"changed": False})
    directories = Directories(report, metrics)
    assert save(fleet, directories, Times(NOW, NOW, complete=True), hosts_after(fleet, directories, NOW)) == ""
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == expected
    fleet.add("h", {"unreachable": True})
    seen = hosts_after(fleet, directories, NOW)
    assert Path(save(fleet, directories, Times(NOW, NOW, complete=True), seen)).read_text() == "h\n"
    assert seen["h"].reached == (NOW if report or metrics else "")
