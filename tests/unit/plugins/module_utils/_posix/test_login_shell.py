# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a login shell's environment reaches the proof: a real shell, a home and a base of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Session
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.login_shell import login_environment

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """
export HTTPS_PROXY=http://p:1 CONDA_SSL_VERIFY=true SECRET_OF_OTHERS=Zq7
export IN_USER=1 IN_BASE=2 GIVEN=3 IN_COMMENT=4
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".profile").write_text(PROFILE)
    (tmp_path / ".condarc").write_text(
        "# $IN_COMMENT\nproxy_servers: {http: 'http://${IN_USER}@p:1'}\npkgs_dirs: [$HOME/x]\n"
    )
    base = tmp_path / "conda"
    for name in ("conda-meta", "bin"):
        (base / name).mkdir(parents=True)
    (base / "conda-meta/conda-24.7.1-py311_0.json").write_text("{}")
    (base / "bin/python").symlink_to("/usr/bin/python3")
    (base / ".condarc").write_text("channels: ['https://$IN_BASE/x']\n")
    return tmp_path


def ada(home: Path) -> Account:
    return Account("ada", 1, 1, str(home), "/bin/sh")


def test_what_conda_will_expand_and_nothing_else(home: Path) -> None:
    seen = login_environment(Session(), ada(home), str(home / "conda"), also="http://${GIVEN}@p:1")
    assert {name: seen.get(name) for name in ("IN_USER", "IN_BASE", "GIVEN", "CONDA_SSL_VERIFY", "HTTPS_PROXY")} == {
        "IN_USER": "1",
        "IN_BASE": "2",
        "GIVEN": "3",
        "CONDA_SSL_VERIFY": "true",
        "HTTPS_PROXY": "http://p:1",
    }
    assert "SECRET_OF_OTHERS" not in seen
    assert "HOME" not in seen, "a base may run as another user, who has a home of his own"


def test_without_a_base_the_user_s_own_files_count(home: Path) -> None:
    seen = login_environment(Session(), ada(home), "/nonexistent")
    assert seen["IN_USER"] == "1"
    assert "IN_BASE" not in seen
