# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action conda_connectivity: one execution on the machine."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._host_action import HostAction

OPTIONS: dict[str, dict[str, t.Any]] = {
    "channels": {"type": "list", "elements": "str"},
    "prefix": {"type": "path"},
    "environment": {"type": "dict"},
    "deadline": {"type": "float", "default": 45.0},
    "connect_timeout": {"type": "float", "default": 5.0},
    "read_timeout": {"type": "float", "default": 15.0},
    "packages": {"type": "bool", "default": False},
    "info": {"type": "bool", "default": False},
    "require": {"type": "bool", "default": False},
}


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        options = self.validated(OPTIONS)
        return self.on_machine(task_vars or {}, {"task": "conda_connectivity", "options": options})
