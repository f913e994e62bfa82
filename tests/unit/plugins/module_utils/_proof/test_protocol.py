# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe's output becomes: rows, or one row that says why there are none."""

from __future__ import annotations

import json

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeAnswer, ProbeRow
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import (
    Answer,
    ProofRow,
    failed_row,
    info_text,
    rows_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._records import to_json

ROW = ProbeRow.from_json(new_row("https://ada:pw@mirror.example.com/main"))
DOCUMENT = ProbeAnswer(1, "/opt/conda", "24.7.1", "3.11.2", "completed", (ROW,))


def printed(document: ProbeAnswer = DOCUMENT, **changes: object) -> Answer:
    return Answer(json.dumps(dict(to_json(document), **changes)).encode())


def test_rows() -> None:
    (row,) = rows_of(printed())
    assert (row.url, row.conda_version, row.finished_by) == (
        "https://***@mirror.example.com/main",
        "24.7.1",
        "completed",
    )
    assert ProofRow.from_json(json.loads(json.dumps(to_json(row)))) == row


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b""),
        Answer(b"hello"),
        Answer(b"\xff"),
        Answer(b"{}"),
        Answer(b"[]"),
        printed(more=1),
        printed(rows=[{"url": None}]),
        printed(rows=[dict(new_row(None), more=1)]),
        printed(rows=None),
    ],
)
def test_an_answer_that_is_none(answer: Answer) -> None:
    (row,) = rows_of(answer)
    assert (row.verdict, row.finished_by, row.ok) == ("conda_unusable", "driver", False)
    assert info_text(answer) == "The output of the base's Python cannot be parsed."


def test_one_that_was_killed_or_did_not_start() -> None:
    (row,) = rows_of(Answer(b"", in_time=False))
    assert (row.verdict, row.finished_by) == ("deadline", "killed")
    assert "was killed" in info_text(Answer(b"", in_time=False))
    (row,) = rows_of(Answer(b"", failure="It is not there."))
    assert (row.verdict, row.detail) == ("conda_unusable", "It is not there.")
    assert info_text(Answer(b"", failure="It is not there.")) == "It is not there."


def test_conda_info() -> None:
    assert info_text(printed(info="all is well")) == "all is well"
    assert info_text(printed()) == "No output: No result before the probe's deadline."


def test_the_result_names_the_proxy_s_verdict_only_without_conda() -> None:
    assert "proxy_verdict" not in failed_row("deadline", "").result()
    assert failed_row("no_conda", "").result()["proxy_verdict"] is None
