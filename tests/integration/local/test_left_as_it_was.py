# SPDX-License-Identifier: GPL-3.0-or-later
"""After `absent` nothing tells that the collection was there: content, mode, owner, ACL, attributes, links and times."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import forked, relocated
from tests.bed.forked import NOBODY
from tests.bed.tree import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners and mounts need root")

ROOT = Path("/mnt")  # what is mounted there is seen by the child alone
HOME = ROOT / "home"
OTHER = 12345
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
PAST = 1_500_000_000
USER_FILES: dict[str, tuple[bytes, int]] = {
    ".condarc": (b"# mine\r\nchannels: [mine]\r\n", 0o640),
    ".profile": (b"echo hello", 0o755),
    ".bashrc": (b"echo rc\n", 0o604),
    ".netrc": (b"machine other login x password y\n", 0o400),
    ".config/fish/conf.d/mine.fish": (b"set -x MINE 1\n", 0o600),
    "unmanaged": (b"\0\xff", 0o4711),
}
SYSTEM_FILES: dict[str, tuple[bytes, int]] = {
    "etc/conda/.condarc": (b"channels: [mine]\n", 0o600),
    "etc/environment": (b"TZ=UTC", 0o644),
    "etc/zsh/zshenv": (b"# mine\n", 0o755),
    "etc/profile.d/mine.sh": (b"MINE=1\n", 0o600),
}


def acl(owner: int, other: int, granted: int) -> bytes:
    """A POSIX ACL as Linux keeps it: owner, one user more, group, mask and others."""
    rows = [(1, owner, 0xFFFFFFFF), (2, granted, OTHER), (4, 4, 0xFFFFFFFF), (16, granted, 0xFFFFFFFF)]
    rows.append((32, other, 0xFFFFFFFF))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


def lay_out(folder: Path, files: dict[str, tuple[bytes, int]], owner: int) -> None:
    for name, (text, mode) in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        path.chmod(mode)
        os.setxattr(path, "user.note", name.encode())
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner)
        if path.is_dir():
            path.chmod(0o2755)
        os.utime(path, (PAST, PAST))
    os.setxattr(folder / next(iter(files)), ACCESS, acl(6, 0, 6))
    os.setxattr(folder, DEFAULT, acl(7, 5, 7))


def times(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What tells a file from another one with the same content."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        if path.is_file():
            found[str(path.relative_to(folder))] = (status.st_ino, status.st_mtime_ns, status.st_nlink)
    return found


def run(uid: int, wanted: Any) -> dict[str, Any]:
    return forked.call(lambda: relocated.run(wanted), uid) if uid else relocated.run(wanted)


def trial(scope: str, uid: int, untouched: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    forked.mount(ROOT)
    if scope == "user":
        folder, given = HOME, {"home": str(HOME)}
        lay_out(folder, USER_FILES, uid)
        (folder / "dotfiles").mkdir()
        (folder / ".profile").rename(folder / "dotfiles/profile")
        (folder / ".profile").symlink_to("dotfiles/profile")
        os.chown(folder / "dotfiles", uid, uid)
    else:
        folder, given = ROOT, {"scope": "system"}
        lay_out(folder, SYSTEM_FILES, OTHER)
    relocated.use(ROOT, monkeypatch)
    before, before_times = listing(folder), times(folder)
    for wanted in (
        relocated.settings(**given),
        relocated.settings(**given),
        relocated.settings(relocated.OTHER, **given),
        relocated.settings(state="absent", **given),
    ):
        result = run(uid, wanted)
        assert "failed" not in result, result["msg"]
        assert not [note for note in result["warnings"] if "hard link" in note]
        if scope == "user":  # an inherited ACL opens nothing of ours
            opened = [
                str(path)
                for path in folder.rglob("*")
                if path.is_file() and path.name in (".netrc", "state.json", ".condarc") and path.stat().st_mode & 0o077
            ]
            assert not opened or wanted.state == "absent"
    assert listing(folder) == before
    assert {name: times(folder)[name] for name in untouched} == {name: before_times[name] for name in untouched}
    assert {name: nlink for name, (_inode, _time, nlink) in times(folder).items()} == {
        name: nlink for name, (_inode, _time, nlink) in before_times.items()
    }


@pytest.mark.parametrize(
    ("scope", "uid", "untouched"),
    [
        ("user", NOBODY, (".config/fish/conf.d/mine.fish", "unmanaged")),
        ("user", 0, (".config/fish/conf.d/mine.fish", "unmanaged")),
        ("system", 0, ("etc/profile.d/mine.sh",)),
    ],
)
def test_absent_leaves_all_as_it_was(
    scope: str, uid: int, untouched: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    forked.call(lambda: trial(scope, uid, untouched, monkeypatch), own_mounts=True)


def test_a_hard_link_is_named_and_its_other_name_keeps_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relocated.use(tmp_path, monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").write_text("echo rc\n")
    os.link(home / ".bashrc", home / "bashrc of dotfiles")
    wanted = relocated.settings(home=str(home))
    for check_mode in (True, False):
        told = [note for note in relocated.run(wanted, check_mode)["warnings"] if "hard link" in note]
        assert told == [
            f"{home}/.bashrc: the file has 1 other name (hard links), which keep the old text; use symbolic links"
        ]
    assert (home / "bashrc of dotfiles").read_text() == "echo rc\n"
    again = relocated.run(wanted)
    assert again["changed"] is False
    assert not [note for note in again["warnings"] if "hard link" in note]


def test_a_secret_in_a_work_tree_is_named_in_both_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relocated.use(tmp_path, monkeypatch)
    home, tree = tmp_path / "home", tmp_path / "dotfiles"
    home.mkdir()
    (tree / ".git").mkdir(parents=True)
    (tree / "bashrc").write_text("echo rc\n")
    (home / ".bashrc").symlink_to(tree / "bashrc")
    for check_mode in (True, False):
        result = relocated.run(relocated.settings(home=str(home)), check_mode)
        assert [note for note in result["warnings"] if "work tree" in note] == [
            f"{home}/.bashrc: lies in the git work tree {tree} and holds a secret; keep it out of every commit"
        ]
    open_settings = relocated.settings(home=str(home), username=None, password=None, netrc=[])
    assert not [note for note in relocated.run(open_settings)["warnings"] if "work tree" in note]


def test_after_a_lost_state_what_was_private_stays_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mode before is not known any more, and the closed one is the safe one."""
    relocated.use(tmp_path, monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".profile").write_text("echo hello\n")
    wanted = relocated.settings(home=str(home))
    assert "failed" not in relocated.run(wanted)
    (home / ".local/state/condafleet/state.json").unlink()
    assert "failed" not in relocated.run(wanted)
    assert "failed" not in relocated.run(relocated.settings(home=str(home), state="absent"))
    assert (home / ".profile").read_text() == "echo hello\n"
    assert (home / ".profile").stat().st_mode & 0o777 == 0o600
