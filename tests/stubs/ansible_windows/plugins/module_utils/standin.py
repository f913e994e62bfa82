# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stand-in module runs: arguments against the real documentation, faults, the log of executions, the answer."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from .machine import Machine, Refused, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Json = dict[str, Any]

_SECRET = ("data", "value", "variables", "stdin", "content")


class Failed(Exception):
    """The module ends with `failed`; what it answers besides the message is in `result`."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


class Call:
    """What a module's body sees: its arguments, the machine and the mode."""

    def __init__(self, module: Any, machine: Machine) -> None:
        self.machine = machine
        self.check_mode: bool = module.check_mode
        self.diff: bool = module._diff
        self._module = module
        self.warnings: list[str] = []

    def __getitem__(self, name: str) -> Any:
        return self._module.params[name]

    def path(self, name: str) -> str:
        """An option of type path: environment variables expanded."""
        return self.machine.expand(self[name])

    def warn(self, message: str) -> None:
        """A warning in the answer."""
        self.warnings.append(message)


def run(
    name: str,
    body: Callable[[Call], Json],
    *,
    legacy: bool = False,
    supports_check_mode: bool = True,
    internal: Mapping[str, Json] | None = None,
    mutually_exclusive: list[tuple[str, ...]] | None = None,
    required_one_of: list[tuple[str, ...]] | None = None,
) -> None:
    """Run a module; `legacy` says that the real one parses arguments with Ansible.ModuleUtils.Legacy.

    The names, aliases, types and choices come from the documentation of the real collection; `internal` adds those
    that an action plugin passes. Any other option is an error, also where the real (legacy) module would ignore it.
    """
    path = Path(os.environ["STANDIN_STATE"])
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = json.loads(path.read_text(encoding="utf-8"))
        try:
            _run(state, name, body, legacy, supports_check_mode, internal or {}, mutually_exclusive, required_one_of)
        finally:
            part = Path(f"{path}.part")
            part.write_text(json.dumps(state, indent=1, ensure_ascii=False), encoding="utf-8")
            part.rename(path)


def _run(
    state: Json,
    name: str,
    body: Callable[[Call], Json],
    legacy: bool,
    supports_check_mode: bool,
    internal: Mapping[str, Json],
    mutually_exclusive: list[tuple[str, ...]] | None,
    required_one_of: list[tuple[str, ...]] | None,
) -> None:
    faults = state["faults"]
    number = len(state["executions"]) + 1
    entry: Json = {"module": name, "number": number, "done": False}
    state["executions"].append(entry)
    if faults["cut_after"] is not None and number > faults["cut_after"]:
        _garbage()
    machine = Machine(state)
    for action, *arguments in faults["before"].get(str(number), []):
        machine.edit(action, *arguments)
    module = AnsibleModule(
        argument_spec={**state["options"][name], **internal},
        supports_check_mode=True,
        mutually_exclusive=mutually_exclusive,
        required_one_of=required_one_of,
    )
    entry["args"] = {
        key: value
        for key, value in module.params.items()
        if value is not None and key not in _SECRET and not key.startswith("_ansible")
    }
    entry["check_mode"] = module.check_mode
    if module.check_mode and not supports_check_mode:
        about = "" if legacy else f" ({name})"
        entry["done"] = True
        module.exit_json(changed=False, skipped=True, msg=f"remote module{about} does not support check mode")
    if name in faults["fail"]:
        module.fail_json(changed=False, msg=faults["fail"][name])
    call = Call(module, machine)
    try:
        result = {"changed": False, **body(call)}
    except Failed as failed:
        result = {"changed": False, "failed": True, "msg": str(failed), **failed.result}
    except Refused as refused:
        result = {"changed": False, "failed": True, "msg": f"Unhandled exception while executing module: {refused}"}
    except Unknown as unknown:
        result = {"changed": False, "failed": True, "msg": str(unknown)}
    entry.update(done=not result.get("failed", False), changed=result["changed"])
    if faults["lose_answer"] == number:
        _garbage()
    for warning in call.warnings:
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _garbage() -> None:
    """What is left of an answer when the connection is lost."""
    sys.stdout.write("#< CLIXML\r\nthe connection was lost\r\n")
    sys.exit(1)
