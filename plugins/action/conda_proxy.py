# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action conda_proxy: check and compile the settings here, then one execution on the machine."""

from __future__ import annotations

import os
import secrets
import ssl
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile import Compiled, compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._host_action import HostAction
from ansible_collections.condafleet.proxy.plugins.plugin_utils._options import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._refused import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._template import render_template

_LOCK_TIMEOUT = 60
_TEMPLATE = os.path.join(
    os.path.dirname(__file__), "..", "..", "roles", "conda_proxy", "templates", "default.condarc.j2"
)


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
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
        answer["warnings"] = compiled.warnings + list(answer.get("warnings", ()))
        return answer

    def _options(self) -> dict[str, t.Any]:
        for name in ("username", "password"):
            if isinstance(self._task.args.get(name), (bool, int, float, list, dict)):
                raise Refused(name, "is not text, so YAML may have changed it already", "put it in quotes")
        return self.validated(OPTIONS)

    def _compile(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> Compiled:
        def render(condarc: dict[str, t.Any]) -> str:
            path = _TEMPLATE
            if options["condarc_template"]:
                path = self._find("condarc_template", options, task_vars, "templates")
            return render_template(self._templar, path, condarc, task_vars)

        ca_bundle = None
        if options["ca_bundle_src"] and options["state"] == "present":
            path = self._find("ca_bundle_src", options, task_vars, "files")
            try:
                with open(path, encoding="ascii", errors="replace") as stream:
                    ca_bundle = stream.read()
            except OSError as exc:
                raise Refused(
                    "ca_bundle_src", f"names a file that cannot be read ({exc.strerror})", "name a PEM file"
                ) from None
        return compile_settings(options, render, ca_bundle)

    def _find(self, option: str, options: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any], folder: str) -> str:
        """Where Ansible looks for files, then beside the inventory: our playbooks lie in the collection."""
        name = options[option]
        try:
            return str(self._find_needle(folder, name))
        except AnsibleError:
            beside = task_vars.get("inventory_dir") or ""
            for path in (os.path.join(beside, name), os.path.join(beside, folder, name)):
                if beside and os.path.exists(path):
                    return path
            fix = f"give its absolute path, or one below the inventory, as it is or in {folder}/"
            raise Refused(option, "names a file that is not on the control node", fix) from None

    def _execute(self, settings: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        run = {"mask_key": secrets.token_hex(16), "run": secrets.token_hex(8), "lock_timeout": _LOCK_TIMEOUT}
        return self.on_machine(task_vars, {"task": "conda_proxy", "settings": dict(settings, **run)})


def _own_roots() -> str:
    """The control node's CA roots, for a machine that has none."""
    path = ssl.get_default_verify_paths().cafile
    if not path:
        raise Refused(
            "ca_bundle_src",
            "cannot be joined: neither the machine nor this control node has CA roots",
            "install ca-certificates",
        )
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()
