# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers by their own start-up."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    sessions,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import RUN, Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from pathlib import Path


def test_a_socket_that_a_killed_manager_left_is_no_manager(tmp_path: Path) -> None:
    path = str(tmp_path / "private")
    assert not sessions.answers(path)
    with socket.socket(socket.AF_UNIX) as manager:
        manager.bind(path)
        manager.listen()
        assert sessions.answers(path)
    assert not sessions.answers(path)


@pytest.mark.skipif(shutil.which("tcsh") is None, reason="needs tcsh")
def test_csh_is_run_as_it_reads_one_of_two_files_and_may_leave_either(tmp_path: Path) -> None:
    subject = Subject(LINUX, Account("ada", 1, 1, str(tmp_path), "/bin/sh"), {})
    (tmp_path / ".cshrc").write_text("if (! $?prompt) exit\nsetenv https_proxy 'http://p:1'\n")
    assert sessions.csh(subject).https_proxy == ""
    (tmp_path / ".cshrc").write_text("setenv https_proxy 'http://p:1'\n")
    row = sessions.csh(subject)
    assert (row.how, row.https_proxy, row.decided_by["https_proxy"]) == (RUN, "http://p:1", f"{tmp_path}/.cshrc:1")
    (tmp_path / ".tcshrc").write_text("")
    assert sessions.csh(subject).https_proxy == ""
