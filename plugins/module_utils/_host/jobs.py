# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Plan the transactions of a run on a POSIX machine: for which user, in which order, verified by whom."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import unique
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import ManagedUsers
    from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
    from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings

ALL_SECTIONS = ("condarc", "environment", "netrc")


class Job(t.NamedTuple):
    """One transaction. In sections that `desired` does not name, everything managed is removed.

    ======== ==================================== ================= ===============================
    created  what it does                         verified by       when an earlier job failed
    ======== ==================================== ================= ===============================
    apply    writes `desired`, removes the rest   the user          writes, removes nothing
    replace  removes what an earlier job replaced affected users    is skipped
    remove   removes what is no longer requested  nobody            runs as well
    verify   changes nothing                      the user          runs as well
    ======== ==================================== ================= ===============================
    """

    account: Account | None  # None: the system
    sections: tuple[str, ...]
    desired: tuple[str, ...]
    verified_by: tuple[Account, ...]  # who must reach their channels after the change

    @classmethod
    def apply(cls, account: Account | None, sections: tuple[str, ...], desired: tuple[str, ...], user: Account) -> Job:
        return cls(account, sections, desired, (user,))

    @classmethod
    def replace(cls, account: Account | None, sections: tuple[str, ...], users: t.Iterable[Account]) -> Job:
        return cls(account, sections, (), tuple(users))

    @classmethod
    def remove(cls, account: Account | None, sections: tuple[str, ...]) -> Job:
        return cls(account, sections, (), ())

    @classmethod
    def verify(cls, account: Account) -> Job:
        return cls(account, (), (), (account,))

    @property
    def only_removes(self) -> bool:
        return bool(self.sections) and not self.desired

    @property
    def user(self) -> str:
        """The name of the user who owns the files; empty for the system."""
        return self.account.name if self.account else ""

    @property
    def place(self) -> str:
        """What it changes, as part of a message."""
        return f"settings in {self.account.home}" if self.account else "settings of the whole system"

    def after_failure(self) -> Job | None:
        """Return the job to run after an earlier job failed, or None."""
        if not self.verified_by:
            return self
        return None if self.only_removes else self._replace(sections=self.desired)


def is_own_scope(settings: Settings) -> bool:
    """Return whether this is only about the connecting user's own home."""
    return settings.scope == "user" and not settings.users


def plan_jobs(
    table: Platform, settings: Settings, managed: ManagedUsers, warnings: list[str]
) -> tuple[list[Job], list[str]]:
    """Return the jobs of this run in order, and users that no longer exist and need not be recorded any more.

    Raises MachineError when this process has not the rights for the request.
    """
    sections = settings.sections
    if is_own_scope(settings):
        return [_own_job(_accounts.own(settings.home), settings)], []
    own = _accounts.own()
    if os.geteuid() != 0:
        if settings.scope == "user" and settings.users == (own.name,):
            return [_own_job(own, settings)], []
        raise MachineError(f"the task requires root but runs as {own.name}; set conda_proxy_become: true")
    of_system = tuple(section for section in sections if section != "netrc")
    of_users = tuple(section for section in sections if section == "netrc") if settings.system else sections
    named = settings.users if of_users or not settings.system else ()
    requested, dropped, gone = _users(named, settings.present, managed, warnings)
    proven = _existing(settings.users) if _proves_only(settings) else []
    jobs = [Job.apply(account, sections, of_users, account) for account in requested]
    if settings.present and settings.system and (of_system or not sections):
        jobs.insert(0, Job.apply(None, of_system, of_system, own))
        # first write, then remove what that replaces; removed netrc entries are not verified: their loss is intended
        jobs += [Job.replace(account, of_system, (account,)) for account in dropped if of_system]
        jobs += [Job.remove(account, of_users) for account in dropped if of_users]
    else:
        jobs += [Job.remove(account, sections) for account in dropped if sections]
        if of_system and (settings.system or os.path.isdir(table.system_state)):
            jobs.append(Job.replace(None, of_system, requested))
    jobs += [Job.verify(account) for account in proven]
    return jobs, gone if not settings.present and set(ALL_SECTIONS) <= set(sections) else []


def _proves_only(settings: Settings) -> bool:
    """Return whether the named users are only proven here: another machine writes their shared homes.

    Not for one section alone: the netrc section may follow in the same play.
    """
    whole = not settings.sections or {"condarc", "environment"} <= set(settings.sections)
    return settings.present and settings.system and whole and "netrc" not in settings.sections


def _own_job(own: Account, settings: Settings) -> Job:
    sections = settings.sections
    return Job.apply(own, sections, sections, own) if settings.present else Job.remove(own, sections)


def _users(
    named: t.Sequence[str], present: bool, managed: ManagedUsers, warnings: list[str]
) -> tuple[list[Account], list[Account], list[str]]:
    """Return requested users, users that are no longer requested, and names of users that no longer exist.

    Raises MachineError for a requested user that does not exist.
    """
    requested: list[Account] = []
    dropped: list[Account] = []
    gone = []
    known = managed.names()
    for name in unique([*named, *known]):
        account = _accounts.find(name)
        if account is not None:
            (requested if present and name in named else dropped).append(account)
        elif present and name in named:
            raise _no_such_user(name)
        elif name in known:
            warnings.append(
                f"user {name} was managed earlier and no longer exists; files in that home directory were not changed"
            )
            gone.append(name)
        else:
            warnings.append(
                f"conda_proxy_users contains {name}, which does not exist on this machine and was not managed before; "
                "correct the name if this is a slip"
            )
    return requested, dropped, gone


def _existing(names: t.Iterable[str]) -> list[Account]:
    """Return users by name. Raises MachineError for one that does not exist."""
    found = []
    for name in unique(names):
        account = _accounts.find(name)
        if account is None:
            raise _no_such_user(name)
        found.append(account)
    return found


def _no_such_user(name: str) -> MachineError:
    return MachineError(
        f"conda_proxy_users contains {name}, which does not exist on this machine; correct the name or create the user"
    )
