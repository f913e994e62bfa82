# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on real files: converge, again, drift, take back, and a kill between any two steps."""

from __future__ import annotations

import os
import shutil
import stat
import struct
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc import NetrcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Failed, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECTIONS = ("condarc", "environment", "netrc")
PASSWORD = "s3cr3t-marker"


def targets(home: Path, password: str = PASSWORD) -> list[Target]:
    url = f"http://ada:{password}@proxy.example.com:8080"
    return [
        Target(
            "condarc",
            str(home / ".condarc"),
            CondarcEditor([["proxy_servers", f'proxy_servers:\n  "http": "{url}"\n']]),
            ("condarc",),
            0o600,
            "private",
        ),
        Target(
            "environment",
            str(home / ".profile"),
            BlockEditor({"lines": [f"export http_proxy='{url}'"], "top": False}),
            ("environment",),
            0o600,
            "private",
        ),
        Target(
            "environment",
            str(home / ".config/fish/conf.d/p.fish"),
            WholeEditor(f"set -gx http_proxy '{url}'\n"),
            ("environment",),
            0o600,
            "exact",
        ),
        Target(
            "netrc",
            str(home / ".netrc"),
            NetrcEditor(
                {"entries": [{"machine": "mirror.example.com", "login": "ada", "password": password}], "escapes": None}
            ),
            ("netrc",),
            0o600,
            "private",
            follow=False,
        ),
    ]


