# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run on a POSIX machine: which transactions it has, whose rights each gets, and the one result of them all.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import functools
import os
import platform
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import (
    Result,
    add,
    answer,
    failure,
    finish,
    new_result,
    unique,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Outcome, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Proof, keep
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH, Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import PLATFORMS
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, probe
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._roster import Roster
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    Scope,
    Settings,
    build_targets,
    ca_bundle_path,
    environment_variables,
    strays,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
    from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

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


def run(settings: Settings, check_mode: bool, with_diff: bool) -> Result:
    """Converge this machine; the result is what the action returns (docs of conda_proxy), C(failed) and C(msg) included."""
    table = PLATFORMS.get(platform.system())
    if table is None:
        return failure("this system ({}) is not supported".format(platform.system() or "unknown"))
    result = new_result()
    errors: list[str] = []
    roster = Roster(PosixMachine(), table.system_state)
    try:
        parts, gone = _parts(table, settings, roster, result["warnings"])
        keep_roster = os.geteuid() == 0 and not _own_scope(settings) and not check_mode and settings["sections"]
        if keep_roster:
            roster.add([part.account.name for part in parts if part.account and part.wanted])
        settled = set(gone)
        for planned in parts:
            part = planned.without_what_is_replaced() if errors else planned
            if part is None:
                if planned.account or Store(PosixMachine(), table.system_state).load_state().targets:
                    result["warnings"].append(f"what is ours {_where(planned)} stays until the rest is done")
            elif _run_part(table, settings, part, check_mode, result, errors) and part.account:
                settled.add(part.account.name)
        if keep_roster:
            roster.drop(settled)
    except MachineError as exc:
        errors.append(str(exc))
    return finish(result, errors, with_diff)


def _run_part(
    table: Platform,
    settings: Settings,
    part: Part,
    check_mode: bool,
    result: Result,
    errors: list[str],
) -> bool:
    """Run one part and add it to the result. True: nothing of ours is left there."""
    name = part.account.name if part.account else ""

    def work() -> Result:
        return _transact(table, settings, part, check_mode)

    try:
        answered = _accounts.run_as(part.account, work) if part.account else _accounts.guarded(work)
    except MachineError as exc:
        if exc.needs:
            result["needs"] = exc.needs
        errors.append(f"{name}: {exc}" if name else str(exc))
        return False
    error = add(result, answered, name)
    if settings["state"] == "present" and part.takes_back and answered["resources"]:
        done = "would be" if check_mode else "was"
        result["warnings"].append(f"what is ours {_where(part)} is not asked for any more, and {done} taken back")
    if error:
        errors.append(f"{name}: {error}" if name else error)
    return bool(answered["settled"])


def _own_scope(settings: Settings) -> bool:
    """Is this only about the connecting user's own home?"""
    return settings["scope"] == "user" and not settings["users"]


def _parts(table: Platform, settings: Settings, roster: Roster, warnings: list[str]) -> tuple[list[Part], list[str]]:
    """The transactions of this run in their order, and users that are gone and may be forgotten.

    Raises MachineError when this process may not do what is asked.
    """
    sections = tuple(settings["sections"])
    present = settings["state"] == "present"
    if _own_scope(settings):
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


def _where(part: Part) -> str:
    return f"in {part.account.home}" if part.account else "for the whole system"


def _transact(table: Platform, settings: Settings, part: Part, check_mode: bool) -> Result:
    """One part, with the rights of its user."""
    masker = Masker(settings["mask_key"])
    scope = Scope(table, part.account.home if part.account else "")
    account = part.account or _accounts.own()
    if part.account and not os.path.isdir(account.home):
        if not part.takes_back:
            raise MachineError(f"the home {account.home} of {account.name} is not there; create it or correct it")
        notes = [f"the home {account.home} of {account.name} is not there; what lies in it stays"]
        return answer(Outcome([], 0, notes, []), [], "", _permissions)
    variables = environment_variables(scope, settings) if "environment" in part.wanted else {}
    machine = PosixMachine(settings["lock_timeout"], variables, lambda text: masker.foreign(text, settings["secrets"]))
    folder = scope.path(table.user_state) if part.account else table.system_state
    login: dict[str, t.Any] = {}  # empty where nobody asks for it
    proves = bool(part.witnesses) and settings["verify"] != "none"
    if (proves and not part.takes_back) or "netrc" in part.wanted:
        login = _logged_in(account, settings["prefix"])
    bases = find_bases(account.home, login.get("PATH", ""), settings["prefix"])

    def targets() -> t.Sequence[Target]:
        return build_targets(scope, settings, part.wanted, bases)

    def prove(written: bool) -> list[Result]:
        rows: list[Result] = []
        for witness in part.witnesses:
            if witness == account and not part.takes_back:
                # what a login shell has may have changed, by what was taken back too
                now = {**_logged_in(account, settings["prefix"]), **variables} if written else login
                rows += _seen_by(account, bases, now, settings, written)
            else:
                rows += _accounts.run_as(witness, functools.partial(_testimony, witness, settings, written))["rows"]
        return rows

    transaction = Transaction(machine, folder, part.sections, targets, masker, settings["run"], platform.node())
    others = () if part.account else settings["proof"].get("logins", ())  # in the netrc of the users alone
    asked = settings if proves else dict(settings, verify="none")
    proof = Proof(asked, prove, only_changes=part.takes_back, logins=others)
    outcome, error, rolled_back = keep(transaction, proof, check_mode)
    outcome.warnings.extend(_elsewhere(part, account, login))
    if settings["state"] == "absent" and not outcome.changes:
        outcome.warnings.extend(
            f"{path}: has lines of ours that the state here does not know; take them out by hand"
            for path in strays(scope)
        )
    settled = not check_mode and Store(machine, folder).load_state().empty
    return dict(answer(outcome, proof.rows, error, _permissions), rolled_back=rolled_back, settled=settled)


def _logged_in(account: Account, prefix: str) -> dict[str, str]:
    return login_shell.login_environment(account.home, account.shell, account.name, prefix)


def _testimony(account: Account, settings: Settings, written: bool) -> Result:
    """What a user sees whose own files are not the ones that change."""
    login = _logged_in(account, settings["prefix"])
    bases = find_bases(account.home, login.get("PATH", ""), settings["prefix"])
    return {"rows": _seen_by(account, bases, login, settings, written)}


def _seen_by(
    account: Account, bases: t.Sequence[Base], login: t.Mapping[str, str], settings: Settings, written: bool
) -> list[Result]:
    bare = dict(settings["proof"]["bare"])  # without conda, Python alone looks
    if not written:
        bare.update(proxies=None, ca_bundle=None)
    elif bare["ca_bundle"] == CA_BUNDLE_PATH:
        table = PLATFORMS[platform.system()]
        bare["ca_bundle"] = ca_bundle_path(Scope(table, "" if settings["scope"] == "system" else account.home))
    options = dict(settings["proof"], user=account.name, bare=bare)
    environment: dict[str, str | None] = {name: value for name, value in login.items() if name != "PATH"}
    return probe.prove(bases, environment, account.home, options)


def _elsewhere(part: Part, account: Account, login: t.Mapping[str, str]) -> list[str]:
    """Is another netrc read than the one that is written?"""
    path = os.path.join(account.home, ".netrc")
    named = login.get("NETRC", path)
    if "netrc" not in part.wanted or not part.account or os.path.realpath(named) == os.path.realpath(path):
        return []
    return [f"{path}: a login shell of {account.name} sets NETRC to another file, so this one is not read"]


def _permissions(file: File) -> str:
    return f"(mode {file.mode:04o})\n"
