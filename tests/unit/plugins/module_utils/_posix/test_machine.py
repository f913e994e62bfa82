# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a POSIX machine: what stands in the way is named, and nothing is left beside a file."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MOST_BYTES, File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Activation
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import attributes, process
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from tests.bed.settings import SECRET

if TYPE_CHECKING:
    from pathlib import Path

NEW = File(b"new\n", 0o640)
SHELL = ("/bin/sh", "-c")


def holder(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "lock").read_text())
    return content


def test_what_was_read_and_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    path.chmod(0o604)
    assert PosixMachine().read(str(path)) == File(b"x", 0o604, os.getuid(), path.stat().st_gid)
    assert PosixMachine().read(str(tmp_path / "missing")) == File()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_link(path: Path) -> None:
    path.with_name("target").write_text(SECRET)
    path.symlink_to("target")


@pytest.mark.parametrize(
    ("make", "follow"),
    [
        (lambda path: path.symlink_to("nothing"), True),
        (make_loop, True),
        (make_link, False),
        (lambda path: path.symlink_to("nothing"), False),
        (lambda path: path.mkdir(), True),
        (os.mkfifo, True),
    ],
    ids=["broken link", "loop", "link", "broken and not followed", "directory", "fifo"],
)
def test_what_is_no_file_to_read_is_refused_by_its_path_and_at_once(make: Any, follow: bool, tmp_path: Path) -> None:
    path = tmp_path / "x"
    make(path)
    with pytest.raises(MachineError) as raised:
        PosixMachine().read(str(path), follow)
    assert str(path) in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_file_in_place_of_a_parent_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / "file/x")
    with pytest.raises(MachineError, match=path):
        PosixMachine().read(path)
    with pytest.raises(MachineError, match=path):
        PosixMachine().write(path, NEW)


def test_a_new_file_has_its_mode_whatever_the_umask_says(tmp_path: Path) -> None:
    path = tmp_path / "x"
    before = os.umask(0o077)
    try:
        PosixMachine().write(str(path), NEW)
        PosixMachine().make_directory(str(tmp_path / "open"))
        PosixMachine().make_directory(str(tmp_path / "closed"), private=True)
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new\n", 0o640)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("open", "closed")] == [0o755, 0o700]


