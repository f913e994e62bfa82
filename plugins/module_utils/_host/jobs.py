# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transactions of a run: for whom, in which order, with which rights.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import (
    unique,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import Roster
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    Settings,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account


ALL_SECTIONS = ("condarc", "environment", "netrc")


class Part(t.NamedTuple):
    """One transaction: the system's when C(account) is None, else a user's.

    C(sections) are worked on; in those that C(wanted) does not name everything is taken back. C(witnesses) are those
    who must reach their channels afterwards; nobody is asked when there are none.
    """

    account: Account | None
    sections: tuple[str, ...]
    wanted: tuple[str, ...]
    witnesses: tuple[Account, ...]

    @property
    def takes_back(self) -> bool:
        return bool(self.sections) and not self.wanted

    def without_what_is_replaced(self) -> Part | None:
        """What is left of it when something else failed: what was to be replaced is not taken away.

        That has witnesses; what a user who is not named any more loses has none, and goes.
        """
        if not self.witnesses:
            return self
        return None if self.takes_back else self._replace(sections=self.wanted)


def own_scope(settings: Settings) -> bool:
    """Is this only about the connecting user's own home?"""
    return settings["scope"] == "user" and not settings["users"]


def parts(table: Platform, settings: Settings, roster: Roster, warnings: list[str]) -> tuple[list[Part], list[str]]:
    """The transactions of this run in their order, and users that are gone and may be forgotten.

    Raises MachineError when this process may not do what is asked.
    """
    sections = tuple(settings["sections"])
    present = settings["state"] == "present"
    if own_scope(settings):
        own = _accounts.own(settings["home"])
        return [Part(own, sections, sections if present else (), (own,) if present else ())], []
    if os.geteuid() != 0:
        own = _accounts.own()
        if settings["scope"] == "user" and settings["users"] == [own.name]:
            return [Part(own, sections, sections if present else (), (own,) if present else ())], []
        raise MachineError(f"this needs root, and it runs as {own.name}: set conda_proxy_become: true and become root")
    system = settings["scope"] == "system"
    systems = tuple(section for section in sections if section != "netrc")
    theirs = tuple(section for section in sections if section == "netrc") if system else sections
    accounts, unwanted, gone = _users(settings, roster, present, bool(theirs or not system), warnings)
    parts = [Part(account, sections, theirs, (account,) if present else ()) for account in accounts]
    if present and system and (systems or not sections):
        parts.insert(0, Part(None, systems, systems, (_accounts.own(),)))
        # first what is wanted, then what it replaces; who loses netrc entries is meant to lose them
        parts += [Part(account, systems, (), (account,)) for account in unwanted if systems]
        parts += [Part(account, theirs, (), ()) for account in unwanted if theirs]
    else:
        parts += [Part(account, sections, (), ()) for account in unwanted if sections]
        if systems and (system or os.path.isdir(table.system_state)):
            parts.append(Part(None, systems, (), tuple(accounts)))
    return parts, gone if not present and set(ALL_SECTIONS) <= set(sections) else []


def _users(
    settings: Settings, roster: Roster, present: bool, asked_for: bool, warnings: list[str]
) -> tuple[list[Account], list[Account], list[str]]:
    """Who is to have settings, who had them, and who had them and is gone. Raises MachineError for an unknown user."""
    asked = settings["users"] if asked_for else []
    wanted: list[Account] = []
    unwanted: list[Account] = []
    gone = []
    for name in unique([*asked, *roster.names()]):
        account = _accounts.find(name)
        if account is not None:
            (wanted if present and name in asked else unwanted).append(account)
        elif present and name in asked:
            raise MachineError(
                f"conda_proxy_users names {name}, and this machine has no such user; correct the name or create the user"
            )
        else:
            warnings.append(f"the user {name} was served before and is gone; what lies in that home stays")
            gone.append(name)
    return wanted, unwanted, gone


def where(part: Part) -> str:
    return f"in {part.account.home}" if part.account else "for the whole system"
