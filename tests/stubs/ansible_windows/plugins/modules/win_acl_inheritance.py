# SPDX-License-Identifier: GPL-3.0-or-later
"""win_acl_inheritance.ps1 of ansible.windows 3.3.0, for files and folders."""

from __future__ import annotations

from typing import Any

from ..module_utils.machine import Unknown
from ..module_utils.standin import Call, Failed, run


def inheritance(call: Call) -> dict[str, Any]:
    """Whether a file takes its folder's entries. Get-Item without -Force does not find what is hidden."""
    machine, path, reorganize = call.machine, call.path("path"), call["reorganize"]
    if path[:2].upper() == "HK":
        raise Unknown("the ACL of anything but files and folders")
    node = machine.node(path)
    if node is None:
        raise Failed(f"{path} does not exist")
    if "Hidden" in node["attributes"]:
        raise Failed(f"Failed to find '{path}': Could not find item {path}.")
    before = "absent" if node["protected"] else "present"
    changed = before != call["state"]
    if changed and not call.check_mode:
        if call["state"] == "absent":
            machine.change_access(
                path, privileged=False, explicit=node["explicit"], protected=True, keep_inherited=reorganize
            )
        else:
            machine.change_access(path, privileged=False, explicit=node["explicit"], protected=False)
            if reorganize:
                kept = [each for each in node["explicit"] if each not in node["inherited"]]
                machine.change_access(path, privileged=False, explicit=kept, protected=False)
    result: dict[str, Any] = {"changed": changed}
    if call.diff:
        result["diff"] = {"before": {"state": before}, "after": {"state": call["state"]}}
    return result


if __name__ == "__main__":
    run("win_acl_inheritance", inheritance)
