# SPDX-License-Identifier: GPL-3.0-or-later
"""Where zsh looks for the user's files: real zsh, whose system file is the machine's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells, zdotdir
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def of_session(tmp_path: Path, line: str) -> str:
    environment = tmp_path / "environment"
    environment.write_text(line + "\n")
    table = LINUX._replace(session=LINUX.session._replace(environment_files=(str(environment),)))
    return zdotdir.directory_for(table, Account("ada", 1, 1, str(tmp_path), "/bin/zsh"))


def test_zdotdir_is_followed_where_it_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "zsh").mkdir()
    assert of_session(tmp_path, f"ZDOTDIR={tmp_path}/zsh") == f"{tmp_path}/zsh"
    assert of_session(tmp_path, f"ZDOTDIR={tmp_path}/missing") == str(tmp_path)
    assert of_session(tmp_path, "ZDOTDIR=zsh") == str(tmp_path)


def test_what_the_user_s_own_file_sets_does_not_count(tmp_path: Path) -> None:
    """zsh has read ~/.zshenv by then."""
    (tmp_path / "zsh").mkdir()
    (tmp_path / ".zshenv").write_text(f"ZDOTDIR={tmp_path}/zsh\n")
    assert of_session(tmp_path, "# ZDOTDIR") == str(tmp_path)


def test_zsh_is_not_started_where_nothing_mentions_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "ask", None)
    assert of_session(tmp_path, "EDITOR=vim") == str(tmp_path)
