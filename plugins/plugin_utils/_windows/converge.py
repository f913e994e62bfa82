# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Converge a Windows host, which is worked on from the control node: what conda_proxy_host does elsewhere."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc_parser
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.part import Part, run_part
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result, RunResult
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Verification, check_prefix
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import logon
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import (
    MakeRemote,
    WindowsHost,
    file_texts,
    profile,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import MARKER, PRIVATE, WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.probe import WindowsLauncher
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import Remote


def run_conda_proxy(make_remote: MakeRemote, settings: Settings, run: Run, check_mode: bool, with_diff: bool) -> Result:
    """Converge the host; the result is that of the module conda_proxy."""
    result = RunResult()
    masker = Masker(run.mask_key)
    remote = make_remote(lambda text: masker.foreign(text, settings.secrets))
    try:
        _transact(remote, settings, run, check_mode, result)
    except MachineError as exc:
        result.fail(exc)
    return result.finish(with_diff)


def _transact(remote: Remote, settings: Settings, run: Run, check_mode: bool, result: RunResult) -> None:
    home = "" if settings.system else _profile(remote)
    scope = Scope(WINDOWS, home)
    machine = WindowsMachine(remote, scope.state, settings.system, run.id, run.lock_timeout)
    side = _WindowsSide(scope, settings, machine, WindowsHost(remote, machine, settings.prefix, home))
    desired = settings.sections if settings.present else ()
    if settings.present and settings.prefix:
        check_prefix(settings.prefix, side.host.bases)
    sections = tuple(section for section in settings.sections if section != "netrc" or not settings.system)
    verification = Verification(settings.verify, settings.proof.deadline, side.prove)
    done = run_part(Part(scope, sections, desired), side, settings, run, verification, check_mode)
    if settings.proof.info and settings.verify != "none":
        done = done._replace(infos=tuple(side.conda_info()))
    result.add(done, "" if settings.system else side.host.user or "")


def _profile(remote: Remote) -> str:
    home = profile(WindowsMachine(remote, "", system=False))
    if not home:
        raise MachineError(
            "the connecting user has no profile in this session (the session's registry has no USERPROFILE); "
            "set conda_proxy_scope: system, or let the user log in once"
        )
    return home


class _WindowsSide:
    """See Side. Each look is a remote execution, so a question is asked only where its answer decides something."""

    def __init__(self, scope: Scope, settings: Settings, machine: WindowsMachine, host: WindowsHost) -> None:
        self._scope = scope
        self._settings = settings
        self.machine = machine
        self.host = host

    def _marked(self) -> bool:
        key = MACHINE_ENVIRONMENT if self._scope.system else USER_ENVIRONMENT
        return MARKER.lower() in self.machine.key(key)

    def _desired(self, *sections: str) -> bool:
        return self._settings.present and bool(set(sections) & set(self._settings.sections))

    def facts(self) -> Facts:
        settings = self._settings
        netrc = self._netrc_path() if self._desired("netrc") and settings.netrc and not self._scope.system else ""
        # what every parser reads alike needs no look at which one will
        portable = all(netrc_parser.portable(value) for entry in settings.netrc for value in entry)
        return Facts(
            ca_roots=self.host.roots() if settings.ca_bundle and self._desired("condarc", "environment") else None,
            netrc_path=netrc,
            netrc_escapes=self.host.netrc_escapes() if netrc and not portable else None,
            marked=self._marked(),
        )

    def prove(self, _applied: bool) -> list[ProofRow]:
        return connectivity.prove(
            WindowsLauncher(self.host.remote),
            self.host.bases,
            self._environment(),
            self._settings.proof,
            user=self.host.user,
        )

    def conda_info(self) -> list[connectivity.CondaInfo]:
        launcher = WindowsLauncher(self.host.remote)
        return connectivity.conda_info(launcher, self.host.bases, self._environment(), user=self.host.user)

    def _environment(self) -> dict[str, str | None]:
        # where the condarc is not managed, its proxy is still known
        alone = self._settings.proof.without_conda
        condarcs = [self._condarc] if self._desired("condarc") and self._settings.fragment else []
        texts = [*file_texts(self.machine, condarcs), *(alone.proxy_servers or {}).values(), *(alone.channels or ())]
        return logon.new_logon(self.machine, texts)

    @property
    def _condarc(self) -> str:
        path = self._settings.condarc_path
        return self._scope.native(path) if path else self._scope.condarc

    def _netrc_path(self) -> str:
        """Return the netrc that conda's Python reads: the first of the two names that exists."""
        first, second = map(self._scope.path, WINDOWS.user_netrc)
        if not self.machine.read(first, follow=False).exists:
            return second if self.machine.read(second, follow=False).exists else first
        return first

    def leftovers(self) -> list[str]:
        if not self._marked():
            return []
        note = f"the variable {MARKER} is set, but the state records no managed variable; remove the variables by hand"
        return [note]

    def remarks(self, changes: t.Sequence[Change]) -> list[str]:
        """Asked when a netrc changes: on an unchanged host it would be one more execution each time."""
        if not any(change.kind == "netrc" for change in changes):
            return []
        first, second = map(self._scope.path, WINDOWS.user_netrc)
        if self.machine.read(first, follow=False).exists and self.machine.read(second, follow=False).exists:
            return [f"{first} and {second} both exist: conda reads only the first one"]
        return []

    def overruled(self, written: t.Collection[str]) -> list[Overruled]:  # noqa: ARG002  # the registry feeds all
        return []

    def permissions(self, file: File) -> str:
        return "(for the account, SYSTEM and Administrators)\n" if file.mode == PRIVATE else ""
