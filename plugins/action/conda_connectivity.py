# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the action conda_connectivity: check the options here, then execute once on the machine."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Connectivity
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS as CONDA_PROXY
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import VERIFICATION, Options, Spec
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.candidate import CANDIDATE, compile_candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import check_options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.verification import parse_verification
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.connectivity import run_connectivity

OPTIONS: Spec = {
    "channels": {"type": "list", "elements": "str"},
    "prefix": {"type": "str"},
    "environment": {"type": "dict"},
    "verify": {"type": "str", "choices": ["report", "require"], "default": "report"},
    **VERIFICATION,
    **{name: CONDA_PROXY[name] for name in CANDIDATE},
}


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            check_options(self._task.args)
            self.check_text()
            options = self.validated(OPTIONS)
            verification = parse_verification(options)
            candidate = compile_candidate(options, self.read_ca_bundle(options, task_vars))
            task = Connectivity(
                # no channel is what the role's variable has by default, and means the effective ones too
                verification.proof._replace(channels=tuple(options["channels"] or ()) or None),
                prefix=verification.prefix,
                environment=_environment(options["environment"]),
                require=verification.mode == "require",
                candidate=candidate,
            )
            if self.windows:
                _check_windows(options)
                return run_connectivity(self.remote(task_vars), task)
            if candidate is None:
                return self.on_machine(task_vars, task)
            return self.with_roots(
                lambda bundle: self.on_machine(
                    task_vars, task._replace(candidate=candidate._replace(ca_bundle=bundle))
                ),
                candidate.ca_bundle,
            )
        except InvalidSettingError as exc:
            return dict(result, failed=True, msg=exc.sentence())


def _environment(given: t.Mapping[t.Any, t.Any] | None) -> dict[str, str | None] | None:
    """Return the variables as text, as Ansible writes those of `environment`: 1 is "1", true is "True".

    Raises InvalidSettingError.
    """
    if given is None:
        return None
    variables = {str(name): None if value is None else str(value) for name, value in given.items()}
    for name, value in variables.items():
        if not name or re.search("[=\0]", name) or "\0" in (value or ""):
            raise InvalidSettingError(
                "environment", "has a name or a value that is not valid in an environment variable", "remove it"
            )
    return variables


def _check_windows(options: Options) -> None:
    for option in ("ca_bundle_src", "ca_bundle_content"):
        if options[option]:
            fix = "copy the bundle to the machine and set {ca_bundle} to its path"
            raise InvalidSettingError(option, "cannot be tested on a Windows host", fix)
