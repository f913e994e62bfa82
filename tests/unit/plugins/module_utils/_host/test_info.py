# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_info on a POSIX machine: whom it looks at, with whose rights, and what it gives away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._host import info
from ansible_collections.condafleet.proxy.plugins.module_utils._host.info import run_info
from ansible_collections.condafleet.proxy.plugins.module_utils._info import consumers, sessions
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import ConsumerRow
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, login_shell
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Info
from tests.bed.settings import SECRET
from tests.bed.tree import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TASK = Info("https://mirror.invalid/main")
URL = f"http://ada:{SECRET}@proxy.invalid:1"


class Bed:
    """Root and ada; `ran` lists with whose rights something was done."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known = {
            name: Account(name, uid, uid, str(tmp_path / name), "/bin/sh") for name, uid in (("root", 0), ("ada", 1))
        }
        self.ran: list[str] = []
        self.variables = {"https_proxy": URL, "PATH": str(tmp_path / "bin")}
        self.gone: set[str] = set()
        for account in self.known.values():
            os.makedirs(account.home)
        monkeypatch.setattr(accounts, "find", self.known.get)
        monkeypatch.setattr(accounts, "run_as", self.run_as)
        monkeypatch.setattr(login_shell, "login_environment", lambda *_args: dict(self.variables))
        monkeypatch.setattr(info, "find_bases", lambda *_args: [])
        monkeypatch.setattr(sessions, "sudo_environment", lambda *_args: None)
        monkeypatch.setattr(sessions, "own_shell", lambda subject: [self.row("bash", subject.login)])
        monkeypatch.setattr(sessions, "sudo", lambda subject, _found: self.row("sudo", subject.login))
        monkeypatch.setattr(sessions, "systemd", lambda _subject: [])
        monkeypatch.setattr(consumers, "rows", lambda _subject, _bases: [])
        self.monkeypatch = monkeypatch
        self.be("root")

    def be(self, name: str) -> None:
        self.monkeypatch.setattr(accounts, "own", lambda home="": self.known[name])  # noqa: ARG005
        self.monkeypatch.setattr(os, "geteuid", lambda: self.known[name].uid)

    def run_as(self, account: Account, function: Callable[[], Any], read: Callable[[Any], Any]) -> Any:  # noqa: ARG002
        self.ran.append(account.name)
        if account.name in self.gone:
            raise MachineError("the home is gone")
        return function()

    @staticmethod
    def row(name: str, login: dict[str, str]) -> ConsumerRow:
        return ConsumerRow(name, "run", https_proxy=login["https_proxy"])


@pytest.fixture
def bed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bed:
    return Bed(tmp_path, monkeypatch)


def test_the_connecting_user_is_looked_at_and_nothing_is_written(bed: Bed, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    result = run_info(TASK)
    assert not result.get("failed"), result
    assert [(row["user"], row["consumer"]) for row in result["consumers"]] == [("root", "bash"), ("root", "sudo")]
    assert result["changed"] is False
    assert set(bed.ran) == {"root"}
    assert snapshot(tmp_path) == before


def test_no_secret_is_in_the_result_and_equal_ones_are_masked_alike(bed: Bed) -> None:
    with open(bed.known["root"].home + "/.condarc", "w", encoding="utf-8") as stream:
        stream.write(f"proxy_servers:\n  https: {URL}x\n")
    result = run_info(TASK)
    assert SECRET not in str(result)
    assert len({row["https_proxy"] for row in result["consumers"]}) == 1
    assert "proxy.invalid:1" in result["consumers"][0]["https_proxy"]


def test_users_are_looked_at_with_their_own_rights_each_once(bed: Bed) -> None:
    result = run_info(TASK._replace(users=("ada", "root", "ada")))
    assert list(dict.fromkeys(row["user"] for row in result["consumers"])) == ["ada", "root"]
    assert bed.ran == ["ada", "ada", "root", "root"]


def test_other_users_need_root_and_oneself_does_not(bed: Bed) -> None:
    bed.be("ada")
    assert not run_info(TASK._replace(users=("ada",))).get("failed")
    for users in (("root",), ("ada", "root")):
        result = run_info(TASK._replace(users=users))
        assert result["failed"]
        assert all(word in result["msg"] for word in ("root", "ada"))
        assert (result["consumers"], result["conflicts"]) == ([], [])


def test_a_user_who_does_not_exist_is_named(bed: Bed) -> None:
    result = run_info(TASK._replace(users=("ada", "eve")))
    assert result["failed"]
    assert "eve" in result["msg"]
    assert bed.ran == []


def test_one_user_who_cannot_be_looked_at_does_not_hide_the_others(bed: Bed) -> None:
    bed.gone = {"ada"}
    result = run_info(TASK._replace(users=("ada", "root")))
    assert result["failed"]
    assert "ada: the home is gone" in result["msg"]
    assert {row["user"] for row in result["consumers"]} == {"root"}


def test_a_system_that_is_not_supported_is_a_failure(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supported, "PLATFORMS", {})
    result = run_info(TASK)
    assert (result["failed"], result["changed"], bed.ran) == (True, False, [])


def test_consumers_that_disagree_are_a_conflict_of_that_user(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ConsumerRow("sudo", "run", https_proxy="http://other.invalid:2")
    monkeypatch.setattr(sessions, "sudo", lambda _subject, _found: other)
    conflicts = run_info(TASK)["conflicts"]
    assert bed.ran
    assert {one["user"] for one in conflicts} == {"root"}
    assert "other.invalid" in str(conflicts)
    assert SECRET not in str(conflicts)


def test_environments_of_a_base_and_of_the_user_each_once_and_never_the_base(tmp_path: Path) -> None:
    root = tmp_path / "[conda]"
    for name in ("a", "b"):
        (root / "envs" / name).mkdir(parents=True)
    (tmp_path / ".conda").mkdir()
    lines = ["relative", str(root), f" {root}/envs/a ", "/opt/x", ""]
    (tmp_path / ".conda/environments.txt").write_text("\n".join(lines))
    assert info._environments(str(tmp_path), str(root)) == [f"{root}/envs/a", f"{root}/envs/b", "/opt/x"]
    assert info._environments(str(tmp_path / "none"), "") == []
