# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics and the alert rules as Prometheus' own tool reads them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import with_run
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.prometheus import metrics
from tests.bed.paths import CHECKOUT
from tests.conftest import unavailable

FOLDER = CHECKOUT / "examples/prometheus"
NOW = "2026-01-02T08:00:00+00:00"


@pytest.fixture
def promtool() -> str:
    program = shutil.which("promtool")
    if program is None:
        unavailable("no promtool on this machine")
    return program


@pytest.fixture
def text() -> str:
    fleet = Fleet()
    fleet.add("blocked", {"proof": [{"url": "https://x", "verdict": "proxy_auth_required", "ok": False}]})
    fleet.add('odd "host\\', {"changed": True, "proof": [{"url": "https://x", "verdict": "ok", "ok": True}]})
    fleet.add("down", {"unreachable": True})
    return metrics(fleet, 1767340800.5, with_run({}, fleet.outcomes, NOW))


def test_metrics(promtool: str, text: str) -> None:
    subprocess.run([promtool, "check", "metrics"], input=text, text=True, check=True)


def test_rules(promtool: str, text: str) -> None:
    subprocess.run([promtool, "check", "rules", FOLDER / "condafleet-alerts.yml"], check=True)
    subprocess.run([promtool, "test", "rules", FOLDER / "condafleet-alerts-test.yml"], check=True)
    rules = (FOLDER / "condafleet-alerts.yml").read_text(encoding="utf-8")
    tested = (FOLDER / "condafleet-alerts-test.yml").read_text(encoding="utf-8")
    written = set(re.findall(r"# TYPE (\w+)", text))
    assert set(re.findall(r"\bcondafleet_\w+", rules)) <= written, "rules ask for what is written"
    for alert in re.findall(r"alert: (\w+)", rules):
        assert f"alertname: {alert}\n        exp_alerts" in tested, f"{alert} never fires in a test"
