# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of this machine, and code that runs with their rights in a forked child."""

from __future__ import annotations

import os
import pwd
import resource
import stat
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account, guarded, run_as
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError
from tests.bed.children import open_to_all
from tests.bed.settings import HOSTILE, SECRET

if TYPE_CHECKING:
    from pathlib import Path

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


class Needing(MachineError):
    needs = "ca_roots"


@pytest.fixture
def nobody() -> Account:
    found = accounts.find("nobody")
    assert found is not None
    return found


def entry(**given: Any) -> pwd.struct_passwd:
    values = {"name": "ada", "password": "x", "uid": 1, "gid": 2, "gecos": "", "home": "/home/ada", "shell": "/bin/zsh"}
    return pwd.struct_passwd(tuple({**values, **given}.values()))


def test_this_process_and_another_home() -> None:
    own = accounts.own()
    assert own.uid == os.geteuid()
    assert accounts.own("/elsewhere") == own._replace(home="/elsewhere")


def test_a_process_of_an_id_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    with pytest.raises(MachineError, match="4000000001"):
        accounts.own()
    assert accounts.owner(4_000_000_001) is None


def test_users_by_name_and_by_id() -> None:
    root = accounts.find("root")
    assert root == accounts.owner(0)
    assert root is not None
    assert (root.name, root.uid) == ("root", 0)
    assert accounts.find("Zq7-nobody-has-this-name") is None


def test_a_home_is_normal_and_a_missing_shell_is_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pwd, "getpwnam", lambda _name: entry(home="/home//ada/", shell=""))
    assert accounts.find("ada") == Account("ada", 1, 2, "/home/ada", "/bin/sh")


def test_oneself_is_nobody_to_become() -> None:
    pid = run_as(accounts.own(), os.getpid, pytest.fail)
    assert pid == os.getpid(), "no child is needed, and no JSON"


@as_root
def test_a_child_has_the_user_s_rights_and_its_result_comes_over_json(nobody: Account, tmp_path: Path) -> None:
    open_to_all(tmp_path)

    def look() -> dict[str, Any]:
        (limit, _hard) = resource.getrlimit(resource.RLIMIT_CORE)
        return {
            "ids": [os.getuid(), os.geteuid(), os.getgid(), *sorted(os.getgroups())],
            "cwd": os.getcwd(),
            "core": limit,
            "mode": stat.S_IMODE(0o666 & ~os.umask(0)),
            "text": HOSTILE,
            "record": nobody,
        }

    seen = run_as(nobody, look, dict)
    groups = sorted(os.getgrouplist("nobody", nobody.gid))
    assert seen["ids"] == [nobody.uid, nobody.uid, nobody.gid, *groups]
    assert (seen["cwd"], seen["core"], seen["mode"], seen["text"]) == ("/", 0, 0o644, HOSTILE)
    assert Account(**seen["record"]) == nobody
    assert os.geteuid() == 0, "the parent stays who it is"


@as_root
def test_what_root_alone_may_read_stays_closed(nobody: Account, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    open_to_all(tmp_path)
    with pytest.raises(MachineError, match="PermissionError"):
        run_as(nobody, secret.read_text, str)


@as_root
@pytest.mark.parametrize(("error", "needs"), [(MachineError("it is full"), ""), (Needing("no roots"), "ca_roots")])
def test_a_failure_crosses_with_what_it_needs(error: MachineError, needs: str, nobody: Account) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(MachineError) as raised:
        run_as(nobody, fail, pytest.fail)
    assert (str(raised.value), raised.value.needs) == (str(error), needs)


@pytest.mark.parametrize("child", [False, pytest.param(True, marks=as_root)])
def test_an_exception_that_nobody_expected_is_told_without_its_text(child: bool, nobody: Account) -> None:
    def fail() -> None:
        raise KeyError(SECRET)

    with pytest.raises(MachineError) as raised:
        run_as(nobody, fail, pytest.fail) if child else guarded(fail)
    assert "KeyError" in str(raised.value)
    assert "test_accounts.py:" in str(raised.value)
    assert SECRET not in str(raised.value)


@as_root
@pytest.mark.parametrize("end", [lambda: os._exit(0), lambda: os._exit(3), lambda: os.kill(os.getpid(), 9)])
def test_a_child_that_ends_without_a_word_is_named(end: Any, nobody: Account) -> None:
    with pytest.raises(MachineError, match="nobody"):
        run_as(nobody, end, pytest.fail)


@as_root
def test_a_result_that_is_no_json_is_a_failure_of_the_child(nobody: Account, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MachineError, match="nobody"):
        run_as(nobody, lambda: {1, 2}, pytest.fail)
    assert SECRET not in capfd.readouterr().err


@as_root
def test_a_reader_that_does_not_take_the_result_says_so(nobody: Account) -> None:
    def read(_data: Any) -> Any:
        raise RecordError("Account is not a mapping")

    with pytest.raises(RecordError):
        run_as(nobody, lambda: 1, read)


@as_root
def test_no_child_and_no_pipe_is_left(nobody: Account) -> None:
    before = set(os.listdir("/proc/self/fd"))
    for _time in range(3):
        run_as(nobody, os.getpid, int)
    assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_group_that_is_negative_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group of nobody on macOS is -2, which Python shows as 4294967294 and initgroups takes as a C int."""
    calls: list[tuple[str, int]] = []

    def initgroups(name: str, gid: int) -> None:
        if gid > 0x7FFFFFFF:
            raise OverflowError
        calls.append(("initgroups", gid))

    monkeypatch.setattr(os, "initgroups", initgroups)
    monkeypatch.setattr(os, "setgid", lambda gid: calls.append(("setgid", gid)))
    monkeypatch.setattr(os, "setuid", lambda uid: calls.append(("setuid", uid)))
    accounts.drop_rights("nobody", 4294967294, 4294967294)
    assert calls == [("initgroups", -2), ("setgid", 4294967294), ("setuid", 4294967294)]
