# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action conda_connectivity: one execution on the machine."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Connectivity, ProofOptions
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS as CONDA_PROXY
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.candidate import CANDIDATE, compile_candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import PREFIX, Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import check_seconds
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.connectivity import run_connectivity

OPTIONS: dict[str, dict[str, t.Any]] = {
    "channels": {"type": "list", "elements": "str"},
    "prefix": {"type": "str"},
    "environment": {"type": "dict"},
    "deadline": {"type": "float", "default": 45.0},
    "connect_timeout": {"type": "float", "default": 5.0},
    "read_timeout": {"type": "float", "default": 15.0},
    "packages": {"type": "bool", "default": False},
    "info": {"type": "bool", "default": False},
    "require": {"type": "bool", "default": False},
    **{name: CONDA_PROXY[name] for name in CANDIDATE},
}


class ActionModule(HostAction):
    """See the documentation of the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            self.check_text()
            options = self.validated(OPTIONS)
            check_seconds(options, "deadline", "connect_timeout", "read_timeout")
            candidate = compile_candidate(options, self.read_ca_bundle(options, task_vars))
            task = Connectivity(
                ProofOptions(
                    deadline=options["deadline"],
                    connect_timeout=options["connect_timeout"],
                    read_timeout=options["read_timeout"],
                    # no channel is what the role's variable has by default, and asks for the effective ones too
                    channels=tuple(options["channels"]) if options["channels"] else None,
                    packages=options["packages"],
                    info=options["info"],
                ),
                prefix=options["prefix"] or "",
                environment=_environment(options["environment"]),
                require=options["require"],
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
        except Refused as exc:
            return dict(result, failed=True, msg=str(exc).replace(PREFIX, ""))  # here the options have no prefix


def _environment(given: t.Mapping[t.Any, t.Any] | None) -> dict[str, str | None] | None:
    """The variables as text, as Ansible writes those of C(environment): 1 is "1", true is "True"."""
    if given is None:
        return None
    variables = {str(name): None if value is None else str(value) for name, value in given.items()}
    for name, value in variables.items():
        if not name or re.search("[=\0]", name) or "\0" in (value or ""):
            raise Refused("environment", "has a name or a value that no environment can hold", "remove it")
    return variables


def _check_windows(options: dict[str, t.Any]) -> None:
    if options["ca_bundle_src"]:
        fix = "put the bundle on the machine and name it in ca_bundle"
        raise Refused("ca_bundle_src", "cannot be tried on a Windows host", fix)
