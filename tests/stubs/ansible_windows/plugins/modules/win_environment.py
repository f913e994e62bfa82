# SPDX-License-Identifier: GPL-3.0-or-later
"""win_environment.ps1 of ansible.windows 3.3.0.

Its comparison is PowerShell's -ne: without letter case. .NET writes what it sets as REG_SZ and reads expanded.
"""

from __future__ import annotations

from typing import Any

from ..module_utils.machine import MACHINE_ENVIRONMENT, USER_ENVIRONMENT, Unknown
from ..module_utils.standin import Call, Failed, run


def _one(call: Call, key: str, name: str, value: str, state: str) -> dict[str, Any]:
    machine = call.machine
    old = machine.value(key, name)
    before = None
    if old is not None:
        if old["type"] not in ("string", "expandstring"):
            raise Unknown(f"how .NET reads a variable of type {old['type']}")
        before = machine.expand(old["data"]) if old["type"] == "expandstring" else old["data"]
    changed = (before is None or before.lower() != value.lower()) if state == "present" else before is not None
    if changed and not call.check_mode:
        if state == "present":
            machine.set_value(key, name, "string", value)
        else:
            machine.remove_value(key, name)
        machine.state["broadcasts"].append(name)
    return {"changed": changed, "after": value, "before": before}


def environment(call: Call) -> dict[str, Any]:
    """Sets or removes variables, each with a broadcast of its own."""
    level, state = call["level"], call["state"]
    if level == "process":
        raise Unknown("the level process")
    key = MACHINE_ENVIRONMENT if level == "machine" else USER_ENVIRONMENT
    result: dict[str, Any] = {"changed": False, "values": {}, "env_values": {}}
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, given in (call["variables"] or {call["name"]: call["value"]}).items():
        value = "" if given is None else str(given)
        if state == "absent" and value:
            call.warn(f"When removing environment variable '{name}' it should not have a value '{value}' set")
        elif state == "present" and not value:
            raise Failed(
                "When state=present, value must be defined and not an empty string, "
                "if you wish to remove the envvar, set state=absent",
                values={},
                env_values={},
            )
        one = _one(call, key, name, value, state or ("present" if value else "absent"))
        if one["before"]:
            before[name] = one["before"]
        if one["after"]:
            after[name] = one["after"]
        result["values"][name] = result["env_values"][name] = one
        result["changed"] = result["changed"] or one["changed"]
        result["before_value"], result["value"] = one["before"], one["after"]
    if call.diff:
        result["diff"] = {"before": {level: before}, "after": {level: after}}
    return result


if __name__ == "__main__":
    run(
        "win_environment",
        environment,
        mutually_exclusive=[("variables", "name"), ("variables", "value"), ("variables", "state")],
        required_one_of=[("name", "variables")],
    )
