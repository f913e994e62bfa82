# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the collection on a Windows host, which is worked on from here: what conda_proxy_host does elsewhere.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import contextlib
import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import python
from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc_parser
from ansible_collections.condafleet.proxy.plugins.module_utils._engine import result as _result
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Proof, keep
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target
from ansible_collections.condafleet.proxy.plugins.plugin_utils import _windows_info, _windows_proof
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows_bases import Base, find_bases, python_version
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows_machine import MARKER, PRIVATE, WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows_remote import Remote
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows_targets import NETRC_NAMES, build_targets

Result = t.Dict[str, t.Any]
MakeRemote = t.Callable[[t.Callable[[str], str]], Remote]
_SESSION = r"HKCU:\Volatile Environment"
_SHELL_FOLDERS = r"HKCU:\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
_LOCAL = r"\AppData\Local"
_CERTIFI = r"\Lib\site-packages\certifi\cacert.pem"


class WindowsHost:
    """One host during one task. What is found out is remembered: each look is a remote execution."""

    def __init__(self, remote: Remote, machine: WindowsMachine, prefix: str, home: str = "") -> None:
        self.remote = remote
        self.machine = machine
        self._prefix = prefix
        self._home: str | None = home or None
        self._bases: list[Base] | None = None

    @property
    def home(self) -> str:
        """The connecting user's profile, as the session has it; empty when it has none."""
        if self._home is None:
            self._home = profile(self.machine)
        return self._home

    @property
    def user(self) -> str | None:
        """The connecting user, by the name of the profile; None without one. Finding the bases looks at it anyway."""
        return self.home.rpartition("\\")[2] or None

    @property
    def bases(self) -> list[Base]:
        if self._bases is None:
            self._bases = find_bases(self.remote, self.machine, self.home, self._prefix)
        return self._bases

    def netrc_escapes(self) -> bool | None:
        """How the netrc parser of the bases quotes; None when it is not known, or not one rule for all."""
        return python.common_escapes(python.netrc_escapes(python_version(self.remote, base)) for base in self.bases)

    def roots(self) -> str | None:
        """The CA roots that come with a base: Windows keeps its own in no file."""
        for base in self.bases:
            file = self.machine.read(base.prefix + _CERTIFI) if not base.refusal else File()
            if file.exists:
                return file.text
        return None


def profile(machine: WindowsMachine) -> str:
    """USERPROFILE of the connecting user; empty when it has none."""
    value = machine.key(_SESSION).get("userprofile")
    if value:
        return str(value.seen)
    # not every session over the network has that key; this one lies in the profile and is expanded by the session
    local = machine.key(_SHELL_FOLDERS).get("local appdata")
    path = str(local.seen) if local else ""
    return path[: -len(_LOCAL)] if path.endswith(_LOCAL) and "%" not in path else ""


def _texts(machine: WindowsMachine, paths: t.Iterable[str]) -> t.Iterator[str]:
    """What stands in the files, where it can be read; conda says what is wrong with another one."""
    for path in paths:
        with contextlib.suppress(MachineError):
            yield machine.read(path).text or ""


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


def run_connectivity(make_remote: MakeRemote, options: t.Mapping[str, t.Any]) -> Result:
    """Prove without changing anything; the result is that of the module conda_connectivity."""
    remote = make_remote(lambda text: Masker(secrets.token_hex(16)).foreign(text, ()))
    machine = WindowsMachine(remote, WINDOWS.system_state, system=True)
    host = WindowsHost(remote, machine, options.get("prefix") or "")
    environment = options.get("environment")
    try:
        if environment is None:
            condarcs = [WINDOWS.system_condarc]
            condarcs += [Scope(WINDOWS, host.home).path(WINDOWS.user_condarc)] if host.home else []
            tried = (options.get("candidate") or {}).get("proxy_servers") or {}
            environment = _windows_proof.new_logon(machine, [*_texts(machine, condarcs), *tried.values()])
        rows = _windows_proof.prove(remote, host.bases, environment, dict(options, user=host.user))
        infos = None
        if options.get("info"):
            infos = _windows_proof.conda_info(remote, host.bases, environment, options.get("candidate") or {})
    except MachineError as exc:
        return dict(_result.failure(str(exc)), changed=False)
    return connectivity.connectivity(rows, infos, options)


def run_info(make_remote: MakeRemote, options: t.Mapping[str, t.Any]) -> Result:  # noqa: ARG001  # all are for POSIX
    """Who sees what; the result is that of the module conda_proxy_info."""
    masker = Masker(secrets.token_hex(16))
    machine = WindowsMachine(make_remote(lambda text: masker.foreign(text, ())), WINDOWS.system_state, system=True)
    result: Result = {"changed": False, "schema_version": _rows.SCHEMA_VERSION, "consumers": [], "conflicts": []}
    try:
        found = dict(zip(("consumers", "conflicts"), _windows_info.look(machine)))
        user = profile(machine).rpartition("\\")[2]
    except MachineError as exc:
        return dict(result, **_result.failure(str(exc)))
    for name, rows in found.items():
        result[name] = [_rows.masked(dict(row, user=user), masker) for row in rows]
    return result


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
        texts = [*_texts(machine, condarcs), *(bare.get("proxies") or {}).values(), *bare.get("channels", ())]
        options = dict(settings["proof"], user=host.user)
        return _windows_proof.prove(remote, host.bases, _windows_proof.new_logon(machine, texts), options)

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
