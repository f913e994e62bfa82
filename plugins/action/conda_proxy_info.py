# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the action conda_proxy_info: one execution on the machine."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Info
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.info import run_info

OPTIONS: dict[str, dict[str, t.Any]] = {
    "users": {"type": "list", "elements": "str"},
    "prefix": {"type": "str"},
    "channel": {"type": "str", "default": "https://conda.anaconda.org"},
}


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            options = self.validated(OPTIONS)
            if self.windows:
                _check_windows(options)
                return run_info(self.remote(task_vars or {}))
        except InvalidSettingError as exc:
            return dict(result, failed=True, msg=exc.sentence())
        task = Info(options["channel"], tuple(options["users"] or ()), options["prefix"] or "")
        return self.on_machine(task_vars or {}, task)


def _check_windows(options: Options) -> None:
    if options["users"]:
        reason = "is set for a Windows host, where only the connecting user's view can be shown"
        raise InvalidSettingError("users", reason, "remove users")
