# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run on a POSIX machine: which transactions it has, whose rights each gets, and the one result of them all.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import platform
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _accounts, _login, _proof
from ansible_collections.condafleet.proxy.plugins.module_utils._bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._engine import Failed, Outcome, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import PLATFORMS, USER_STATE, Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._promise import Proof
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import (
    RootsNeeded,
    Scope,
    Settings,
    build_targets,
    environment_variables,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._accounts import Account
    from ansible_collections.condafleet.proxy.plugins.module_utils._plan import Change, Target

SCHEMA_VERSION = 1
ALL_SECTIONS = ("condarc", "environment", "netrc")
Result = t.Dict[str, t.Any]


class Part(t.NamedTuple):
    """One transaction: the system's when C(account) is None, else a user's. C(wanted) false: only take back."""

    account: Account | None
    sections: tuple[str, ...]
    wanted: bool


def run(settings: Settings, check_mode: bool, with_diff: bool) -> Result:
    """Converge this machine; the result is what the action returns (docs of conda_proxy), C(failed) and C(msg) included."""
    table = PLATFORMS.get(platform.system())
    if table is None:
        return _failure("this system ({}) is not supported".format(platform.system() or "unknown"))
    result: Result = {
        "changed": False,
        "schema_version": SCHEMA_VERSION,
        "resources": [],
        "unchanged": 0,
        "proof": [],
        "rolled_back": False,
        "warnings": [],
        "diff": [],
    }
    errors: list[str] = []
    try:
        parts = _parts(table, settings, result["warnings"])
        keep_list = os.geteuid() == 0 and not _own_scope(settings) and not check_mode
        if keep_list:
            _register(table, parts)
    except MachineError as exc:
        return dict(result, **_failure(str(exc)))
    for part in parts:
        _run_part(table, settings, part, check_mode, with_diff, result, errors)
    if keep_list and not errors:
        _unregister(table, parts)
    if not with_diff:
        del result["diff"]
    if errors:
        result.update(_failure("; ".join(errors)))
    return result


def _failure(message: str) -> Result:
    return {"failed": True, "msg": message}


def _run_part(
    table: Platform,
    settings: Settings,
    part: Part,
    check_mode: bool,
    with_diff: bool,
    result: Result,
    errors: list[str],
) -> None:
    name = part.account.name if part.account else ""

    def work() -> Result:
        return _transact(table, settings, part, check_mode)

    try:
        answer = _accounts.run_as(part.account, work) if part.account else work()
    except RootsNeeded as exc:
        result["needs"] = "ca_roots"
        errors.append(str(exc))
        return
    except MachineError as exc:
        errors.append(f"{name}: {exc}" if name else str(exc))
        return
    mine = {"user": name} if name else {}
    result["resources"] += [dict(resource, **mine) for resource in answer["resources"]]
    result["changed"] = result["changed"] or bool(answer["resources"])
    result["unchanged"] += answer["unchanged"]
    result["warnings"] += [note for note in answer["warnings"] if note not in result["warnings"]]
    result["proof"] += answer["proof"]
    result["rolled_back"] = result["rolled_back"] or answer["rolled_back"]
    if with_diff:
        result["diff"] += answer["diff"]
    if answer["error"]:
        errors.append("{}: {}".format(name, answer["error"]) if name else answer["error"])


def _own_scope(settings: Settings) -> bool:
    """Is this only about the connecting user's own home?"""
    return settings["scope"] == "user" and not settings["users"]


def _parts(table: Platform, settings: Settings, warnings: list[str]) -> list[Part]:
    """The transactions of this run, in their order. Raises MachineError when this process may not do what is asked."""
    root = os.geteuid() == 0
    sections = tuple(settings["sections"])
    present = settings["state"] == "present"
    if _own_scope(settings):
        return [Part(_accounts.own(settings["home"]), sections, present)]
    if not root:
        own = _accounts.own()
        if settings["scope"] == "user" and settings["users"] == [own.name]:
            return [Part(own, sections, present)]
        raise MachineError(f"this needs root, and the connection is {own.name}: set conda_proxy_become: true")
    system = settings["scope"] == "system"
    theirs = ("netrc",) if system and present else sections
    parts = []
    if system or os.path.isdir(table.system_state):
        parts.append(Part(None, tuple(section for section in sections if section != "netrc"), present and system))
    asked = settings["users"] if not system or "netrc" in sections else []
    for name in _unique([*asked, *Store(PosixMachine(), table.system_state).load_state().users]):
        account = _accounts.find(name)
        if account is not None:
            wanted = present and name in asked
            parts.append(Part(account, theirs if wanted else sections, wanted))
        elif name in asked:
            raise MachineError(f"conda_proxy_users names {name}, and this machine has no such user")
        else:
            warnings.append(f"the user {name} was served before and is gone; what lies in that home stays")
    return parts


def _register(table: Platform, parts: t.Sequence[Part]) -> None:
    """Keep the list of users served in the system's state, before anything is written for a new one."""
    names = [part.account.name for part in parts if part.account and part.wanted]
    machine = PosixMachine()
    store = Store(machine, table.system_state)
    state = store.load_state()
    missing = [name for name in names if name not in state.users]
    if missing:
        made = machine.missing_folders(store.folder + "/x")
        for folder in made:
            machine.make_folder(folder, private=folder == store.folder)
        with machine.lock(store.folder):
            state = store.load_state()
            state.made = _unique([*state.made, *made])
            state.users.update({name: {} for name in missing})
            store.save_state(state)


def _unregister(table: Platform, parts: t.Sequence[Part]) -> None:
    """Forget the users from whom everything was taken back."""
    gone = {part.account.name for part in parts if part.account and not part.wanted}
    store = Store(PosixMachine(), table.system_state)
    if gone & set(store.load_state().users):
        with store.machine.lock(store.folder):
            state = store.load_state()
            state.users = {name: value for name, value in state.users.items() if name not in gone}
            if state.empty:
                store.drop([folder for folder in state.made if store.folder.startswith(folder + "/")])
            else:
                store.save_state(state)


def _transact(table: Platform, settings: Settings, part: Part, check_mode: bool) -> Result:
    """One part, with the rights of its user."""
    masker = Masker(settings["mask_key"])
    scope = Scope(table, part.account.home if part.account else "")
    variables = environment_variables(scope, settings) if part.wanted and "environment" in part.sections else {}
    machine = PosixMachine(settings["lock_timeout"], variables, lambda text: masker.foreign(text, settings["secrets"]))
    folder = scope.path(USER_STATE) if part.account else table.system_state
    account = part.account or _accounts.own()
    login: dict[str, t.Any] = {}  # empty where nobody asks for it
    if part.wanted and (settings["verify"] != "none" or "netrc" in part.sections):
        login = _login.login_environment(account.home, account.shell, account.name)
    bases = find_bases(account.home, login.pop("PATH", ""), settings["prefix"])
    options = dict(settings["proof"], user=account.name)

    def targets() -> t.Sequence[Target]:
        return build_targets(scope, settings, part.sections, bases) if part.wanted else []

    transaction = Transaction(machine, folder, part.sections, targets, masker, settings["run"], platform.node())

    def prove(written: bool) -> list[Result]:
        environment = login
        if written:  # what a login shell has may have changed, by what was taken back too
            environment = {**_login.login_environment(account.home, account.shell, account.name), **variables}
        return _proof.prove(bases, environment, account.home, options)

    proof = Proof(settings if part.wanted else dict(settings, verify="none"), prove)
    error = ""
    rolled_back = False
    try:
        if check_mode:
            outcome = transaction.preview()
            proof.look()
        else:
            outcome = transaction.converge(proof.before, proof.after)
            error = proof.complaint
    except Failed as exc:
        outcome, error, rolled_back = Outcome([], 0, exc.warnings), str(exc), True
    outcome.warnings.extend(_elsewhere(part, account, login))
    return dict(_answer(outcome, proof.rows, error), rolled_back=rolled_back)


def _elsewhere(part: Part, account: Account, login: t.Mapping[str, str]) -> list[str]:
    """Is another netrc read than the one that is written?"""
    path = os.path.join(account.home, ".netrc")
    named = login.get("NETRC", path)
    if "netrc" not in part.sections or not part.account or os.path.realpath(named) == os.path.realpath(path):
        return []
    return [f"{path}: a login shell of {account.name} sets NETRC to another file, so this one is not read"]


def _answer(outcome: Outcome, proof: list[Result], error: str) -> Result:
    """The result of one part, in what JSON can hold: it may have to cross a pipe."""
    return {
        "resources": [change.resource() for change in outcome.changes],
        "unchanged": outcome.unchanged,
        "warnings": outcome.warnings + _notices(outcome.changes),
        "proof": proof,
        "diff": [_difference(change) for change in outcome.changes],
        "error": error,
    }


def _notices(changes: t.Sequence[Change]) -> list[str]:
    return _unique([change.notice for change in changes if change.notice])


def _difference(change: Change) -> dict[str, str]:
    return {"before_header": change.path, "after_header": change.path, "before": change.before, "after": change.after}


def _unique(names: t.Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
