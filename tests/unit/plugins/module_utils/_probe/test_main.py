# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of the probe in a process of its own, as conda's Python runs it: text on stdin."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import main
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import (
    ProbeAnswer,
    ProbeInput,
    WithoutConda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Verdict
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script
from tests.bed.environ import clean_env
from tests.bed.proxy import Behaviour, Proxy

if TYPE_CHECKING:
    from pathlib import Path


def run(given: ProbeInput, home: Path) -> ProbeAnswer:
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input=script.program(main.__name__, given),
        capture_output=True,
        check=True,
        env=clean_env(home),
    )
    return ProbeAnswer.from_json(json.loads(done.stdout))


def test_nobody_is_asked_a_question() -> None:
    with pytest.raises(Verdict) as raised:
        main.no_prompt("Password:")
    assert raised.value.name == "proxy_auth_required"


def test_without_conda_python_alone_looks(tmp_path: Path) -> None:
    with Proxy(Behaviour(mode="refuse_connect")) as proxy:
        given = ProbeInput(
            {"https_proxy": proxy.url(), "no_proxy": None},
            without_conda=WithoutConda(channels=("https://mirror.invalid/main",)),
        )
        answer = run(given, tmp_path)
        assert proxy.requests == 1, "the variables of the input are in force"
    assert (answer.finished_by, len(answer.rows)) == ("completed", 1)
    assert (answer.rows[0].ok, answer.rows[0].connect_status) == (False, 403)


def test_a_python_without_conda_is_an_answer(tmp_path: Path) -> None:
    answer = run(ProbeInput({}, channels=("https://mirror.invalid/main",)), tmp_path)
    assert [row.verdict for row in answer.rows] == ["conda_unusable"]


def test_the_deadline_ends_it_with_a_document(tmp_path: Path) -> None:
    with Proxy(Behaviour(mode="silent")) as proxy:
        given = ProbeInput(
            {"https_proxy": proxy.url()},
            deadline=1.0,
            read_timeout=60.0,
            without_conda=WithoutConda(channels=("https://mirror.invalid/main",)),
        )
        answer = run(given, tmp_path)
    assert answer.finished_by == "deadline"
    assert [row.verdict for row in answer.rows] == ["deadline"]
