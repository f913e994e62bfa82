# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the action conda_proxy_rollout: choose the canaries, or decide whether the next ring may begin."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import HELD, IN_ORDER, outcome_of
from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.canaries import (
    InvalidRolloutError,
    canaries,
    check_drift,
    check_rings,
    check_seen,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.gate import refusal

_RINGS = "conda_proxy_rings"
_DRIFT = "conda_proxy_drift"
_RESULT = "conda_proxy_result"
CANARIES = "condafleet_canaries"  # the group of the first ring


class ActionModule(ActionBase):
    """See the documentation of the module of the same name. Connects to nothing."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        variables = task_vars or {}
        result: dict[str, t.Any] = dict(super().run(tmp, variables), changed=False)
        arguments = self._task.args
        try:
            if arguments["step"] == "canaries":
                return dict(result, canaries=self._canaries(arguments, variables))
            if arguments["step"] == "judge":
                return dict(result, **_judge(variables))
            return dict(result, **self._gate(arguments, variables))
        except InvalidRolloutError as exc:
            return dict(result, failed=True, msg=str(exc))

    def _canaries(self, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> list[str]:
        hosts, hostvars = list(variables["ansible_play_hosts_all"]), variables["hostvars"]
        extra = load_extra_vars(self._loader)
        check_seen(_RINGS, extra, hosts, hostvars)
        check_rings(arguments["rings"])
        if "drift" in arguments:
            check_drift(arguments["drift"])
            check_seen(_DRIFT, extra, hosts, hostvars)
        return canaries(hosts, variables["groups"], arguments.get("canaries"), hostvars)

    def _gate(self, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        if self._task.check_mode:
            return {}
        hostvars, batch = variables["hostvars"], set(variables["ansible_play_batch"])
        hosts = dict.fromkeys([*variables["groups"].get(CANARIES, ()), *variables["ansible_play_hosts_all"]])
        before = []
        for host in hosts:
            found = hostvars[host].get(_RESULT) if host not in batch else None
            if found and not found.get("preflight"):
                before.append(outcome_of(host, found))
        if not before:
            return {}
        try:
            limit = float(arguments["max_fail_percentage"])
        except (TypeError, ValueError):
            raise InvalidRolloutError(
                "conda_proxy_max_fail_percentage is not a number; write one from 0 to 100"
            ) from None
        reason = refusal(before, limit)
        return {"failed": True, "msg": reason} if reason else {}


def _judge(variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a failure for a host that is not in order, from the result of a run in check mode."""
    found = outcome_of(variables["inventory_hostname"], variables.get(_RESULT) or {}, check_mode=True)
    if found.state in (IN_ORDER, HELD):
        return {}
    return {"failed": True, "state": found.state, "msg": f"{found.state}: {found.message}"}
