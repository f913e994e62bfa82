# SPDX-License-Identifier: GPL-3.0-or-later
"""Which netrc requests reads, why it may be of no use, and what in it is secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.netrc_file import (
    learn_netrc,
    netrc_path,
    netrc_problem,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    return tmp_path


def test_which_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert netrc_path() is None
    (home / "_netrc").write_text("")
    assert netrc_path() == str(home / "_netrc")
    (home / ".netrc").write_text("")
    assert netrc_path() == str(home / ".netrc")
    monkeypatch.setenv("NETRC", str(home / "missing"))
    assert netrc_path() is None, "a NETRC that is set stands alone"


def test_no_problem(home: Path) -> None:
    assert netrc_problem() is None
    (home / ".netrc").write_text("machine a login b password c\n")
    assert netrc_problem() is None


def test_problems_name_the_file_and_no_word_of_it(home: Path) -> None:
    path = home / ".netrc"
    path.write_text("machine a login b password c\nZq7secret Zq7more\n")
    assert netrc_problem() == f"{path}, line 2: cannot be parsed as netrc, so no entry of the file is used"
    path.write_bytes(b"machine a login b password \xff\n")
    problem = netrc_problem()
    assert (
        problem is None or problem == f"{path}: contains bytes that are not UTF-8"
    )  # Python before 3.10 asks the locale
    path.unlink()
    path.mkdir()
    assert netrc_problem() == f"{path}: {os.strerror(21)}"


def test_passwords_are_learnt_out_of_a_file_that_cannot_be_parsed(home: Path) -> None:
    (home / ".netrc").write_text('what is this\nmachine a login b account "Zq7account" password Zq7pass#word\n')
    scrubber = Scrubber()
    learn_netrc(scrubber)
    cleaned = scrubber.clean("it said Zq7account and Zq7pass#word")
    assert "Zq7" not in cleaned


def test_no_file_teaches_nothing(home: Path) -> None:
    assert not (home / ".netrc").exists()
    scrubber = Scrubber()
    learn_netrc(scrubber)
    assert scrubber.clean("Zq7") == "Zq7"
