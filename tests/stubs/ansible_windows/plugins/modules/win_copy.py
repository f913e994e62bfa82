# SPDX-License-Identifier: GPL-3.0-or-later
"""win_copy.ps1 of ansible.windows 3.3.0, which the real action plugin win_copy.py calls."""

from __future__ import annotations

import datetime as dt
import hashlib
import ntpath
import os
from pathlib import Path
from typing import Any

from ..module_utils.machine import Refused, Unknown
from ..module_utils.standin import Call, Failed, run

INTERNAL: dict[str, dict[str, Any]] = {
    "_copy_mode": {"type": "str", "default": "single", "choices": ["explode", "query", "remote", "single"]},
    "_original_basename": {"type": "str"},
    "files": {"type": "list", "elements": "dict"},
    "directories": {"type": "list", "elements": "dict"},
    "symlinks": {"type": "list", "elements": "dict"},
    # documented for the action plugin, which fills both in; the module knows neither
    "src": {"type": "str"},
    "dest": {"type": "str", "required": True},
}


def _backup(call: Call, path: str) -> str | None:
    """Copies a file beside itself, with a name of process and time."""
    if not call.machine.is_file(path):
        return None
    stamp = dt.datetime.now(tz=dt.UTC).strftime("%Y%m%d-%H%M%S")
    backup = f"{path}.{os.getpid()}.{stamp}.bak"
    if not call.check_mode:
        call.machine.write(backup, call.machine.read(path))
    return backup


def _query(call: Call) -> dict[str, Any]:
    machine, wanted = call.machine, []
    dest = call.path("dest")
    for each in call["files"] or []:
        path = ntpath.join(dest.replace("/", "\\"), each["dest"])
        if machine.is_folder(path):
            path = ntpath.join(path, each["src"].rsplit("/", 1)[-1])
        if machine.is_folder(path):
            raise Failed(f"cannot copy file to dest '{path}': object at path is already a directory")
        if not machine.is_file(path) or (
            call["force"] and hashlib.sha1(machine.read(path)).hexdigest() != each["checksum"]
        ):
            wanted.append(each)
    if call["directories"]:
        raise Unknown("how folders are copied")
    return {"files": wanted, "directories": [], "symlinks": []}


def _place(call: Call, src_name: str) -> str:
    """Where a file goes; its folder must be there."""
    machine, dest = call.machine, call.path("dest")
    target = dest
    if dest.endswith(("/", "\\")) or machine.is_folder(dest):
        target = ntpath.join(dest, src_name)
    parent = ntpath.dirname(target)
    if machine.is_file(parent):
        raise Failed(f"object at destination parent dir '{parent}' is currently a file")
    if not machine.is_folder(parent):
        if dest == target:
            raise Failed(f"Destination directory '{parent}' does not exist")
        machine.make_directory(parent)
    return target


def _single(call: Call) -> dict[str, Any]:
    """The file that the action has just sent lies in the connection's temporary folder, which is a real one."""
    src = call["src"]
    if src is None:
        raise Failed("Get-AnsibleParam: Missing required argument: src")
    if not (src.startswith("/") and "/ansible-tmp-" in src and Path(src).is_file()):
        raise Unknown(f"a source that the action did not send: {src!r}")
    result: dict[str, Any] = {"changed": True}
    target = _place(call, call["_original_basename"] or "")
    if call["backup"]:
        result["backup_file"] = _backup(call, target)
    call.machine.write(target, Path(src).read_bytes())
    return result


def _remote(call: Call) -> dict[str, Any]:
    """On the machine the old file is removed and the new one is made: ACL, owner and attributes are new."""
    machine, src = call.machine, call.path("src")
    told = {"src": src, "dest": call.path("dest")}
    if machine.node(src) is None:
        raise Failed(f"Cannot copy src file: '{src}' as it does not exist", **told)
    if machine.is_folder(src):
        raise Unknown("how a folder is copied")
    name = ntpath.basename(machine.node(src)["path"])  # type: ignore[index]
    target = _place(call, name)
    data = machine.read(src)
    result: dict[str, Any] = {**told, "dest": target, "operation": "file_copy", "original_basename": name}
    if call["force"]:
        result["checksum"] = hashlib.sha1(data).hexdigest()
    if machine.is_folder(target):
        raise Failed(f"cannot copy file from '{src}' to '{target}': dest is already a folder", **result)
    diff = ""
    there = machine.is_file(target)
    if not there or (call["force"] and machine.read(target) != data):
        if call["backup"]:
            result["backup_file"] = _backup(call, target)
        if there:
            diff += f"-{target}\n"
        diff += f"+{target}\n"
        if not call.check_mode:
            attributes = list(machine.node(src)["attributes"])  # type: ignore[index]
            if there:
                machine.remove(target)
            machine.write(target, data)
            machine.set_attributes(target, attributes)
        result["changed"] = True
    result["size"] = len(machine.read(target)) if machine.is_file(target) else None
    if call.diff:
        result["diff"] = {"prepared": diff}
    return result


def copy(call: Call) -> dict[str, Any]:
    """What the mode says. The module has no content: that is the action plugin's."""
    mode = call["_copy_mode"]
    if call["content"] is not None:
        raise Failed("Get-AnsibleParam: Missing required argument: src (win_copy.ps1 has no content)")
    result: dict[str, Any] = {"diff": {}} if call.diff else {}
    try:
        if mode == "query":
            return {**result, **_query(call)}
        if mode == "single":
            return {**result, **_single(call)}
        if mode == "remote":
            return {**result, **_remote(call)}
    except Refused as refused:
        raise Failed(f"Unhandled exception while executing module: {refused}") from refused
    raise Unknown(f"win_copy's mode {mode}")


if __name__ == "__main__":
    run("win_copy", copy, legacy=True, internal=INTERNAL)
