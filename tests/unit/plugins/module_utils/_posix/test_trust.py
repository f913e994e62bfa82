# SPDX-License-Identifier: GPL-3.0-or-later
"""With whose rights a conda base is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.trust import untrusted_for_root

if TYPE_CHECKING:
    from pathlib import Path

import pwd
from typing import TYPE_CHECKING

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
    with pytest.raises(trust.NotAsRootError, match=r"Refused to run as root: .*\S"):
        trust.account_for(base, "/root")
    launcher = PosixLauncher("/root")
    assert launcher.owner(base) == (-1, -1)
    assert launcher.run(base, b"", 1).failure.startswith("Refused to run as root: ")


def plant(prefix: Path, records: tuple[str, ...] = ("conda-24.7.1-py311_0.json",), python: str = "3.11") -> Path:
    """A base's files."""
    for folder in ("bin", "conda-meta", f"lib/python{python}/site-packages/conda"):
        (prefix / folder).mkdir(parents=True, exist_ok=True)
    (prefix / "bin/python").touch()
    (prefix / f"lib/python{python}/site-packages/conda/__init__.py").touch()
    for record in records:
        (prefix / "conda-meta" / record).touch()
    conda = prefix / "bin/conda"
    conda.write_text(f"#!{prefix}/bin/python\n")
    conda.chmod(0o755)
    return prefix


@pytest.mark.skipif(os.geteuid() != 0, reason="who owns what is root's to arrange")
class TestTrust:
    """Below a folder that belongs to root alone, which pytest's own need not be."""

    @pytest.fixture
    def base(self, tmp_path: Path) -> Path:
        base = plant(tmp_path / "base")
        for folder in (tmp_path, base, base / "bin"):
            folder.chmod(0o755)
        return base

    def test_a_sticky_parent_is_fine(self, tmp_path: Path, base: Path) -> None:
        """As /tmp: others can neither rename nor remove what is root's."""
        tmp_path.chmod(0o1777)
        assert untrusted_for_root(str(base)) is None
        tmp_path.chmod(0o777)
        assert untrusted_for_root(str(base)) == f"{tmp_path} can be changed by users other than root"

    @pytest.mark.parametrize("place", [".", "bin"])
    def test_a_sticky_folder_of_the_base_is_not(self, base: Path, place: str) -> None:
        (base / place).chmod(0o1777)
        assert "can be changed by users other than root" in str(untrusted_for_root(str(base)))

    @pytest.mark.parametrize("place", [".", "bin"])
    def test_group_writable(self, base: Path, place: str) -> None:
        (base / place).chmod(0o775)
        assert "can be changed by users other than root" in str(untrusted_for_root(str(base)))

    @pytest.mark.parametrize("place", [".", "bin", "bin/python"])
    def test_another_owner(self, base: Path, place: str) -> None:
        os.chown(base / place, 12345, 12345)
        assert "is not owned by root" in str(untrusted_for_root(str(base)))

    def test_python_is_a_link_to_somebody_elses(self, tmp_path: Path, base: Path) -> None:
        other = tmp_path / "other"
        other.touch()
        os.chown(other, 12345, 12345)
        (base / "bin/python").unlink()
        (base / "bin/python").symlink_to(other)
        assert untrusted_for_root(str(base)) == f"{other} is not owned by root"

    def test_gone(self, tmp_path: Path) -> None:
        assert "No such file" in str(untrusted_for_root(str(tmp_path / "gone")))

    def test_roots_own(self, base: Path) -> None:
        assert untrusted_for_root(str(base)) is None
