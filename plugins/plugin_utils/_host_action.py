# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of the collection share: validate here, then one execution of the internal module on the machine.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import base64
import json
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

_MODULE = "condafleet.proxy.conda_proxy_host"


class HostAction(ActionBase):
    """Base of the actions."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def validated(self, spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The task's options by C(spec), defaults filled in. Null and an empty text mean that an option is not set."""
        given = {key: value for key, value in self._task.args.items() if value is not None and value != ""}
        result = ArgumentSpecValidator(spec).validate(given)
        if result.error_messages:
            # options that may hold a secret are text without choices, so that no value of theirs can stand in here
            raise AnsibleActionFail("; ".join(result.error_messages))
        return t.cast("t.Dict[str, t.Any]", result.validated_parameters)

    def on_machine(self, task_vars: dict[str, t.Any], body: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Run C(body) there. It travels as one base64 string, which Ansible keeps out of logs, argv and the environment."""
        if getattr(self._connection._shell, "_IS_WINDOWS", False):  # noqa: SLF001  # as ansible-core's own actions ask
            raise AnsibleActionFail("Windows is not supported yet: leave this host out of the play")
        payload = base64.b64encode(json.dumps(body).encode()).decode()
        answer: dict[str, t.Any] = self._execute_module(
            module_name=_MODULE, module_args={"payload": payload}, task_vars=task_vars
        )
        answer.pop("invocation", None)  # one masked string, of no use to anybody
        return answer
