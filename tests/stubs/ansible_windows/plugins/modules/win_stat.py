# SPDX-License-Identifier: GPL-3.0-or-later
"""win_stat.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import hashlib
import ntpath
from typing import Any

from ..module_utils.machine import ADMINISTRATORS, Unknown
from ..module_utils.standin import Call, Failed, run


def stat(call: Call) -> dict[str, Any]:
    """What a path is."""
    if call["follow"]:
        raise Unknown("links")
    machine, path = call.machine, call.path("path")
    node = machine.node(path)
    if node is None:
        return {"stat": {"exists": False}}
    told = {
        "exists": True,
        "attributes": ", ".join(node["attributes"]) or "Normal",
        "isarchive": "Archive" in node["attributes"],
        "isdir": node["folder"],
        "ishidden": "Hidden" in node["attributes"],
        "isjunction": False,
        "islnk": False,
        "isreadonly": "ReadOnly" in node["attributes"],
        "isreg": not node["folder"],
        "isshared": False,
        "nlink": 1,
        "hlnk_targets": [],
        "creationtime": node["created"],
        "lastaccesstime": node["modified"],
        "lastwritetime": node["modified"],
        "path": node["path"],
        "filename": ntpath.basename(node["path"]),
        "owner": None if node["owner"] is None else machine.account(node["owner"]),
    }
    if node["folder"]:
        # win_stat.ps1 asks Win32_Share, which a network session without rights may not
        if ADMINISTRATORS not in machine.state["token"]:
            raise Failed("Unhandled exception while executing module: Access denied")
        if call["get_size"]:
            told["size"] = sum(len(machine.read(child["path"])) for child in machine.below(path) if not child["folder"])
        return {"stat": told}
    name = told["filename"]
    told["extension"] = name[name.rindex(".") :] if "." in name else ""
    if call["get_checksum"]:
        told["checksum"] = hashlib.new(call["checksum_algorithm"], machine.read(path)).hexdigest()
    if call["get_size"]:
        told["size"] = len(machine.read(path))
    return {"stat": told}


if __name__ == "__main__":
    run("win_stat", stat)
