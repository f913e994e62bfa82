# SPDX-License-Identifier: GPL-3.0-or-later
"""Every odd state in every place: check mode refuses what a run refuses, in one sentence, and the rest is done."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from tests.bed import forked, relocated
from tests.bed.forked import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts, flags and owners need root")

T = TypeVar("T")
ROOT = Path("/mnt")  # everybody may enter it; what is mounted there is seen by the child alone
FISH = ".config/fish/conf.d/zz-condafleet-proxy.fish"
STATE = ".local/state/condafleet"
BOTH = "condarc environment"
# place -> the sections that need it; None: all of them
HOME_PLACES: dict[str, str | None] = {
    ".condarc": "condarc",
    ".profile": "environment",
    ".bashrc": "environment",
    FISH: "environment",
    ".netrc": "netrc",
    ".conda/condafleet-ca.pem": BOTH,
    f"{STATE}/state.json": None,
    f"{STATE}/lock": None,
}
SYSTEM_PLACES: dict[str, str | None] = {
    "etc/conda/.condarc": "condarc",
    "etc/environment": "environment",
    "etc/profile.d/zz-condafleet-proxy.sh": "environment",
    "etc/conda/condafleet-ca.pem": BOTH,
    "var/lib/condafleet/state.json": None,
    "var/lib/condafleet/lock": None,
}
HOME_TEXTS = {
    ".condarc": "channels: [mine]\n",
    ".profile": "echo hello\n",
    ".bashrc": "echo rc\n",
    ".netrc": "machine other login x password y\n",
}
SYSTEM_TEXTS = {
    "etc/conda/.condarc": "channels: [mine]\n",
    "etc/environment": "TZ=UTC\n",
    "etc/profile.d/a.sh": "A=1\n",
}


class Who(NamedTuple):
    """Who runs for which scope."""

    uid: int
    scope: str

    @property
    def places(self) -> dict[str, str | None]:
        return HOME_PLACES if self.scope == "user" else SYSTEM_PLACES

    @property
    def texts(self) -> dict[str, str]:
        return HOME_TEXTS if self.scope == "user" else SYSTEM_TEXTS


PRESENT = {scope: relocated.settings(scope=scope) for scope in ("user", "system")}
ABSENT = {scope: relocated.settings(scope=scope, state="absent") for scope in ("user", "system")}


def _link_away(path: Path, real: Path) -> None:
    real.parent.mkdir(parents=True, exist_ok=True)
    path.rename(real)
    path.symlink_to(real)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    os.chown(path, NOBODY, NOBODY)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _device(path: Path) -> None:
    path.unlink()
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))


def _socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(path.parent, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(ROOT / "nothing/there")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _link_to_directory(path: Path) -> None:
    path.unlink()
    path.symlink_to("/usr")


def _link_to_foreign(path: Path) -> None:
    _link_away(path, ROOT / "foreign" / path.relative_to(ROOT))


def _own_link(path: Path) -> None:
    _link_away(path, path.with_name("dotfiles-" + path.name))


def _unreadable(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0)


def _foreign(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0o644)


def _foreign_group(path: Path) -> None:
    os.chown(path, NOBODY, 0)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _huge(path: Path) -> None:
    os.truncate(path, 50_000_000 if path.name != "state.json" else 300_000_000)


def _nul(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"a\0b\n")


def _not_utf8(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"# \xff\xfe\n")


def _utf16(path: Path) -> None:
    path.write_bytes("channels: []\n".encode("utf-16"))


def _immutable(path: Path) -> None:
    forked.change_flag("+i", path)


def _append_only(path: Path) -> None:
    forked.change_flag("+a", path)


def _security(path: Path) -> None:
    os.setxattr(path, "security.condafleet", b"1")


def _hard_link(path: Path) -> None:
    os.link(path, path.with_name("other-" + path.name))


def _bind(path: Path) -> None:
    source = path.with_name("mounted-" + path.name)
    shutil.copy2(path, source)
    os.chown(source, path.stat().st_uid, path.stat().st_gid)
    subprocess.run(["mount", "--bind", str(source), str(path)], check=True)


def _read_only_file(path: Path) -> None:
    path.chmod(0o400)


def _read_only_mount(path: Path) -> None:
    for command in (["--bind", str(path.parent), str(path.parent)], ["-o", "remount,bind,ro", str(path.parent)]):
        subprocess.run(["mount", *command], check=True)


def _link_to_store(path: Path) -> None:
    _link_away(path, ROOT / "store" / path.relative_to(ROOT) / "x")
    _read_only_mount(path.readlink())


def _parent(change: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda path: change(path.parent)


def _closed(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0o755)


def _sticky(path: Path) -> None:
    os.chown(path.parent, 0, 0)
    path.parent.chmod(0o1777)
    os.chown(path, 0, 0)
    path.chmod(0o666)


def _parent_dangling(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.symlink_to(ROOT / "nothing/there")


def _parent_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


FILES: list[Callable[[Path], None]] = [
    _fifo, _directory, _device, _socket, _dangling, _loop, _link_to_directory, _link_to_foreign, _own_link, _unreadable,
    _foreign, _foreign_group, _empty, _huge, _nul, _not_utf8, _utf16, _immutable, _append_only, _security, _hard_link,
    _bind, _read_only_file, _read_only_mount, _link_to_store, _sticky,
]  # fmt: skip
DIRECTORIES = {
    "immutable directory": _parent(_immutable),
    "append-only directory": _parent(_append_only),
    "closed directory": _parent(_closed),
    "dangling directory": _parent_dangling,
    "file for a directory": _parent_file,
}
STATES = {**{each.__name__.strip("_"): each for each in FILES}, **DIRECTORIES}
WORKS = {"own_link", "foreign_group", "hard_link", "read_only_file"}
NEVER: dict[str, tuple[str, ...]] = dict.fromkeys(WORKS, ()) | {
    "own_link": (".netrc", "/state.json", "/lock"),  # which are never links
    "read_only_file": ("/lock",),
}


class Seen(NamedTuple):
    """What a run, or one in check mode, told."""

    message: str
    changes: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def told(home: Path, check_mode: bool, wanted: Settings) -> Seen:
    place = "" if wanted.system else str(home)
    result = relocated.run(wanted._replace(home=place), check_mode, lock_timeout=0)
    changes = tuple((row["path"], row["action"]) for row in result["resources"])
    return Seen(result.get("msg", ""), changes, tuple(sorted(result["warnings"])))


def both(home: Path, wanted: Settings) -> tuple[Seen, Seen]:
    return told(home, True, wanted), told(home, False, wanted)


def as_user(uid: int, function: Callable[[], T]) -> T:
    return function() if uid == 0 else forked.call(function, uid)


def own_all(home: Path, uid: int) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def put_there(home: Path, who: Who, place: str, change: Callable[[Path], None]) -> None:
    path = home / place
    if not path.exists() and path.name == "state.json":  # an empty one would be a damaged one
        one = PRESENT[who.scope]._replace(sections=("environment",))
        assert told(home, False, one).message == ""
        own_all(home, who.uid)
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        own_all(home, who.uid)
    if not path.exists() and change not in (_parent_dangling, _parent_file):
        path.touch()
        os.chown(path, who.uid, who.uid)
    change(path)


def trial(folder: Path, state: str, who: Who, managed: bool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went wrong with this state in each place."""
    wrong = []
    folder.mkdir()
    for number, (place, needs) in enumerate(who.places.items()):
        home = folder / f"home{number}"
        if "/" not in place and state in ("dangling directory", "file for a directory"):
            continue
        for name, text in who.texts.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text)
        own_all(home, who.uid)
        relocated.use(home if who.scope == "system" else ROOT, monkeypatch)
        if managed:
            assert told(home, False, PRESENT[who.scope]).message == ""
            own_all(home, who.uid)
        put_there(home, who, place, STATES[state])
        wanted = (ABSENT if managed else PRESENT)[who.scope]
        checked, done = as_user(who.uid, partial(both, home, wanted))
        case = f"{'absent' if managed else 'present'}, {place}"
        if checked != done:
            wrong.append(f"{case}: check mode said\n  {checked}\nand the run\n  {done}")
        wrong += [f"{case}: {fault}" for fault in faults(home, who, place, needs, state, done, managed)]
    return wrong


