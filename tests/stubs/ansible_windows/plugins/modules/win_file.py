# SPDX-License-Identifier: GPL-3.0-or-later
"""win_file.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import ntpath
import time
from typing import Any

from ..module_utils.machine import Machine, Unknown
from ..module_utils.standin import Call, Failed, run


def _touch(call: Call, path: str) -> None:
    machine = call.machine
    node = machine.node(path)
    if node is None:
        if not call.check_mode:
            machine.write(path, b"")
    elif node["folder"] or "Hidden" in node["attributes"]:
        raise Unknown("how a folder or a hidden file is touched")
    elif not call.check_mode:
        node["modified"] = time.time()


def _there(call: Call, path: str, state: str | None) -> bool:
    """What is there: removed, or of the kind that was asked for."""
    machine: Machine = call.machine
    if state == "absent":
        if not call.check_mode:
            machine.remove(path)
        return True
    if state == "directory" and not machine.is_folder(path):
        raise Failed(f"path {path} is not a directory")
    if state == "file" and not machine.is_file(path):
        raise Failed(f"path {path} is not a file")
    return False


def file(call: Call) -> dict[str, Any]:
    """A folder with its parents, nothing, or a file that is there."""
    machine, path, state = call.machine, call.path("path"), call["state"]
    if call["_original_basename"] is not None and machine.is_folder(path):
        path = ntpath.join(path, call["_original_basename"])
    changed = state == "touch"
    if state == "touch":
        _touch(call, path)
    if machine.node(path) is not None:
        return {"changed": _there(call, path, state) or changed}
    if state is None:
        state = "file" if ntpath.basename(path) else "directory"
    if state == "directory":
        if not call.check_mode:
            machine.make_directory(path)
        changed = True
    elif state == "file":
        raise Failed(f"path {path} will not be created")
    return {"changed": changed}


if __name__ == "__main__":
    run("win_file", file, legacy=True, internal={"_original_basename": {"type": "str"}})
