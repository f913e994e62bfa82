# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action conda_proxy: check and compile the settings here, then one execution on the machine."""

from __future__ import annotations

import base64
import json
import os
import secrets
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile import Compiled, compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._options import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._refused import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._template import render_template

_MODULE = "condafleet.proxy.conda_proxy_host"
_LOCK_TIMEOUT = 60
_TEMPLATE = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "conda_proxy", "templates", "condarc.j2")


class ActionModule(ActionBase):  # type: ignore[misc]
    """See the documentation of the module of the same name."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Optional[str] = None, task_vars: t.Optional[t.Dict[str, t.Any]] = None) -> t.Dict[str, t.Any]:
        task_vars = task_vars or {}
        result: t.Dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            options = self._options()
            compiled = self._compile(options, task_vars)
        except Refused as exc:
            return dict(result, failed=True, msg=str(exc))
        result["warnings"] = compiled.warnings
        if options["preflight"]:
            return dict(result, changed=False)
        answer = self._execute(compiled.settings, task_vars)
        if answer.get("needs") == "ca_roots" and compiled.settings["ca_bundle"]:
            compiled.settings["ca_bundle"]["roots"] = _own_roots()
            answer = self._execute(compiled.settings, task_vars)
        answer.pop("invocation", None)  # one masked string, of no use to anybody
        answer["warnings"] = compiled.warnings + list(answer.get("warnings", ()))
        return answer

    def _options(self) -> t.Dict[str, t.Any]:
        given = {key: value for key, value in self._task.args.items() if value not in (None, "")}
        for name in ("username", "password"):
            if isinstance(given.get(name), (bool, int, float, list, dict)):
                raise Refused(name, "is not text, so YAML may have changed it already", "put it in quotes")
        validated = ArgumentSpecValidator(OPTIONS).validate(given)
        if validated.error_messages:
            # options that may hold a secret are text without choices, so that no value of theirs can stand in here
            raise AnsibleActionFail("; ".join(validated.error_messages))
        return t.cast("t.Dict[str, t.Any]", validated.validated_parameters)

    def _compile(self, options: t.Dict[str, t.Any], task_vars: t.Dict[str, t.Any]) -> Compiled:
        def render(condarc: t.Dict[str, t.Any]) -> str:
            path = self._find("condarc_template", options) if options["condarc_template"] else _TEMPLATE
            return render_template(self._templar, path, condarc, task_vars)

        ca_bundle = None
        if options["ca_bundle_src"] and options["state"] == "present":
            with open(self._find("ca_bundle_src", options, "files"), encoding="ascii", errors="replace") as stream:
                ca_bundle = stream.read()
        return compile_settings(options, render, ca_bundle)

    def _find(self, option: str, options: t.Mapping[str, t.Any], folder: str = "templates") -> str:
        try:
            return str(self._find_needle(folder, options[option]))
        except AnsibleError:
            raise Refused(option, "names a file that is not on the control node", "give its path, absolute or below {0}/".format(folder)) from None

    def _execute(self, settings: t.Mapping[str, t.Any], task_vars: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        asked = dict(settings, mask_key=secrets.token_hex(16), run=secrets.token_hex(8), lock_timeout=_LOCK_TIMEOUT)
        text = json.dumps({"task": "conda_proxy", "settings": asked})
        payload = base64.b64encode(text.encode()).decode()
        answer: t.Dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args={"payload": payload}, task_vars=task_vars)
        return answer


def _own_roots() -> str:
    """The control node's CA roots, for a machine that has none."""
    import ssl

    path = ssl.get_default_verify_paths().cafile
    if not path:
        raise Refused("ca_bundle_src", "cannot be joined: neither the machine nor this control node has CA roots", "install ca-certificates")
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


