# SPDX-License-Identifier: GPL-3.0-or-later
"""For whom, in which order, verified by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State, Store
from ansible_collections.condafleet.proxy.plugins.module_utils._host.jobs import Job, is_own_scope, plan_jobs
from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import ManagedUsers
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings
from tests.bed.memory import MemoryMachine

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT, ADA, BOB = (
    Account(name, uid, uid, f"/home/{name}", "/bin/sh") for uid, name in enumerate(("root", "ada", "bob"))
)
ALL = ("condarc", "environment", "netrc")
OF_SYSTEM = ALL[:2]


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[Account], None]:
    """Run as this user, on a machine with root, ada and bob."""
    known = {account.name: account for account in (ROOT, ADA, BOB)}
    monkeypatch.setattr(accounts, "find", known.get)

    def become(account: Account) -> None:
        monkeypatch.setattr(accounts, "own", lambda home="": account._replace(home=home or account.home))
        monkeypatch.setattr("os.geteuid", lambda: account.uid)

    return become


def settings(
    scope: str, users: tuple[str, ...] = (), sections: tuple[str, ...] = ALL, state: str = "present"
) -> Settings:
    return Settings(state, scope, users, "", sections, "", "none")


def managed(*names: str) -> ManagedUsers:
    machine = MemoryMachine()
    machine.folders.add("/state")
    Store(machine, "/state").save(State(users=names))
    return ManagedUsers(machine, "/state")


def jobs(given: Settings, *known: str) -> list[Job]:
    table = LINUX._replace(system_state="/nonexistent/state")
    return plan_jobs(table, given, managed(*known), [])[0]


def test_ones_own_home(be: Callable[[Account], None]) -> None:
    be(ADA)
    assert is_own_scope(settings("user"))
    assert jobs(settings("user")) == [Job.apply(ADA, ALL, ALL, ADA)]
    assert jobs(settings("user", state="absent")) == [Job.remove(ADA, ALL)]
    assert jobs(settings("user", ("ada",))) == [Job.apply(ADA, ALL, ALL, ADA)], "named, and without root"


@pytest.mark.parametrize("given", [settings("system"), settings("user", ("bob",)), settings("user", ("ada", "bob"))])
def test_what_needs_root_says_so(given: Settings, be: Callable[[Account], None]) -> None:
    be(ADA)
    with pytest.raises(MachineError, match="the task requires root but runs as ada; set conda_proxy_become: true"):
        jobs(given)


def test_the_system_first_and_a_netrc_for_each_user(be: Callable[[Account], None]) -> None:
    be(ROOT)
    assert jobs(settings("system", ("ada",))) == [
        Job.apply(None, OF_SYSTEM, OF_SYSTEM, ROOT),
        Job.apply(ADA, ALL, ("netrc",), ADA),
    ]


@pytest.mark.parametrize("sections", [OF_SYSTEM, ()])
def test_users_of_shared_homes_are_proven_where_another_machine_writes_them(
    sections: tuple[str, ...], be: Callable[[Account], None]
) -> None:
    be(ROOT)
    given = settings("system", ("ada", "bob", "ada"), sections)
    assert jobs(given) == [Job.apply(None, sections, sections, ROOT), Job.verify(ADA), Job.verify(BOB)]
    assert jobs(given._replace(users=())) == [Job.apply(None, sections, sections, ROOT)]
    with pytest.raises(MachineError, match="conda_proxy_users contains eve, which does not exist"):
        jobs(given._replace(users=("eve",)))


def test_one_section_alone_proves_no_user_whose_netrc_may_follow(be: Callable[[Account], None]) -> None:
    be(ROOT)
    assert jobs(settings("system", ("ada",), ("condarc",))) == [Job.apply(None, ("condarc",), ("condarc",), ROOT)]
    assert not any(job.verified_by for job in jobs(settings("system", ("ada",), OF_SYSTEM, "absent")) if job.account)


def test_who_is_no_longer_named_keeps_a_way_and_loses_access(be: Callable[[Account], None]) -> None:
    be(ROOT)
    assert jobs(settings("system", ("ada",)), "bob")[2:] == [
        Job.replace(BOB, OF_SYSTEM, (BOB,)),
        Job.remove(BOB, ("netrc",)),
    ]
    assert jobs(settings("user", ("ada",)), "ada", "bob") == [Job.apply(ADA, ALL, ALL, ADA), Job.remove(BOB, ALL)]


def test_a_user_who_does_not_exist(be: Callable[[Account], None]) -> None:
    be(ROOT)
    with pytest.raises(
        MachineError, match="conda_proxy_users contains eve, which does not exist on this machine; correct"
    ):
        jobs(settings("user", ("eve",)))
    warnings: list[str] = []
    found, gone = plan_jobs(LINUX, settings("user", state="absent", users=("ada",)), managed("eve"), warnings)
    assert gone == ["eve"]
    assert [job.user for job in found if job.account] == ["ada"]
    assert len(warnings) == 1
    assert warnings[0].startswith("user eve was managed earlier and no longer exists")


def test_who_never_existed_was_not_managed_before(be: Callable[[Account], None]) -> None:
    be(ROOT)
    warnings: list[str] = []
    found, gone = plan_jobs(LINUX, settings("user", state="absent", users=("1000",)), managed(), warnings)
    assert gone == []
    assert not [job for job in found if job.account]
    assert len(warnings) == 1
    assert warnings[0].startswith("conda_proxy_users contains 1000, which does not exist on this machine and was not ")


def test_after_a_failure() -> None:
    """The table of Job."""
    assert Job.apply(ADA, ALL, ("netrc",), ADA).after_failure() == Job.apply(ADA, ("netrc",), ("netrc",), ADA)
    assert Job.replace(ADA, ALL, (ADA,)).after_failure() is None
    assert Job.remove(ADA, ALL).after_failure() == Job.remove(ADA, ALL)
    assert Job.verify(ADA).after_failure() == Job.verify(ADA)


def test_what_it_says_of_itself() -> None:
    system, user = Job.replace(None, ALL, ()), Job.apply(ADA, ALL, ALL, ADA)
    assert (system.user, system.place, system.only_removes) == ("", "settings of the whole system", True)
    assert (user.user, user.place, user.only_removes) == ("ada", "settings in /home/ada", False)
