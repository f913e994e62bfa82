# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what is installed has a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._info import consumers
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, name: str, mode: int = 0o755) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#!/bin/sh\nexit 1\n")
    (folder / name).chmod(mode)


def names(tmp_path: Path, bases: list[Base] | None = None) -> list[str]:
    account = Account("ada", 1, 1, str(tmp_path / "home"), "/bin/sh")
    subject = Subject(
        LINUX, account, {"PATH": str(tmp_path / "bin"), "HOME": account.home}, "https://mirror.invalid/main"
    )
    return [row.consumer for row in consumers.rows(subject, bases or [])]


def test_a_machine_with_nothing(tmp_path: Path) -> None:
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("installed", "consumer"),
    [("tcsh", "csh"), ("crontab", "cron"), ("pip3", "pip"), ("curl", "curl"), ("micromamba", "micromamba")],
)
def test_what_is_in_the_login_shells_path(installed: str, consumer: str, tmp_path: Path) -> None:
    program(tmp_path / "bin", installed)
    assert names(tmp_path) == [consumer]


def test_what_is_in_a_base(tmp_path: Path) -> None:
    program(tmp_path / "conda/bin", "mamba")
    base = Base(str(tmp_path / "conda"), str(tmp_path / "conda/bin/python"))
    assert names(tmp_path, [base]) == ["mamba"]


def test_what_cannot_be_run_is_not_installed(tmp_path: Path) -> None:
    program(tmp_path / "bin", "crontab", 0o644)
    assert names(tmp_path) == []
