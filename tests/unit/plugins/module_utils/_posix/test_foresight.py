# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change would meet. Every odd state in every place: tests/integration/local/test_odd_places.py."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MOST_BYTES, File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import attributes, foresight
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine

if TYPE_CHECKING:
    from pathlib import Path

NEW = File(b"new\n", 0o600)


@pytest.mark.parametrize("kind", ["directory", "file"])
def test_a_secret_in_a_git_work_tree_is_named(tmp_path: Path, kind: str) -> None:
    tree = tmp_path / "dotfiles"
    (tree / "shell").mkdir(parents=True)
    (tree / "shell/bashrc").touch()
    link = tmp_path / ".bashrc"
    link.symlink_to("dotfiles/shell/bashrc")
    assert foresight.of_change(str(link), NEW, secret=True) == []
    if kind == "directory":
        (tree / ".git").mkdir()
    else:
        (tree / ".git").write_text("gitdir: elsewhere\n")  # a submodule, or one of several work trees
    (note,) = foresight.of_change(str(link), NEW, secret=True)
    assert note == f"{link}: lies in the git work tree {tree} and holds a secret; keep it out of every commit"
    assert foresight.of_change(str(link), NEW, secret=False) == []
    assert foresight.of_change(str(link), File(), secret=True) == []


def test_a_home_that_is_a_work_tree_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (note,) = foresight.of_change(str(tmp_path / ".config/new/file"), NEW, secret=True)
    assert f"git work tree {tmp_path} " in note


def test_hard_links_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    for name in ("b", "c"):
        os.link(path, tmp_path / name)
    (note,) = foresight.of_change(str(path), NEW, secret=False)
    assert note.startswith(f"{path}: the file has 2 other names (hard links), which keep the old text")
    PosixMachine().write(str(path), NEW, old=File(b"old"))
    assert (tmp_path / "b").read_text() == "old"


def test_what_would_be_too_large_to_read_again_is_refused(tmp_path: Path) -> None:
    large = File(b"x" * (MOST_BYTES + 1), 0o600)
    with pytest.raises(MachineError, match=f"{tmp_path}/a cannot be written: it would have more than 4 MB"):
        foresight.of_change(str(tmp_path / "a"), large, secret=False)
    assert foresight.of_change(str(tmp_path / "a"), File(large.data and large.data[1:]), secret=False) == []


def test_a_name_without_room_for_a_temporary_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="use a shorter path"):
        foresight.of_change(str(tmp_path / ("a" * 250)), NEW, secret=False)


def test_a_mount_point_is_known_also_with_a_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my file"
    path.touch()
    escaped = str(path).replace(" ", "\\040")
    (tmp_path / "mounts").write_text(f"36 35 98:0 /mnt1 {escaped} rw,noatime - ext3 /dev/root rw\nshort\n")
    monkeypatch.setattr(foresight, "_MOUNTS", str(tmp_path / "mounts"))
    with pytest.raises(MachineError, match="it is a mount point; unmount it"):
        foresight.of_change(str(path), NEW, secret=False)
    monkeypatch.setattr(foresight, "_MOUNTS", str(tmp_path / "none"))
    assert foresight.of_change(str(path), NEW, secret=False) == []


def test_a_lock_on_the_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "unlock_command", lambda path: "chattr -a" if path == str(tmp_path) else "")
    with pytest.raises(MachineError) as raised:
        foresight.of_change(str(tmp_path / "a"), NEW, secret=False)
    assert f"locks the directory {tmp_path}; run chattr -a on it" in str(raised.value)
    assert raised.value.cause == str(tmp_path), "one sentence for all files there"


def test_a_group_that_its_owner_is_not_in_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    user, group = path.stat().st_uid, path.stat().st_gid
    foreign = NEW._replace(uid=user or 1000, gid=group + 4711)
    monkeypatch.setattr(os, "geteuid", lambda: user or 1000)
    (note,) = foresight.of_change(str(path), foreign, secret=False)
    assert note == f"{path}: its group {group + 4711} is none of its owner's; it gets the owner's own group"
    assert foresight.of_change(str(path), foreign._replace(gid=os.getegid()), secret=False) == []
    monkeypatch.setattr(os, "getgroups", lambda: [group + 4711])
    assert foresight.of_change(str(path), foreign, secret=False) == []
    with pytest.raises(
        MachineError, match="belongs to user id 4712, and only root could keep that; give it to user id"
    ):
        foresight.of_change(str(path), foreign._replace(uid=4712), secret=False)
