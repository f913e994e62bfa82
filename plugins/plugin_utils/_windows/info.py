# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Who sees what on Windows."""

from __future__ import annotations

import secrets

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result, failure
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import SCHEMA_VERSION
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import consumers
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import MakeRemote, profile
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine


def run_info(make_remote: MakeRemote) -> Result:
    """Return what the module conda_proxy_info returns."""
    masker = Masker(secrets.token_hex(16))
    machine = WindowsMachine(make_remote(lambda text: masker.foreign(text, ())), WINDOWS.system_state, system=True)
    result: Result = {"changed": False, "schema_version": SCHEMA_VERSION, "consumers": [], "conflicts": []}
    try:
        view = consumers.look(machine)
        user = profile(machine).rpartition("\\")[2]
    except MachineError as exc:
        return dict(result, **failure(str(exc)))
    result["consumers"] = [row._replace(user=user).result(masker) for row in view.consumers]
    result["conflicts"] = [one._replace(user=user).result(masker) for one in view.conflicts]
    return result
