# SPDX-License-Identifier: GPL-3.0-or-later
"""win_acl.ps1 of ansible.windows 3.3.0, for files and folders; AddAccessRule and RemoveAccessRule of .NET."""

from __future__ import annotations

from typing import Any

from ..module_utils.machine import INHERITANCE, PROPAGATION, RIGHTS, Refused, Unknown, ace, flags
from ..module_utils.standin import Call, Failed, run


def _added(explicit: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """An entry of the same account, kind and inheritance takes the new rights up."""
    for old in explicit:
        if old["sid"] == new["sid"] and old["type"] == new["type"]:
            if (old["inherit"], old["propagation"]) == (new["inherit"], new["propagation"]):
                merged = {**old, "rights": old["rights"] | new["rights"]}
                return [merged if each is old else each for each in explicit]
            if old["rights"] & new["rights"] & ~RIGHTS["Synchronize"]:
                raise Unknown("how .NET merges two entries of one account that differ in inheritance")
    return [*explicit, new]


def acl(call: Call) -> dict[str, Any]:
    """One entry, present or absent. What is hidden is not found (seen with ansible.windows 1.14.0)."""
    machine, path, user = call.machine, call["path"], call["user"]
    if call["follow"]:
        raise Unknown("links")
    if path[:2].upper() == "HK" or path.lower().startswith("cert:"):
        raise Unknown("the ACL of anything but files and folders")
    node = machine.node(path)
    if node is None or "Hidden" in node["attributes"]:
        raise Failed(f"{path} file or directory does not exist on the host")
    sid = machine.sid(user)
    if sid is None:
        raise Failed(f"account_name {user} is not a valid account, cannot get SID: it could not be translated.")
    about = f"an error occurred when attempting to {call['state']} {call['rights']} permission(s) on {path} for {user}"
    inherit = "ContainerInherit, ObjectInherit" if call["inherit"] is None else call["inherit"]
    try:
        new = ace(
            sid,
            flags(call["rights"], RIGHTS),
            flags(inherit, INHERITANCE) if node["folder"] else 0,
            flags(call["propagation"], PROPAGATION),
            kind=call["type"],
        )
    except Refused as refused:
        raise Failed(f"{about} - {refused}") from refused
    if new["propagation"] and not new["inherit"]:
        raise Unknown("propagation without inheritance")
    there = new in node["explicit"]
    if there == (call["state"] == "present"):
        return {"changed": False}
    explicit = [each for each in node["explicit"] if each != new] if there else _added(node["explicit"], new)
    try:  # with SeRestorePrivilege and SeTakeOwnershipPrivilege, which administrators have
        machine.change_access(path, privileged=True, explicit=explicit, protected=node["protected"])
    except Refused as refused:
        raise Failed(f"{about} - {refused}") from refused
    return {"changed": True}


if __name__ == "__main__":
    # documented as a comma separated list with two choices; .NET reads the list, and None too
    run("win_acl", acl, legacy=True, supports_check_mode=False, internal={"inherit": {"type": "str"}})
