# SPDX-License-Identifier: GPL-3.0-or-later
"""With whose rights a conda base is run."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from tests.bed.children import open_to_all

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")


def base_at(prefix: str, uid: int) -> Base:
    return Base(prefix, prefix + "/bin/python", uid)


def test_another_owners_base_is_run_as_the_owner(tmp_path: Path) -> None:
    owner = pwd.getpwnam("nobody")
    os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
    run_as = trust.account_for(base_at(str(tmp_path), owner.pw_uid), "/root")
    assert run_as == (owner.pw_uid, owner.pw_gid, "nobody", owner.pw_dir)


def test_a_base_of_root_that_others_can_change_is_run_by_nobody(tmp_path: Path) -> None:
    open_to_all(tmp_path)
    tmp_path.chmod(0o2775)
    nobody = pwd.getpwnam("nobody")
    run_as = trust.account_for(base_at(str(tmp_path), 0), "/root")
    assert run_as == (nobody.pw_uid, nobody.pw_gid, "nobody", "/nonexistent")


def test_what_nobody_may_not_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text("#!/bin/sh\n")
    tmp_path.chmod(0o770)
    answer = PosixLauncher("/root").run(base_at(str(tmp_path), 0), b"", 1)
    assert "cannot be started: Permission denied" in answer.failure


def test_an_owner_without_account(tmp_path: Path) -> None:
    os.chown(tmp_path, 54321, 54321)
    base = base_at(str(tmp_path), 54321)
    with pytest.raises(trust.NotAsRootError, match=r"Not run as root: .*\S"):
        trust.account_for(base, "/root")
    launcher = PosixLauncher("/root")
    assert launcher.owner(base) == (-1, -1)
    assert launcher.run(base, b"", 1).failure.startswith("Not run as root: ")
