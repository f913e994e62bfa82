# SPDX-License-Identifier: GPL-3.0-or-later
"""win_owner.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

from typing import Any

from ..module_utils.machine import ADMINISTRATORS
from ..module_utils.standin import Call, Failed, run


def owner(call: Call) -> dict[str, Any]:
    """The owner, compared by SID. Get-Item without -Force does not find what is hidden."""
    machine, path, user = call.machine, call.path("path"), call["user"]
    node = machine.node(path)
    if node is None:
        raise Failed(f"{path} file or directory does not exist on the host")
    sid = machine.sid(user)
    if sid is None:
        raise Failed(
            f"Failed to translate '{user}' to a SecurityIdentifier: "
            "Some or all identity references could not be translated."
        )
    if "Hidden" in node["attributes"]:
        raise Failed(
            f"an error occurred when attempting to change owner on {path} for {user}: Could not find item {path}."
        )
    changed = False
    for each in [node, *(machine.below(path) if call["recurse"] and node["folder"] else [])]:
        if each["owner"] != sid:
            changed = True
            if ADMINISTRATORS not in machine.state["token"] and not call.check_mode:
                reason = "Attempted to perform an unauthorized operation."
                raise Failed(f"an error occurred when attempting to change owner on {path} for {user}: {reason}")
            if not call.check_mode:
                machine.set_owner(each["path"], sid)
    return {"changed": changed}


if __name__ == "__main__":
    run("win_owner", owner)
