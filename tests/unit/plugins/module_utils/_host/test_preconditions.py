# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose Python root may run."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._host.preconditions import this_machine
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python on a Mac that root runs, in a directory of somebody's."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = tmp_path / "python3"
    path.touch()
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def test_one_that_others_may_write_is_named_with_the_way_out(python: Path) -> None:
    python.chmod(0o777)
    with pytest.raises(MachineError) as raised:
        this_machine()
    assert str(raised.value).startswith(f"root must not run the Python {python}: ")
    assert "ansible_python_interpreter" in str(raised.value)


def test_a_user_runs_any(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    assert this_machine() is DARWIN


def test_linux_does_not_ask(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python.chmod(0o777)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert this_machine().interpreter_groups is None
