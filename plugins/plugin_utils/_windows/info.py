# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who sees what on Windows.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine import result as _result
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import consumers
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import MakeRemote, profile
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine


def run_info(make_remote: MakeRemote, options: t.Mapping[str, t.Any]) -> Result:  # noqa: ARG001  # all are for POSIX
    """Who sees what; the result is that of the module conda_proxy_info."""
    masker = Masker(secrets.token_hex(16))
    machine = WindowsMachine(make_remote(lambda text: masker.foreign(text, ())), WINDOWS.system_state, system=True)
    result: Result = {"changed": False, "schema_version": _rows.SCHEMA_VERSION, "consumers": [], "conflicts": []}
    try:
        found = dict(zip(("consumers", "conflicts"), consumers.look(machine)))
        user = profile(machine).rpartition("\\")[2]
    except MachineError as exc:
        return dict(result, **_result.failure(str(exc)))
    for name, rows in found.items():
        result[name] = [_rows.masked(dict(row, user=user), masker) for row in rows]
    return result