def faults(home: Path, who: Who, place: str, needs: str | None, state: str, done: Seen, managed: bool) -> list[str]:
    found = []
    if "unexpected" in done.message or "report it" in done.message:
        found.append(done.message)
    sections = set((needs or "").split())
    if done.message:
        if str(home) not in done.message or ";" not in done.message:
            found.append(f"no path or no way out: {done.message}")
        # a file, or what all files of a directory have in common, is told once; two sections may have one each
        most = 2 if state in DIRECTORIES or len(sections) > 1 else 1
        if done.message.count(" cannot be ") + done.message.count(" is not a regular file") > most:
            found.append(f"more than one sentence: {done.message}")
    if state in WORKS and done.message and not place.endswith(NEVER[state]):
        found.append(f"refused: {done.message}")
    if not managed and sections and done.message and state not in DIRECTORIES and state != "read_only_mount":
        others = [name for name, other in who.places.items() if other and not set(other.split()) & sections]
        found += [
            f"{name}, of another section, was not written"
            for name in others
            if str(home / name) not in dict(done.changes)
        ]
    return found


@pytest.mark.parametrize("who", [Who(NOBODY, "user"), Who(0, "user"), Who(0, "system")], ids=["user", "root", "system"])
@pytest.mark.parametrize("state", STATES)
def test_check_mode_foresees_what_a_run_refuses(state: str, who: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    def inside() -> list[str]:
        forked.mount(ROOT)
        return [
            fault for managed in (False, True) for fault in trial(ROOT / str(managed), state, who, managed, monkeypatch)
        ]

    wrong = forked.call(inside, own_mounts=True)
    assert not wrong, "\n".join(wrong)


def test_one_users_fault_stops_no_other_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes = {name: tmp_path / name for name in ("ada", "bob", "eve")}
    for home in homes.values():
        home.mkdir()
    relocated.use(tmp_path, monkeypatch, {name: Account(name, 0, 0, str(home), "") for name, home in homes.items()})
    os.mkfifo(homes["ada"] / ".profile")
    (homes["eve"] / ".condarc").mkdir()
    wanted = relocated.settings(users=list(homes))
    for check_mode in (True, False):
        result = relocated.run(wanted, check_mode)
        assert result["msg"] == (
            f"ada: {homes['ada']}/.profile is not a regular file; move it away; "
            f"eve: {homes['eve']}/.condarc is not a regular file; move it away"
        )
        changed = {(row["user"], row["kind"]) for row in result["resources"]}
        assert {user for user, kind in changed if kind == "condarc"} == {"ada", "bob"}
        assert {user for user, kind in changed if kind == "environment"} == {"bob", "eve"}
        assert {user for user, kind in changed if kind == "netrc"} == set(homes)


def test_a_list_of_users_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside() -> list[str]:
        forked.mount(ROOT)
        home, place = ROOT / "home", ROOT / "var/lib"
        home.mkdir()
        place.mkdir(parents=True)
        relocated.use(ROOT, monkeypatch, {"ada": Account("ada", 0, 0, str(home), "")})
        _immutable(place)
        wanted = relocated.settings(users=["ada"])
        messages = [relocated.run(wanted, check_mode)["msg"] for check_mode in (True, False)]
        assert not list(home.iterdir()), "nothing is written that a later run would not know"
        return messages

    first, second = forked.call(inside, own_mounts=True)
    assert first == second
    assert "/mnt/var/lib/condafleet/state.json cannot be written: a flag of the file system locks" in first
