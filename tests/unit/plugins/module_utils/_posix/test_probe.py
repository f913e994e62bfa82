# SPDX-License-Identifier: GPL-3.0-or-later
"""With whose rights a base runs the probe on a POSIX machine."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import probe
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import RunAs
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.trust import NotAsRootError
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Answer
from tests.bed.children import interpreter_that

if TYPE_CHECKING:
    from pathlib import Path

ADA = RunAs(1234, 1235, "ada", "/home/ada")
BASE = Base("/opt/conda", "/opt/conda/bin/python")
SECONDS = 45.0


def refuse(_base: Base, _home: str) -> RunAs:
    raise NotAsRootError("Refused to run as root: /opt/conda is somebody's.")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes, RunAs, float]]:
    """What was run."""
    found: list[tuple[str, bytes, RunAs, float]] = []

    def run_python(python: str, text: bytes, run_as: RunAs, seconds: float) -> Answer:
        found.append((python, text, run_as, seconds))
        return Answer(b"{}")

    monkeypatch.setattr(probe, "run_python", run_python)
    monkeypatch.setattr(probe, "account_for", lambda _base, _home: ADA)
    return found


def test_a_base_runs_as_the_account_that_may(runs: list[tuple[str, bytes, RunAs, float]]) -> None:
    launcher = PosixLauncher("/home/me")
    assert launcher.owner(BASE) == (1234, 1235)
    assert launcher.run(BASE, b"text", SECONDS) == Answer(b"{}")
    ((python, text, run_as, seconds),) = runs
    assert (python, text, run_as) == (BASE.python, b"text", ADA)
    assert seconds > SECONDS, "the probe ends by itself first"


def test_a_base_that_root_must_not_run_is_not_run(
    runs: list[tuple[str, bytes, RunAs, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "account_for", refuse)
    launcher = PosixLauncher("/home/me")
    assert launcher.owner(BASE) == (-1, -1)
    answer = launcher.run(BASE, b"text", SECONDS)
    assert "/opt/conda" in answer.failure
    assert runs == []


def test_python_alone_is_this_one_with_the_rights_of_this_process(
    runs: list[tuple[str, bytes, RunAs, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "account_for", refuse)
    launcher = PosixLauncher("/home/me")
    alone = launcher.python_alone
    assert alone is not None
    assert launcher.owner(alone) == (-1, -1)
    launcher.run(alone, b"text", SECONDS)
    assert runs[0][2] == RunAs(-1, -1, "", "/home/me")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up rights")
def test_for_real_root_runs_the_base_of_a_user_as_that_user(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = interpreter_that(tmp_path, "exit 1\n")
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    base = Base(str(tmp_path), python, nobody.pw_uid)
    assert PosixLauncher("/root").owner(base) == (nobody.pw_uid, nobody.pw_gid)