def test_a_directory_in_the_place_is_named_kept_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.mkdir()
    with pytest.raises(MachineError, match=str(path)):
        PosixMachine().write(str(path), NEW)
    with pytest.raises(MachineError, match=str(path)):
        PosixMachine().remove(str(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    PosixMachine().write(str(link), NEW)
    assert link.is_symlink()
    assert target.read_bytes() == b"new\n"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match=str(path)):
        PosixMachine().write(str(path), NEW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_check_looks_at_the_new_content_before_it_is_used(accepted: bool, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    word = "new" if accepted else "other"
    script = f"cat {{file}}; echo {{file}} {SECRET}; grep -q {word} {{file}}"
    machine = PosixMachine(checks={"look": (*SHELL, script)}, clean=lambda text: text.replace(SECRET, "***"))
    if accepted:
        machine.write(str(path), NEW, "look")
        assert path.read_text() == "new\n"
        return
    with pytest.raises(MachineError) as raised:
        machine.write(str(path), NEW, "look")
    message = str(raised.value)
    assert message.count(str(path)) >= 2, "the temporary name is nobody's business"
    assert (SECRET in message, "***" in message, ".condafleet-" in message) == (False, True, False)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_check_that_is_not_installed_rejects(tmp_path: Path) -> None:
    machine = PosixMachine(checks={"look": ("/nonexistent/check", "{file}")})
    with pytest.raises(MachineError, match="/nonexistent/check"):
        machine.write(str(tmp_path / "x"), NEW, "look")
    assert list(tmp_path.iterdir()) == []


def test_a_removal_of_what_is_not_there_is_fine(tmp_path: Path) -> None:
    PosixMachine().remove(str(tmp_path / "x"))
    PosixMachine().remove_directory(str(tmp_path / "x"))


def test_a_directory_with_something_in_it_stays(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/x").touch()
    PosixMachine().remove_directory(str(tmp_path / "d"))
    assert (tmp_path / "d/x").exists()
    PosixMachine().make_directory(str(tmp_path / "d"), private=True)
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o755, "one that is there is left as it is"


def test_missing_directories_outermost_first(tmp_path: Path) -> None:
    assert PosixMachine().missing_directories(str(tmp_path / "a/b/x")) == [str(tmp_path / "a"), str(tmp_path / "a/b")]
    assert PosixMachine().missing_directories(str(tmp_path / "x")) == []


def test_a_sweep_takes_the_leftovers_of_one_file_alone(tmp_path: Path) -> None:
    names = [".condafleet-abc.condarc", ".condafleet-abc.netrc", ".condarc", "x.condarc"]
    for name in names:
        (tmp_path / name).touch()
    PosixMachine().sweep(str(tmp_path / ".condarc"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


def test_two_names_of_a_file_are_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    machine = PosixMachine()
    assert machine.real(str(tmp_path / "link/x")) == machine.real(str(tmp_path / "real/x"))


def test_a_lock_names_its_holder_and_the_next_may_have_it(tmp_path: Path) -> None:
    machine = PosixMachine(0)
    for _run in range(2):
        with machine.lock(str(tmp_path)):
            assert holder(tmp_path)["pid"] == os.getpid()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    machine.remove_lock(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_raised_out_of_is_free(tmp_path: Path) -> None:
    with pytest.raises(KeyError), PosixMachine(0).lock(str(tmp_path)):
        raise KeyError
    with PosixMachine(0).lock(str(tmp_path)):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"pid": 4711, "host": "pc"}', ("4711", "pc")),
        ("", ("unknown",)),
        ("{}", ("unknown",)),
        ("[1]", ("unknown",)),
        ('{"pid": null, "host": 1}', ("unknown",)),
    ],
)
def test_a_lock_of_another_process_is_waited_for_and_then_its_holder_named(
    text: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "lock").write_text(text)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write_end)
        with open(tmp_path / "lock", "r+b") as stream:
            fcntl.lockf(stream, fcntl.LOCK_EX)
            (tmp_path / "held").touch()
            os.read(read_end, 1)  # until the parent closes its end
        os._exit(0)
    os.close(read_end)
    try:
        while not (tmp_path / "held").exists():
            threading.Event().wait(0.01)
        with pytest.raises(MachineError) as raised, PosixMachine(0).lock(str(tmp_path)):
            pytest.fail("two hold it")
        assert all(word in str(raised.value) for word in words)
    finally:
        os.close(write_end)
        os.waitpid(child, 0)
    with PosixMachine(0).lock(str(tmp_path)):
        assert holder(tmp_path)["pid"] == os.getpid()


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("elsewhere"), lambda path: path.mkdir()])
def test_what_is_planted_in_the_place_of_the_lock_is_named(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "lock")
    with pytest.raises(MachineError, match=str(tmp_path / "lock")), PosixMachine(0).lock(str(tmp_path)):
        pytest.fail("locked")
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(MachineError, match=str(tmp_path)), PosixMachine(0).lock(str(tmp_path)):
        pytest.fail("locked")
    assert len(os.listdir("/proc/self/fd")) == before


def activating(script: str, shown: str = "true", only_if: str = "/", **more: Any) -> PosixMachine:
    row = Activation((*SHELL, script), only_if, "it reads the change later", (*SHELL, shown))
    return PosixMachine(activations={"reload": row}, **more)


def test_a_change_takes_effect_or_will(tmp_path: Path) -> None:
    done = tmp_path / "done"
    assert activating(f"touch {done}").activate("reload", False, True) == []
    assert done.exists()
    warnings = activating("exit 1", only_if=str(tmp_path / "none")).activate("reload", True, True)
    assert warnings == ["it reads the change later"]


def test_a_command_that_fails_is_told_without_a_secret() -> None:
    machine = activating(f"echo {SECRET} >&2; exit 3", clean=lambda text: text.replace(SECRET, "***"))
    with pytest.raises(MachineError) as raised:
        machine.activate("reload", False, True)
    assert "***" in str(raised.value)


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        (f"echo a={SECRET}; echo b=2", ""),
        ("echo a=other", "a"),
        ("true", "a"),
        ("exit 1", "/bin/sh"),
    ],
)
def test_what_a_manager_shows_is_compared_and_never_told(shown: str, problem: str) -> None:
    machine = activating("true", shown, environment={"a": SECRET})
    assert machine.activate("reload", False, True) == [], "nobody asked for a look"
    if not problem:
        assert machine.activate("reload", True, True) == []
        return
    with pytest.raises(MachineError) as raised:
        machine.activate("reload", True, True)
    assert problem in str(raised.value)
    assert SECRET not in str(raised.value).replace(shown, "")


def test_a_command_that_does_not_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_COMMAND_TIMEOUT", 0.2)
    with pytest.raises(MachineError):
        activating("exec sleep 600").activate("reload", False, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="extended attributes of Linux")
def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("this file system has none")
    PosixMachine().write(str(path), NEW)
    assert os.getxattr(path, "user.note") == b"kept"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="extended attributes of Linux")
