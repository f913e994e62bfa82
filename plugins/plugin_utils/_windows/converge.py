# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the collection on a Windows host, which is worked on from here: what conda_proxy_host does elsewhere.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc_parser
from ansible_collections.condafleet.proxy.plugins.module_utils._engine import result as _result
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Proof, keep
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import logon, probe
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import (
    MakeRemote,
    WindowsHost,
    file_texts,
    profile,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import MARKER, PRIVATE, WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import Remote
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.targets import NETRC_NAMES, build_targets

Result = t.Dict[str, t.Any]


def run_conda_proxy(make_remote: MakeRemote, settings: Settings, check_mode: bool, with_diff: bool) -> Result:
    """Converge the host; the result is that of the module conda_proxy."""
    result = _result.new_result()
    errors = []
    masker = Masker(settings["mask_key"])
    remote = make_remote(lambda text: masker.foreign(text, settings["secrets"]))
    try:
        part = _transact(remote, settings, masker, check_mode)
        error = _result.add(result, part, part["user"])
        errors += [error] if error else []
    except MachineError as exc:
        if exc.needs:
            result["needs"] = exc.needs
        errors.append(str(exc))
    return _result.finish(result, errors, with_diff)


def _transact(remote: Remote, settings: Settings, masker: Masker, check_mode: bool) -> Result:
    system = settings["scope"] == "system"
    home = ""
    if not system:
        home = profile(WindowsMachine(remote, "", system=False))
        if not home:
            raise MachineError(
                "the connecting user has no profile in this session (its registry names no USERPROFILE); "
                "set conda_proxy_scope: system, or let the user log in once"
            )
    scope = Scope(WINDOWS, home)
    folder = WINDOWS.system_state if system else scope.path(WINDOWS.user_state)
    machine = WindowsMachine(remote, folder, system, settings["run"], settings["lock_timeout"])
    host = WindowsHost(remote, machine, settings["prefix"], home)
    wanted = tuple(settings["sections"]) if settings["state"] == "present" else ()

    condarcs: list[str] = []

    def marked() -> bool:
        return MARKER.lower() in machine.key(MACHINE_ENVIRONMENT if system else USER_ENVIRONMENT)

    def targets() -> t.Sequence[Target]:
        netrc = _netrc_path(machine, home) if "netrc" in wanted and settings["netrc"] else ""
        # what every parser reads alike needs no look at which one will
        plain = all(netrc_parser.portable(value) for entry in settings["netrc"] for value in entry.values())
        escapes = host.netrc_escapes() if netrc and not plain else None
        roots = None
        if settings["ca_bundle"] and {"condarc", "environment"} & set(wanted):
            roots = host.roots() or settings["ca_bundle"]["roots"]
        built = build_targets(scope, settings, wanted, roots, netrc, escapes, marked())
        condarcs[:] = [target.path for target in built if target.kind == "condarc"]
        return built

    def prove(_written: bool) -> list[Result]:
        # where the condarc is not ours to write, its proxy is still known
        bare = settings["proof"].get("bare", {})
        texts = [*file_texts(machine, condarcs), *(bare.get("proxies") or {}).values(), *bare.get("channels", ())]
        options = dict(settings["proof"], user=host.user)
        return probe.prove(remote, host.bases, logon.new_logon(machine, texts), options)

    sections = [section for section in settings["sections"] if section != "netrc" or not system]
    transaction = Transaction(machine, folder, sections, targets, masker, settings["run"], settings["host"])
    proof = Proof(settings, prove)
    outcome, error, rolled_back = keep(transaction, proof, check_mode)
    if settings["state"] == "absent" and not outcome.changes and marked():
        outcome.warnings.append(
            f"the variable {MARKER} is from us, and the state here does not know of any; take the variables out by hand"
        )
    if any(change.kind == "netrc" for change in outcome.changes):
        outcome.warnings.extend(_two_netrcs(machine, home))
    answer = _result.answer(outcome, proof.rows, error, _permissions)
    return dict(answer, rolled_back=rolled_back, user="" if system else host.user)


def _netrc_path(machine: WindowsMachine, home: str) -> str:
    """The netrc that conda's Python reads: the first of the two names that is there."""
    first, second = (home + "\\" + name for name in NETRC_NAMES)
    if not machine.read(first, follow=False).exists:
        return second if machine.read(second, follow=False).exists else first
    return first


def _two_netrcs(machine: WindowsMachine, home: str) -> list[str]:
    """Looked at when a netrc changes: on an unchanged host it would be one more execution each time."""
    first, second = (home + "\\" + name for name in NETRC_NAMES)
    if machine.read(first, follow=False).exists and machine.read(second, follow=False).exists:
        return [f"{first} and {second} are both there: conda reads the first alone"]
    return []


def _permissions(file: File) -> str:
    return "(for the account, SYSTEM and Administrators)\n" if file.mode == PRIVATE else ""
