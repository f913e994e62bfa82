# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the action conda_proxy: check and compile the settings here, then execute once on the machine."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Converge, Run, Settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import Compiled, compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import Document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.hold import parse_hold
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import PREFIX, check_variables
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.template import render_template
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.converge import run_conda_proxy

_LOCK_TIMEOUT = 60.0  # seconds
_TEMPLATE = os.path.join(
    os.path.dirname(__file__), "..", "..", "roles", "conda_proxy", "templates", "default.condarc.j2"
)


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            check_variables(task_vars)
            self.check_text()
            options = self.validated(OPTIONS)
            compiled = self._compile(options, task_vars)
            result["warnings"] = compiled.warnings
            self.check_windows()
            hold = parse_hold(options, dt.datetime.now().astimezone().date())
            if options["preflight"]:
                return dict(result, changed=False, preflight=True)
            if hold:
                notes = [*compiled.warnings, *hold.warnings]
                return dict(result, changed=False, hold=hold._asdict(), warnings=notes)
            answer = self.with_roots(
                lambda bundle: self._execute(compiled.settings._replace(ca_bundle=bundle), task_vars),
                compiled.settings.ca_bundle,
            )
        except InvalidSettingError as exc:
            return dict(result, failed=True, refused=True, msg=exc.sentence(PREFIX))
        answer["warnings"] = compiled.warnings + list(answer.get("warnings", ()))
        return answer

    def _compile(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> Compiled:
        def render(document: Document) -> str:
            path = _TEMPLATE
            if options["condarc_template"]:
                path = self.find_file("condarc_template", options, task_vars, "templates")
            return render_template(self._templar, path, document, task_vars)

        pem = self.read_ca_bundle(options, task_vars) if options["state"] == "present" else None
        return compile_settings(options, render, pem, self.windows)

    def _execute(self, settings: Settings, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        run = Run(secrets.token_hex(8), secrets.token_hex(16), _LOCK_TIMEOUT)
        if self.windows:
            run = run._replace(host=task_vars.get("inventory_hostname", ""))
            task = self._task
            return run_conda_proxy(self.remote(task_vars), settings, run, bool(task.check_mode), bool(task.diff))
        return self.on_machine(task_vars, Converge(settings, run))