def test_a_list_that_follows_the_mode_and_cannot_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As NFSv4 has it: `system.nfs4_acl` is what the mode says."""
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)

    def get(file: Any, name: str) -> bytes:
        if name != "system.nfs4_acl":
            raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))
        return oct(os.stat(file).st_mode).encode()

    def refuse(*_args: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "listxattr", lambda _file: ["system.nfs4_acl"])
    monkeypatch.setattr(os, "getxattr", get)
    monkeypatch.setattr(os, "setxattr", refuse)
    for mode in (0o640, 0o600):
        PosixMachine().write(str(path), File(b"new\n", mode))
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new\n", mode)
    # one that says more than the mode does is not lost without a word
    monkeypatch.setattr(os, "getxattr", lambda file, _name: b"more" if file == str(path) else b"")
    with pytest.raises(MachineError, match="Operation not supported"):
        PosixMachine().write(str(path), File(b"newer\n", 0o600))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="extended attributes of Linux")
def test_what_the_kernel_makes_of_the_content_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    given: list[str] = []
    monkeypatch.setattr(os, "listxattr", lambda _file: ["security.ima", "security.evm", "user.a"])
    monkeypatch.setattr(os, "getxattr", lambda file, name: f"{name} of {file}".encode())
    monkeypatch.setattr(os, "setxattr", lambda _file, name, _value: given.append(name))
    monkeypatch.setattr(os, "removexattr", lambda *_args: None)
    PosixMachine().write(str(path), NEW)
    assert given == ["user.a"]


def test_a_file_beyond_the_bound_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.touch()
    os.truncate(path, MOST_BYTES)
    assert len(PosixMachine().read(str(path)).data or b"") == MOST_BYTES
    os.truncate(path, MOST_BYTES + 1)
    reads: list[int] = []

    class Stream(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            reads.append(size or 0)
            return super().read(size) or b""

    monkeypatch.setattr(os, "fdopen", Stream)
    with pytest.raises(MachineError, match=f"{path} has more than 4 MB, the most that is read; move it away"):
        PosixMachine().read(str(path))
    assert reads == []
    with pytest.raises(MachineError, match="more than 0 MB"):  # of no size, and without an end, as those of /proc
        PosixMachine().read("/proc/self/maps", most=10)
    assert reads == [11]


class IgnoresCase:
    """A file system that ignores the case of letters, as far as two functions of os show it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real_lexists, real_stat = os.path.lexists, os.stat
        monkeypatch.setattr(os.path, "lexists", lambda path: real_lexists(self.stored(path)))
        monkeypatch.setattr(os, "stat", lambda path, **more: real_stat(self.stored(path), **more))

    @staticmethod
    def stored(path: Any) -> Any:
        place = "/"
        for part in str(path).split("/")[1:]:
            names = os.listdir(place)
            place = os.path.join(place, next((name for name in names if name.casefold() == part.casefold()), part))
        return place


def test_one_file_is_one_target_where_the_case_of_letters_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Etc").mkdir()
    (tmp_path / "Etc/Conda").touch()
    IgnoresCase(monkeypatch)
    machine = PosixMachine()
    names = {machine.real(str(tmp_path / name)) for name in ("Etc/Conda", "etc/conda", "ETC/Conda")}
    assert names == {str(tmp_path / "Etc/Conda")}
    assert machine.real(str(tmp_path / "etc/new")) == str(tmp_path / "etc/new"), "a file that is not there yet"


def test_two_files_that_differ_in_case_stay_two(tmp_path: Path) -> None:
    for name in ("a", "A"):
        (tmp_path / name).touch()
    assert {PosixMachine().real(str(tmp_path / name)) for name in ("a", "A")} == {f"{tmp_path}/a", f"{tmp_path}/A"}


@pytest.mark.parametrize("change", ["write", "remove"])
def test_a_locked_file_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def refuse(*_args: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(attributes, "unlock_command", lambda name: "chflags nouchg" if name == str(path) else "")
    monkeypatch.setattr(os, "rename", refuse)
    real_unlink = os.unlink
    monkeypatch.setattr(os, "unlink", lambda name: refuse() if name == str(path) else real_unlink(name))
    with pytest.raises(MachineError) as raised:
        PosixMachine().write(str(path), NEW) if change == "write" else PosixMachine().remove(str(path))
    assert str(raised.value).startswith(f"{path} cannot be ")
    assert "run chflags nouchg on it" in str(raised.value)
    assert sorted(os.listdir(tmp_path)) == ["a"]


@pytest.mark.parametrize("there", [True, False])
def test_the_drive_is_told_to_write_where_the_file_system_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    calls: list[str] = []

    def control(_descriptor: int, _command: int) -> int:
        calls.append("full")
        if not there:
            raise OSError(errno.ENOTSUP, "Operation not supported")
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: calls.append("fsync"))
    PosixMachine().write(str(tmp_path / "a"), NEW)
    assert calls == (["full", "full"] if there else ["full", "fsync"] * 2)


def test_messages_name_the_path_that_users_know(tmp_path: Path) -> None:
    (tmp_path / "private/etc").mkdir(parents=True)
    (tmp_path / "etc").symlink_to("private/etc")
    machine = PosixMachine(checks={"no": ("false", "{file}")})
    with pytest.raises(MachineError) as raised:
        machine.write(f"{tmp_path}/etc/x", NEW, "no")
    assert str(raised.value).startswith(f"{tmp_path}/etc/x: ")
    assert "private" not in str(raised.value)