ORIGINALS = {
    ".condarc": ("# mine\nproxy_servers: {http: http://old:1}\r\nchannels: [a]", 0o644),
    ".profile": ("echo hello", 0o644),
    ".netrc": ("machine other login x password y\n", 0o600),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    for name, (text, mode) in ORIGINALS.items():
        path = folder / name
        path.write_bytes(text.encode())
        path.chmod(mode)
    return folder


def snapshot(home: Path, without_state: bool = True) -> dict[str, Any]:
    found = {}
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if not (without_state and name.startswith(".local")):
            found[name] = (path.read_bytes() if path.is_file() else None, stat.S_IMODE(path.lstat().st_mode))
    return found


def transaction(
    home: Path, wanted: list[Target], machine: Any = None, run: str = "run", sections: tuple[str, ...] = SECTIONS
) -> Transaction:
    folder = str(home / ".local/state/condafleet")
    return Transaction(
        machine or PosixMachine(1),
        folder,
        sections=sections,
        targets=lambda: wanted,
        masker=Masker("key"),
        run=run,
        host="host",
        home=str(home),
    )


def test_converge_again_drift_and_take_back(home: Path) -> None:
    before = snapshot(home, without_state=False)
    predicted = transaction(home, targets(home)).preview()
    assert snapshot(home, without_state=False) == before, "check mode wrote something"
    outcome = transaction(home, targets(home)).converge()
    assert [change.resource() for change in predicted.changes] == [change.resource() for change in outcome.changes]
    assert len(outcome.changes) == 4
    after = snapshot(home)
    assert all(mode & 0o077 == 0 for data, mode in after.values() if data is not None), (
        "a file with a password is open to others"
    )
    assert stat.S_IMODE((home / ".local/state/condafleet").stat().st_mode) == 0o700

    again = transaction(home, targets(home), run="second").converge()
    assert (again.changes, again.unchanged) == ([], 4)
    assert snapshot(home) == after

    (home / ".profile").write_text("echo hello\n")
    (home / ".netrc").chmod(0o644)
    (home / ".config/fish/conf.d/p.fish").unlink()
    (home / ".condarc").write_bytes((home / ".condarc").read_bytes().replace(b"proxy.example", b"evil.example"))
    reasons = {
        os.path.basename(change.path): change.reasons for change in transaction(home, targets(home)).preview().changes
    }
    assert reasons == {".profile": ["missing"], ".netrc": ["mode"], "p.fish": ["missing"], ".condarc": ["edited"]}
    transaction(home, targets(home), run="third").converge()
    assert (home / ".condarc").read_bytes() == after[".condarc"][0]

    rotated = transaction(home, targets(home, "other-password"), run="fourth").converge()
    assert {tuple(change.reasons) for change in rotated.changes} == {("rotated",)}

    transaction(home, [], run="fifth").converge()
    # .profile was rewritten with a final newline above: that edit is the user's and stays
    before[".profile"] = (b"echo hello\n", before[".profile"][1])
    assert snapshot(home, without_state=False) == before


def test_absent_restores_every_byte(home: Path) -> None:
    before = snapshot(home, without_state=False)
    transaction(home, targets(home)).converge()
    transaction(home, [], run="second").converge()
    assert snapshot(home, without_state=False) == before


def test_what_the_user_added_since_survives_removal(home: Path) -> None:
    transaction(home, targets(home)).converge()
    with (home / ".condarc").open("a") as stream:
        stream.write("\nalways_yes: true\n")
    with (home / ".profile").open("a") as stream:
        stream.write("export MINE=1\n")
    transaction(home, targets(home, "rotated"), run="second").converge()
    transaction(home, [], run="third").converge()
    assert "always_yes: true" in (home / ".condarc").read_text()
    assert "proxy_servers: {http: http://old:1}" in (home / ".condarc").read_text()
    assert (home / ".profile").read_text() == "echo hello\nexport MINE=1\n"


def test_a_section_that_is_not_named_is_left_alone(home: Path) -> None:
    transaction(home, targets(home)).converge()
    after = snapshot(home)
    outcome = transaction(home, [], run="second", sections=("netrc",)).converge()
    assert [change.kind for change in outcome.changes] == ["netrc"]
    assert {name: value for name, value in snapshot(home).items() if name != ".netrc"} == {
        n: v for n, v in after.items() if n != ".netrc"
    }


def test_nothing_to_do_leaves_no_state(home: Path) -> None:
    before = snapshot(home, without_state=False)
    assert transaction(home, []).converge().changes == []
    assert snapshot(home, without_state=False) == before


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ours may run on it."""


class Mortal(PosixMachine):
    """Dies before its n-th change to the file system."""

    def __init__(self, lives: int) -> None:
        super().__init__(1)
        self.lives = lives

    def _step(self) -> None:
        if self.lives == 0:
            raise Killed
        self.lives -= 1

    def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
        self._step()
        super().write(path, new, check, private, old)

    def remove(self, path: str, old: File | None = None) -> None:
        self._step()
        super().remove(path, old)

    def make_directory(self, path: str, private: bool = False) -> None:
        self._step()
        super().make_directory(path, private)

    def remove_directory(self, path: str) -> None:
        self._step()
        super().remove_directory(path)


def killed_after(home: Path, wanted: list[Target], lives: int) -> bool:
    try:
        transaction(home, wanted, Mortal(lives), run=f"killed{lives}").converge()
    except Killed:
        return True
    return False


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill loses nothing that the kernel has."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("direction", ["apply", "rotate", "remove"])
def test_killed_between_any_two_steps(home: Path, direction: str) -> None:
    before = snapshot(home, without_state=False)
    steps = 0
    while True:
        transaction(home, [], run="clean").converge()
        tidy(home)
        assert snapshot(home, without_state=False) == before
        old = lay_out(home, direction)
        wanted = WANTED[direction](home)
        if not killed_after(home, wanted, steps):
            break
        torn = snapshot(home)
        for name in set(old) | set(torn):
            if torn.get(name) != old.get(name) and torn.get(name, (None,))[0] is not None:
                assert name in {".condarc", ".profile", ".netrc", ".config/fish/conf.d/p.fish"}
        transaction(home, wanted, run="next").converge()
        assert transaction(home, wanted, run="check").preview().changes == []
        steps += 1
    assert steps > 5


def tidy(home: Path) -> None:
    """Directories made before there was a state to name them, or left when the state had gone."""
    for folder in (".local/state/condafleet", ".local/state", ".local"):
        if (home / folder).exists():
            (home / folder).rmdir()


WANTED: dict[str, Callable[[Path], list[Target]]] = {
    "apply": targets,
    "rotate": lambda home: targets(home, "other"),
    "remove": lambda _home: [],
}


def lay_out(home: Path, direction: str) -> dict[str, Any]:
    """Bring the home to where a run of this direction begins; what is managed there."""
    transaction(home, [], run="clean").converge()
    tidy(home)
    if direction != "apply":
        transaction(home, targets(home), run="first").converge()
    return snapshot(home)


def whole(home: Path, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether each file has its text before or after a run, and no other one is there but of a write that was killed."""
    return all(
        found[0] in (old.get(name, (None,))[0], new.get(name, (None,))[0])
        for name, found in snapshot(home).items()
        if found[0] is not None and ".condafleet-" not in name
    )


def killed_while_it_rolls_back(home: Path, wanted: list[Target], lives: int) -> tuple[dict[str, Any], bool]:
    """Run up to a proof that fails; return what was written until then, and whether the rollback was killed."""
    machine = Mortal(1000)
    new: dict[str, Any] = {}

    def fail(_changes: object) -> None:
        new.update(snapshot(home))
        machine.lives = lives
        raise MachineError("the proof failed")

    try:
        with pytest.raises(Failed, match="the proof failed"):
            transaction(home, wanted, machine, run=f"killed{lives}").converge(after=fail)
    except Killed:
        return new, True
    return new, False


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("direction", WANTED)
def test_killed_between_any_two_steps_of_a_rollback(home: Path, direction: str) -> None:
    before = snapshot(home, without_state=False)
    wanted = WANTED[direction](home)
    steps = 0
    killed = True
    while killed:
        old = lay_out(home, direction)
        new, killed = killed_while_it_rolls_back(home, wanted, steps)
        assert whole(home, old, new)
        transaction(home, wanted, run="next").converge()
        assert transaction(home, wanted, run="check").preview().changes == []
        transaction(home, [], run="absent").converge()
        tidy(home)
        assert snapshot(home, without_state=False) == before
        steps += 1
    assert steps > 4


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("direction", WANTED)
@pytest.mark.parametrize("left", [1, 5], ids=["at the commit", "in the middle"])
def test_killed_between_any_two_steps_of_a_recovery(home: Path, direction: str, left: int) -> None:
    """What a killed run left is rolled back by a run that is killed too. `left`: of steps until the commit."""
    before = snapshot(home, without_state=False)
    wanted = WANTED[direction](home)
    lay_out(home, direction)
    machine = Mortal(1000)
    written: list[int] = []
    transaction(home, wanted, machine).converge(after=lambda _changes: written.append(1000 - machine.lives))
    new = snapshot(home)
    cut = max(written) + 1 - left
    steps = recoveries = 0
    while True:
        old = lay_out(home, direction)
        assert killed_after(home, wanted, cut)
        killed = killed_after(home, wanted, steps)
        assert whole(home, old, new)
        recoveries += transaction(home, wanted, run="look").pending
        transaction(home, [], run="absent").converge()
        tidy(home)
        assert snapshot(home, without_state=False) == before
        assert not list(home.rglob(".condafleet-*"))
        if not killed:
            break
        steps += 1
    assert steps > 4
    assert recoveries > 1, "the second run was killed before it had rolled back the first one"


@pytest.mark.parametrize("lives", range(4, 12))
def test_a_killed_first_run_leaves_no_folder_once_it_was_taken_back(home: Path, lives: int) -> None:
    before = snapshot(home, without_state=False)
    assert killed_after(home, targets(home), lives)  # the first four make three folders and the journal
    transaction(home, [], run="next").converge()
    assert snapshot(home, without_state=False) == before


def test_a_failure_in_the_middle_puts_everything_back(home: Path) -> None:
    class Fails(PosixMachine):
        def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
            if path.endswith("p.fish"):
                raise MachineError(f"{path} cannot be written: Input/output error")
            super().write(path, new, check, private, old)

    before = snapshot(home, without_state=False)
    with pytest.raises(Failed, match="Input/output error"):
        transaction(home, targets(home), Fails(1)).converge()
    assert snapshot(home, without_state=False) == before


def test_a_section_that_cannot_be_written_is_left_whole_and_the_others_are_done(home: Path) -> None:
    before = snapshot(home)
    (home / ".config").write_text("a file where a directory must be")
    seen = transaction(home, targets(home)).preview()
    done = transaction(home, targets(home)).converge()
    reason = f"{home}/.config is not a directory; move it away"
    assert seen.problems == done.problems == [f"{home}/.config/fish/conf.d/p.fish cannot be read: {reason}"]
    assert [change.kind for change in done.changes] == ["condarc", "netrc"]
    assert snapshot(home)[".profile"] == before[".profile"], "its section is left as it was, not the file alone"
    (home / ".config").unlink()
    assert transaction(home, targets(home), run="second").converge().problems == []
    (home / ".profile").unlink()
    (home / ".profile").mkdir()
    gone = transaction(home, [], run="absent").converge()
    assert gone.problems == [f"{home}/.profile is not a regular file; move it away"]
    (home / ".profile").rmdir()
    assert transaction(home, [], run="again").converge().problems == []
    before.pop(".profile")
    assert snapshot(home) == before


def test_what_two_sections_need_keeps_both_from_being_written(home: Path) -> None:
    bundle = Target("ca_bundle", str(home / "ca.pem"), WholeEditor("PEM"), ("condarc", "environment"))
    (home / "ca.pem").mkdir()
    done = transaction(home, [bundle, *targets(home)]).converge()
    assert done.problems == [f"{home}/ca.pem is not a regular file; move it away"]
    assert [change.kind for change in done.changes] == ["netrc"]
    (home / "ca.pem").rmdir()
    (home / ".profile").unlink()
    (home / ".profile").mkdir()
    done = transaction(home, [bundle, *targets(home)], run="second").converge()
    assert {change.kind for change in done.changes} == {"ca_bundle", "condarc"}, (
        "a condarc never names a file that is not there"
    )


class FullDisk(PosixMachine):
    """Has no room left for the commit, nor for anything in the state after it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.room = 1

    def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
        if path.endswith("state.json"):
            if not self.room:
                raise MachineError(f"{path} cannot be written: No space left on device")
            self.room -= 1
        super().write(path, new, check, private, old)


def test_a_commit_that_fails_puts_everything_back(home: Path) -> None:
    before = snapshot(home, without_state=False)
    with pytest.raises(Failed, match="No space left"):
        transaction(home, targets(home), FullDisk()).converge()
    assert snapshot(home, without_state=False) == before

    transaction(home, targets(home)).converge()
    after = snapshot(home)
    with pytest.raises(Failed, match="No space left") as raised:
        transaction(home, targets(home, "other"), FullDisk(), run="second").converge()
    assert any("No space left" in note for note in raised.value.warnings), "the journal that stays is not named"
    assert snapshot(home) == after
    assert transaction(home, targets(home), run="third").converge().changes == []


def test_an_edit_during_the_run_survives_the_undo(home: Path) -> None:
    def edit(_changes: object) -> None:
        with (home / ".profile").open("a") as stream:
            stream.write("export MINE=1\n")
        raise MachineError("the proof failed")

    with pytest.raises(Failed) as raised:
        transaction(home, targets(home)).converge(after=edit)
    assert (home / ".profile").read_text() == "echo hello\nexport MINE=1\n"
    assert any(".profile" in note for note in raised.value.warnings)
    assert (home / ".condarc").read_bytes() == ORIGINALS[".condarc"][0].encode()


def test_an_edit_during_the_first_look_survives(home: Path) -> None:
    def edit(_changes: object) -> None:
        with (home / ".profile").open("a") as stream:
            stream.write("\nexport MINE=1\n")

    transaction(home, targets(home)).converge(before=edit)
    text = (home / ".profile").read_text()
    assert "export MINE=1" in text
    assert "proxy.example.com" in text
    transaction(home, [], run="second").converge()
    assert (home / ".profile").read_text() == "echo hello\nexport MINE=1\n"


def test_what_a_killed_write_left_beside_its_file_goes(home: Path) -> None:
    assert killed_after(home, targets(home), 6)
    left = home / ".condafleet-x1y2z3.condarc"  # as mkstemp names it; SIGKILL leaves no time to remove it
    left.write_text(f"proxy_servers: {PASSWORD}")
    mine = home / ".condafleet-notes"
    mine.write_text("the user's own")
    transaction(home, targets(home), run="next").converge()
    assert not left.exists()
    assert mine.exists()


def test_a_second_run_waits_and_then_says_who_holds_the_lock(home: Path) -> None:
    transaction(home, targets(home)).converge()
    pid = os.fork()  # a lock of the same process would not conflict
    machine = PosixMachine(0.5)
    folder = str(home / ".local/state/condafleet")
    if pid == 0:
        with machine.lock(folder):
            (home / "held").touch()
            import time

            time.sleep(60)
        os._exit(0)
    try:
        while not (home / "held").exists():
            pass
        with pytest.raises(MachineError, match=f"held by another run \\(process {pid} on "):
            transaction(home, targets(home, "other"), machine).converge()
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_the_proof_of_an_unchanged_machine_keeps_nobody_waiting(home: Path) -> None:
    transaction(home, targets(home)).converge()
    asked = []

    def look(_changes: object) -> None:
        pid = os.fork()  # a lock of the same process would not conflict
        if pid == 0:
            try:
                with PosixMachine(0).lock(str(home / ".local/state/condafleet")):
                    os._exit(0)
            finally:
                os._exit(1)
        asked.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    transaction(home, targets(home), run="second").converge(after=look)
    assert asked == [0]
    transaction(home, targets(home, "other"), run="third").converge(after=look)
    assert asked == [0, 1], "what is written may have to be put back"


ACL_USER = 65534


def acl_of(mode: int, granted: int) -> bytes:
    """A POSIX ACL as Linux keeps it: owner, one user more, group, mask and others."""
    nobody = 0xFFFFFFFF
    rows = [
        (0x01, mode >> 6 & 7, nobody),
        (0x02, granted, ACL_USER),
        (0x04, mode >> 3 & 7, nobody),
        (0x10, granted, nobody),
        (0x20, mode & 7, nobody),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


def test_an_acl_does_not_open_a_private_file(home: Path) -> None:
    name = "system.posix_acl_access"
    os.setxattr(home / ".netrc", name, acl_of(0o600, 4))
    os.setxattr(home / ".profile", name, acl_of(0o640, 4))
    public = [Target("environment", str(home / ".profile"), BlockEditor({"lines": ["A=1"], "top": False}), ("netrc",))]
    wanted = [*public, targets(home)[-1]]
    transaction(home, wanted).converge()
    assert stat.S_IMODE((home / ".netrc").stat().st_mode) == 0o600
    mask = struct.unpack_from("<H", os.getxattr(home / ".netrc", name), 4 + 3 * 8 + 2)[0]
    assert mask == 0, "the other user's right counts"
    assert os.getxattr(home / ".profile", name) == acl_of(0o640, 4), "an ACL of a file that may be read was lost"
    assert transaction(home, wanted, run="second").converge().changes == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_owner_is_put_right_where_we_made_the_file(home: Path) -> None:
    wanted = [target._replace(uid=0) for target in targets(home)]
    os.chown(home / ".profile", ACL_USER, ACL_USER)  # somebody's choice before us
    transaction(home, wanted).converge()
    fish = home / ".config/fish/conf.d/p.fish"
    os.chown(fish, ACL_USER, ACL_USER)
    (change,) = transaction(home, wanted, run="second").preview().changes
    assert (change.path, change.reasons) == (str(fish), ["owner"])
    transaction(home, wanted, run="second").converge()
    assert (fish.stat().st_uid, fish.stat().st_gid) == (0, 0)
    assert (home / ".profile").stat().st_uid == ACL_USER
    assert transaction(home, wanted, run="third").converge().changes == []


def test_an_undo_counts_as_a_change(home: Path) -> None:
    transaction(home, targets(home)).converge()
    assert killed_after(home, targets(home, "other"), 3)
    torn = transaction(home, targets(home), run="third")
    assert torn.preview().recovered
    outcome = torn.converge()
    assert outcome.recovered
    assert outcome.changes == []
    assert not transaction(home, targets(home), run="fourth").converge().recovered


def test_symlinks(home: Path) -> None:
    real = home / "dotfiles"
    real.mkdir()
    (home / ".condarc").rename(real / "condarc")
    (home / ".condarc").symlink_to("dotfiles/condarc")
    transaction(home, targets(home)).converge()
    assert (home / ".condarc").is_symlink()
    assert "proxy.example.com" in (real / "condarc").read_text()
    transaction(home, [], run="second").converge()
    (home / ".netrc").rename(real / "netrc")
    (home / ".netrc").symlink_to("dotfiles/netrc")
    (problem,) = transaction(home, targets(home)).converge().problems
    assert ".netrc is a symbolic link" in problem


def test_no_view_shows_a_secret(home: Path) -> None:
    for wanted in (targets(home), targets(home, "other-s3cr3t-marker"), []):
        outcome = transaction(home, wanted, run=str(len(wanted))).converge()
        assert outcome.changes
        for change in outcome.changes:
            assert "s3cr3t" not in change.before + change.after + repr(change.resource())
        before_and_after = [(change.before, change.after) for change in outcome.changes]
        assert all(one != two for one, two in before_and_after), "a rotation must be visible"


@pytest.mark.parametrize("written", ["today", "by release 1.0.0"])
@pytest.mark.parametrize("how", ["renamed", "copied"])
def test_a_home_is_renamed_or_copied_with_its_state(home: Path, how: str, written: str) -> None:
    before = snapshot(home, without_state=False)
    transaction(home, targets(home)).converge()
    if written != "today":
        path = home / ".local/state/condafleet/state.json"
        path.write_text(
            path.read_text().replace('"~', f'"{home}').replace('"schema_version": 2', '"schema_version": 1')
        )
    applied = snapshot(home, without_state=False)
    other = home.with_name("other")
    if how == "renamed":
        home.rename(other)
    else:
        shutil.copytree(home, other, symlinks=True)
    assert transaction(other, targets(other), run="again").converge().changes == []
    gone = transaction(other, [], run="absent").converge()
    assert gone.warnings == []
    assert snapshot(other, without_state=False) == before
    if how == "copied":
        assert snapshot(home, without_state=False) == applied, "a run on the copy touches the copy alone"


def test_a_killed_run_is_rolled_back_in_a_renamed_home(home: Path) -> None:
    before = snapshot(home)
    assert killed_after(home, targets(home), 9)
    other = home.with_name("other")
    home.rename(other)
    transaction(other, [], run="absent").converge()
    assert snapshot(other) == before


@pytest.mark.parametrize("lives", range(3, 30, 4))
def test_what_a_killed_save_of_the_state_left_goes(home: Path, lives: int) -> None:
    killed_after(home, targets(home), lives)
    folder = home / ".local/state/condafleet"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".condafleet-abc.state.json").write_text(PASSWORD)
    transaction(home, targets(home), run="next").converge()
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "state.json"]
    transaction(home, [], run="absent").converge()
    assert not folder.exists()


def test_a_directory_that_hands_down_rights_opens_nothing(home: Path) -> None:
    default = "system.posix_acl_default"
    os.setxattr(home, default, acl_of(0o660, 7))
    before = {path.name: os.listxattr(path) for path in home.iterdir()}
    transaction(home, targets(home)).converge()
    for path in (*home.glob(".*rc"), home / ".profile", home / ".config/fish/conf.d/p.fish"):
        assert "system.posix_acl_access" not in os.listxattr(path), path
    transaction(home, [], run="absent").converge()
    assert {path.name: os.listxattr(path) for path in home.iterdir() if path.is_file()} == before


class Edited(PosixMachine):
    """Another program edits a file right before each of the first writes of this one."""

    def __init__(self, path: Path, times: int) -> None:
        super().__init__(1)
        self.path, self.times, self.edits = path, times, 0

    def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
        if path == str(self.path) and self.edits < self.times:
            self.edits += 1
            with self.path.open("a") as stream:
                stream.write(f"\nedit {self.edits}")
        super().write(path, new, check, private, old)


def test_an_edit_between_plan_and_write_is_planned_again(home: Path) -> None:
    outcome = transaction(home, targets(home), Edited(home / ".profile", 3)).converge()
    text = (home / ".profile").read_text()
    assert [line for line in text.splitlines() if line.startswith("edit")] == ["edit 1", "edit 2", "edit 3"]
    assert "export http_proxy" in text
    assert len(outcome.changes) == 4
    transaction(home, [], run="absent").converge()
    assert (home / ".profile").read_text() == "echo hello\nedit 1\nedit 2\nedit 3"


def test_a_file_that_is_edited_all_the_time_is_refused_and_all_else_is_as_before(home: Path) -> None:
    before = snapshot(home)
    with pytest.raises(Failed, match=r"\.profile is edited by another program again and again; close it"):
        transaction(home, targets(home), Edited(home / ".profile", 1000)).converge()
    after = snapshot(home)
    assert after.pop(".profile")[0].startswith(b"echo hello\nedit 1\n")
    before.pop(".profile")
    assert after == before


def test_an_absent_beside_a_run_that_waits(home: Path) -> None:
    """The directory of the lock goes while the other run waits for it: it makes it anew."""

    class Absent(PosixMachine):
        def __init__(self) -> None:
            super().__init__(1)
            self.gone = False

        def lock(self, directory: str) -> Any:
            if not self.gone:
                self.gone = True
                shutil.rmtree(directory)
            return super().lock(directory)

    transaction(home, targets(home)).converge()
    transaction(home, targets(home, "other"), Absent(), run="second").converge()
    assert (home / ".local/state/condafleet/state.json").exists()


def test_a_rollback_that_fails_says_that_changes_stay(home: Path) -> None:
    class Full(PosixMachine):
        def __init__(self) -> None:
            super().__init__(1)
            self.full = False

        def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
            self.full = self.full or path.endswith("p.fish")
            if self.full:
                raise MachineError(f"{path} cannot be written: No space left on device")
            super().write(path, new, check, private, old)

    before = snapshot(home)
    with pytest.raises(
        Failed, match=r"No space left on device; the rollback failed too \(.*\), so changes of this run stay"
    ):
        transaction(home, targets(home), Full()).converge()
    transaction(home, [], run="next").converge()
    assert snapshot(home) == before


@pytest.mark.parametrize("damage", ["a space behind END", "no END", "no BEGIN", "no markers", "changed and no markers"])
def test_damaged_markers_leave_no_password_in_the_open(home: Path, damage: str) -> None:
    transaction(home, targets(home)).converge()
    path = home / ".profile"
    lines = path.read_text().splitlines()
    begin = next(line for line in lines if "BEGIN" in line)
    end = next(line for line in lines if "END" in line)
    text = path.read_text()
    if damage == "a space behind END":
        text = text.replace(end, end + " ")
    if damage in ("no END", "no markers", "changed and no markers"):
        text = text.replace(end + "\n", "")
    if damage in ("no BEGIN", "no markers", "changed and no markers"):
        text = text.replace(begin + "\n", "")
    if damage.startswith("changed"):
        text = text.replace("proxy.example.com", "other.example.com")
    path.write_text(text)
    gone = transaction(home, [], run="absent").converge()
    if not damage.startswith("changed"):
        assert PASSWORD not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        return
    assert PASSWORD in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "while a password of ours is in it, it stays private"
    assert any(str(path) in note and "line 2" in note for note in gone.warnings)
    path.write_text("echo hello\n")
    again = transaction(home, [], run="again").converge()
    assert [change.path for change in again.changes] == [str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not (home / ".local/state/condafleet").exists()


def test_new_settings_leave_no_old_line_behind_a_damaged_marker(home: Path) -> None:
    transaction(home, targets(home)).converge()
    path = home / ".profile"
    path.write_text(path.read_text().replace("# END condafleet.proxy\n", ""))
    transaction(home, targets(home, "other"), run="second").converge()
    assert PASSWORD not in path.read_text()
    assert path.read_text().count("export http_proxy") == 1
