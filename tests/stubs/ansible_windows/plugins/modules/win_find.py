# SPDX-License-Identifier: GPL-3.0-or-later
"""win_find.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import fnmatch
import hashlib
import ntpath
from typing import Any

from ..module_utils.machine import Unknown
from ..module_utils.standin import Call, run


def _wanted(call: Call, node: dict[str, Any]) -> bool:
    if call["file_type"] != "any" and node["folder"] != (call["file_type"] == "directory"):
        return False
    if "Hidden" in node["attributes"] and not call["hidden"]:
        return False
    name = ntpath.basename(node["path"]).lower()
    return call["patterns"] is None or any(fnmatch.fnmatchcase(name, each.lower()) for each in call["patterns"])


def _told(call: Call, node: dict[str, Any]) -> dict[str, Any]:
    name = ntpath.basename(node["path"])
    told = {
        "attributes": ", ".join(node["attributes"]) or "Normal",
        "checksum": None,
        "creationtime": node["created"],
        "exists": True,
        "extension": None,
        "filename": name,
        "isarchive": "Archive" in node["attributes"],
        "isdir": node["folder"],
        "ishidden": "Hidden" in node["attributes"],
        "isreadonly": "ReadOnly" in node["attributes"],
        "isreg": not node["folder"],
        "isshared": False,
        "lastaccesstime": node["modified"],
        "lastwritetime": node["modified"],
        "owner": None if node["owner"] is None else call.machine.account(node["owner"]),
        "path": node["path"],
        "sharename": None,
        "size": None,
        "isjunction": False,
        "islnk": False,
        "nlink": 1,
        "lnk_source": None,
        "lnk_target": None,
        "hlnk_targets": [],
    }
    if not node["folder"]:
        data = call.machine.read(node["path"])
        told["extension"] = name[name.rindex(".") :] if "." in name else ""
        told["size"] = len(data)
        if call["get_checksum"]:
            told["checksum"] = hashlib.new(call["checksum_algorithm"], data).hexdigest()
    return told


def find(call: Call) -> dict[str, Any]:
    """Files and folders by kind and name; a path that is not there is a warning."""
    for name in ("age", "size", "use_regex", "follow", "depth"):
        if call[name]:
            raise Unknown(f"win_find's option {name}")
    machine = call.machine
    seen: dict[str, dict[str, Any]] = {}
    for path in call["paths"]:
        if machine.node(path) is None:
            call.warn(f"Argument path '{path}' does not exist or is not accessible, skipping")
        elif not machine.is_folder(path):
            call.warn(f"Argument path '{path}' is a file not a directory, skipping")
        else:
            for node in machine.below(path) if call["recurse"] else machine.children(path):
                seen.setdefault(node["path"].lower(), node)
    found = sorted((_told(call, node) for node in seen.values() if _wanted(call, node)), key=lambda item: item["path"])
    return {"examined": len(seen), "matched": len(found), "files": found}


if __name__ == "__main__":
    run("win_find", find)
