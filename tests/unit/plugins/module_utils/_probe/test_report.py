# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the probe, filled by threads, and the document at its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeAnswer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import (
    SCHEMA_VERSION,
    Report,
    new_row,
    one_row,
    side_by_side,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError
from tests.bed.paths import CHECKOUT
from tests.bed.settings import SECRET

if TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Row

URLS = [f"https://mirror.invalid/{number}/noarch" for number in range(20)]


def answer_of(code: str) -> ProbeAnswer:
    """What a process prints that ends its report."""
    start = (
        "from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import *\nreport = Report(1)\n"
    )
    environment = {"PYTHONPATH": str(CHECKOUT / ".cache/collections"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, check=True, env=environment, timeout=30
    )
    return ProbeAnswer.from_json(json.loads(done.stdout))


def test_a_row_begins_as_one_that_got_no_result_and_shows_no_login() -> None:
    row = new_row(f"https://ada:{SECRET}@mirror.invalid/main")
    assert (row["verdict"], row["ok"]) == ("deadline", False)
    assert "mirror.invalid/main" in row["url"]
    assert SECRET not in row["url"]
    assert new_row(None)["url"] is None


@pytest.mark.parametrize(("verdict", "ok"), [("ok", True), ("server_error", False)])
def test_the_verdict_decides_ok(verdict: str, ok: bool) -> None:
    row = new_row(None)
    Report(-1).fill(row, {"verdict": verdict, "ok": not ok, "status": 200})
    assert (row["ok"], row["status"]) == (ok, 200)


def test_a_field_that_rows_do_not_have_is_an_error_and_leaves_the_row_alone() -> None:
    row = new_row(None)
    with pytest.raises(RecordError, match="Zq7field"):
        Report(-1).fill(row, {"verdict": "ok", "Zq7field": SECRET})
    assert row == new_row(None)


def test_one_finding_stands_in_place_of_all_rows() -> None:
    report = Report(-1)
    report.rows = [new_row(url) for url in URLS]
    one_row(report, "conda_unusable", "Why.")
    assert [(row["url"], row["verdict"], row["detail"]) for row in report.rows] == [(None, "conda_unusable", "Why.")]


def test_each_url_is_checked_once_and_rows_keep_their_order() -> None:
    report, seen, before = Report(-1), [], threading.active_count()

    def check(url: str, row: Row) -> None:
        seen.append(url)
        report.fill(row, {"verdict": "ok"})

    side_by_side(report, URLS, check)
    assert sorted(seen) == sorted(URLS)
    assert [row["url"] for row in report.rows] == [url.removesuffix("/noarch") for url in URLS]
    assert all(row["ok"] for row in report.rows)
    assert threading.active_count() == before


def test_an_exception_is_the_row_of_its_url_without_its_text() -> None:
    report = Report(-1)

    def check(url: str, row: Row) -> None:
        if url == URLS[1]:
            raise KeyError(SECRET)
        report.fill(row, {"verdict": "ok"})

    side_by_side(report, URLS[:3], check)
    assert [row["verdict"] for row in report.rows] == ["ok", "unknown", "ok"]
    assert "KeyError" in report.rows[1]["detail"]
    assert SECRET not in str(report.rows)


def test_no_url_no_thread() -> None:
    report = Report(-1)
    side_by_side(report, [], pytest.fail)
    assert report.rows == []


def test_the_document_of_an_end_without_rows() -> None:
    answer = answer_of("report.end('deadline')")
    assert (answer.schema_version, answer.finished_by, len(answer.rows)) == (SCHEMA_VERSION, "deadline", 1)
    assert answer.rows[0].verdict == "deadline"
    assert answer.python_version == ".".join(map(str, sys.version_info[:3]))


def test_the_end_waits_for_no_thread_and_for_no_handler() -> None:
    answer = answer_of(
        "import atexit, time\n"
        "atexit.register(lambda: print('late'))\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "one_row(report, 'no_channels', '\\u00e4')\nreport.conda_version = '24.7.1'\nreport.end('completed')"
    )
    assert (answer.conda_version, answer.rows[0].verdict, answer.rows[0].detail) == ("24.7.1", "no_channels", "ä")
