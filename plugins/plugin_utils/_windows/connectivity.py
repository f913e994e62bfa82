# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The task of conda_connectivity on a Windows host."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result, failure
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import logon
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import MakeRemote, WindowsHost, file_texts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.probe import WindowsLauncher


def run_connectivity(make_remote: MakeRemote, task: Connectivity) -> Result:
    """Return what the module conda_connectivity returns."""
    remote = make_remote(lambda text: Masker(secrets.token_hex(16)).foreign(text, ()))
    machine = WindowsMachine(remote, WINDOWS.system_state, system=True)
    host = WindowsHost(remote, machine, task.prefix)
    environment: t.Mapping[str, str | None] | None = task.environment
    launcher = WindowsLauncher(remote)
    try:
        if environment is None:
            condarcs = [WINDOWS.system_condarc]
            condarcs += [Scope(WINDOWS, host.home).condarc] if host.home else []
            servers = (task.candidate and task.candidate.proxy_servers) or {}
            environment = logon.new_logon(machine, [*file_texts(machine, condarcs), *servers.values()])
        rows = connectivity.prove(
            launcher, host.bases, environment, task.proof, user=host.user, candidate=task.candidate
        )
        infos = None
        if task.proof.info:
            infos = connectivity.conda_info(launcher, host.bases, environment, user=host.user, candidate=task.candidate)
    except MachineError as exc:
        return dict(failure(str(exc)), changed=False)
    return connectivity.result(rows, infos, task.require)
