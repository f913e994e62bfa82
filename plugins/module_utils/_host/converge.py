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
)
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Outcome, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Proof, keep
from ansible_collections.condafleet.proxy.plugins.module_utils._host.jobs import Part, own_scope, parts, where
from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import Roster
from ansible_collections.condafleet.proxy.plugins.module_utils._host.user_probe import (
    elsewhere,
    logged_in,
    seen_by,
    testimony,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import PLATFORMS
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    Scope,
    Settings,
    build_targets,
    environment_variables,
    strays,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File
    from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target


def run(settings: Settings, check_mode: bool, with_diff: bool) -> Result:
    """Converge this machine; the result is what the action returns (docs of conda_proxy), C(failed) and C(msg) included."""
    table = PLATFORMS.get(platform.system())
    if table is None:
        return failure("this system ({}) is not supported".format(platform.system() or "unknown"))
    result = new_result()
    errors: list[str] = []
    roster = Roster(PosixMachine(), table.system_state)
    try:
        jobs, gone = parts(table, settings, roster, result["warnings"])
        keep_roster = os.geteuid() == 0 and not own_scope(settings) and not check_mode and settings["sections"]
        if keep_roster:
            roster.add([part.account.name for part in jobs if part.account and part.wanted])
        settled = set(gone)
        for planned in jobs:
            part = planned.without_what_is_replaced() if errors else planned
            if part is None:
                if planned.account or Store(PosixMachine(), table.system_state).load_state().targets:
                    result["warnings"].append(f"what is ours {where(planned)} stays until the rest is done")
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
        result["warnings"].append(f"what is ours {where(part)} is not asked for any more, and {done} taken back")
    if error:
        errors.append(f"{name}: {error}" if name else error)
    return bool(answered["settled"])


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
        login = logged_in(account, settings["prefix"])
    bases = find_bases(account.home, login.get("PATH", ""), settings["prefix"])

    def targets() -> t.Sequence[Target]:
        return build_targets(scope, settings, part.wanted, bases)

    def prove(written: bool) -> list[Result]:
        rows: list[Result] = []
        for witness in part.witnesses:
            if witness == account and not part.takes_back:
                # what a login shell has may have changed, by what was taken back too
                now = {**logged_in(account, settings["prefix"]), **variables} if written else login
                rows += seen_by(account, bases, now, settings, written)
            else:
                rows += _accounts.run_as(witness, functools.partial(testimony, witness, settings, written))["rows"]
        return rows

    transaction = Transaction(machine, folder, part.sections, targets, masker, settings["run"], platform.node())
    others = () if part.account else settings["proof"].get("logins", ())  # in the netrc of the users alone
    asked = settings if proves else dict(settings, verify="none")
    proof = Proof(asked, prove, only_changes=part.takes_back, logins=others)
    outcome, error, rolled_back = keep(transaction, proof, check_mode)
    outcome.warnings.extend(elsewhere(part, account, login))
    if settings["state"] == "absent" and not outcome.changes:
        outcome.warnings.extend(
            f"{path}: has lines of ours that the state here does not know; take them out by hand"
            for path in strays(scope)
        )
    settled = not check_mode and Store(machine, folder).load_state().empty
    return dict(answer(outcome, proof.rows, error, _permissions), rolled_back=rolled_back, settled=settled)


def _permissions(file: File) -> str:
    return f"(mode {file.mode:04o})\n"
