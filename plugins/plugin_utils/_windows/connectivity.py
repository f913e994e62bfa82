# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prove without changing anything on Windows.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine import result as _result
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import logon, probe
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import MakeRemote, WindowsHost, file_texts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine


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
            environment = logon.new_logon(machine, [*file_texts(machine, condarcs), *tried.values()])
        rows = probe.prove(remote, host.bases, environment, dict(options, user=host.user))
        infos = None
        if options.get("info"):
            infos = probe.conda_info(remote, host.bases, environment, options.get("candidate") or {})
    except MachineError as exc:
        return dict(_result.failure(str(exc)), changed=False)
    return connectivity.connectivity(rows, infos, options)
