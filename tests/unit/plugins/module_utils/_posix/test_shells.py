# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shell says of its variables: real shells, with start-up files as users have them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = ("sh", "dash", "bash", "zsh", "fish", "tcsh")
BEGIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def path_of(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(("login", "interactive"), [(False, False), (True, False), (False, True)])
def test_a_value_of_several_lines_is_one_variable(tmp_path: Path, name: str, login: bool, interactive: bool) -> None:
    hostile = "first\nhttps_proxy=http://notes.example.org:1\n #!%\"'\\$`ü;"
    begin = {**BEGIN, "HOME": str(tmp_path), "NOTES": hostile}
    found = shells.ask(path_of(name), begin, login=login, interactive=interactive)
    assert found.problem == ""
    assert found.variables["NOTES"] == hostile
    assert "https_proxy" not in found.variables


def test_an_exported_function_is_no_variable(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(
        "write_env() {\ncat <<EOT\nhttp_proxy=http://fromfunction.example.org:1\nEOT\n}\nexport -f write_env\n"
    )
    found = shells.ask(path_of("bash"), {**BEGIN, "HOME": str(tmp_path)}, login=True)
    assert found.variables["HOME"] == str(tmp_path)
    assert "http_proxy" not in found.variables


def test_what_start_up_files_print_is_no_variable(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(
        "echo http_proxy=http://motd.example.org:1\nprintf unfinished=\ntrap 'echo x=y' EXIT\n"
    )
    found = shells.ask(path_of("sh"), {**BEGIN, "HOME": str(tmp_path), "SEEN": "1"}, login=True)
    assert found.variables["SEEN"] == "1"
    assert not {"http_proxy", "unfinished", "x"} & set(found.variables)


@pytest.mark.parametrize("other", ["zsh", "fish"])
def test_a_login_shell_that_starts_another_one_is_asked_as_a_terminal_would(tmp_path: Path, other: str) -> None:
    (tmp_path / ".bash_profile").write_text(f'export FROM=bash\n[ -z "$INNER" ] && INNER=1 exec {path_of(other)} -l\n')
    (tmp_path / ".zshenv").write_text("export FROM=zsh\n")
    (tmp_path / ".config/fish").mkdir(parents=True)
    (tmp_path / ".config/fish/config.fish").write_text("set -gx FROM fish\n")
    found = shells.ask(path_of("bash"), {**BEGIN, "HOME": str(tmp_path)}, login=True)
    assert found.variables["FROM"] == other


def test_a_shell_that_runs_no_command_says_so(tmp_path: Path) -> None:
    begin = {**BEGIN, "HOME": str(tmp_path)}
    for shell in ("/bin/false", "/usr/sbin/nologin"):
        assert shells.ask(shell, begin, login=True) == ({}, shells.NO_COMMAND)
    (tmp_path / ".zshenv").write_text("exit 0\n")
    assert shells.ask(path_of("zsh"), begin) == ({}, shells.NO_COMMAND)
    assert shells.ask(str(tmp_path / "missing"), begin).problem == "No such file or directory"


def test_lines_of_an_env_that_ends_none_with_nul() -> None:
    assert shells.parse(b"hello\0A=1\nB=2\n") == {"A": "1", "B": "2"}
    assert shells.parse(b"A=1\n") == {}
