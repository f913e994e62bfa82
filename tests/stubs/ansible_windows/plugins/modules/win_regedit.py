# SPDX-License-Identifier: GPL-3.0-or-later
"""win_regedit.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import re
from typing import Any

from ..module_utils.machine import Unknown
from ..module_utils.standin import Call, Failed, run

TYPES = {
    "binary": "Binary",
    "string": "String",
    "dword": "DWord",
    "qword": "QWord",
    "multistring": "MultiString",
    "expandstring": "ExpandString",
    "none": "None",
}
COUNTERS = {"data_changed": False, "data_type_changed": False}


def _is_int(data: Any) -> bool:
    return isinstance(data, int) and not isinstance(data, bool)


def _bytes(data: Any) -> list[int]:
    if isinstance(data, list) and all(_is_int(item) and 0 <= item <= 255 for item in data):
        return data
    if isinstance(data, str):
        text = re.sub("^hex:", "", data.lower())
        if re.fullmatch("([0-9a-f]{1,2}(,[0-9a-f]{1,2})*)?", text):
            return [int(item, 16) for item in text.split(",") if item]
    raise Unknown(f"how {type(data).__name__} becomes binary data, other than a list of bytes and hex:be,ef")


def _number(data: Any, kind: str) -> int:
    if data is None:
        return 0
    if isinstance(data, str) and data.isdigit():
        data = int(data)
    if not isinstance(data, int) or isinstance(data, bool) or data < 0:
        raise Unknown(f"how {data!r} becomes a {kind}")
    largest = 0xFFFFFFFF if kind == "dword" else 0xFFFFFFFFFFFFFFFF
    if data > largest:
        raise Failed(f"data cannot be larger than {largest:#x} when type is {kind}", **COUNTERS)
    return data


def _text(data: Any) -> str:
    if _is_int(data) or isinstance(data, str):
        return str(data)
    raise Unknown(f"how {type(data).__name__} becomes a string")


def _data(kind: str, data: Any, name: str | None) -> Any:
    if kind in ("binary", "none"):
        return _bytes("" if data is None else data)
    if kind in ("dword", "qword"):
        return _number(data, kind)
    if kind == "multistring":
        return [_text(item) for item in (data if isinstance(data, list) else [] if data is None else [data])]
    if data is None:
        return "" if name else None
    return _text(data)


def _told(kind: str, data: Any) -> dict[str, Any]:
    """How a value looks in the diff."""
    if kind in ("binary", "none"):
        data = [f"0x{byte:02x}" for byte in data]
    elif kind in ("dword", "qword"):
        data = f"0x{data:0{8 if kind == 'dword' else 16}x}"
    return {"type": TYPES[kind], "value": data}


def _absent(call: Call, path: str, name: str | None) -> tuple[dict[str, Any], Any, Any]:
    machine = call.machine
    if machine.key(path) is None:
        return {}, "", ""
    if name is None and call["delete_key"]:
        if not call.check_mode:
            machine.remove_key(path)
        return {"changed": True}, {path: {}}, {}
    old = machine.value(path, name)
    if old is None:
        return {}, "", ""
    data = machine.expand(old["data"]) if old["type"] == "expandstring" else old["data"]  # read without care here
    if not call.check_mode:
        machine.remove_value(path, name)
    return {"changed": True}, {path: {name or "": _told(old["type"], data)}}, {path: {}}


def _present(call: Call, path: str, name: str | None, kind: str) -> tuple[dict[str, Any], Any, Any]:
    machine, data = call.machine, _data(kind, call["data"], name)
    result: dict[str, Any] = {}
    before: dict[str, Any] = {path: {}}
    after: dict[str, Any] = {path: {}}
    if machine.key(path) is None:
        result["changed"] = True
        before = {}
        if call.check_mode:
            return result, before, after
        machine.make_key(path)
    if data is None:
        return result, before, after
    old = machine.value(path, name)
    if old is not None:
        result["data_type_changed"] = old["type"] != kind
        result["data_changed"] = old["data"] != data
        if old["type"] == kind and old["data"] == data:
            before[path][name or ""] = after[path][name or ""] = _told(kind, data)
            return result, before, after
        before[path][name or ""] = _told(old["type"], old["data"])
    after[path][name or ""] = _told(kind, data)
    if not call.check_mode:
        machine.set_value(path, name, kind, data)
    return {**result, "changed": True}, before, after


def regedit(call: Call) -> dict[str, Any]:
    """One value or key. Values are compared exactly, names without case; a name that is there keeps its case."""
    path, name, kind = call["path"], call["name"], call["type"]
    if name is None and kind != "string":
        call.warn(
            "the data type when name is not specified can only be 'string', the type has automatically been converted"
        )
        kind = "string"
    if not re.match(r"HK(CC|CR|CU|LM|U):\\", path, re.IGNORECASE):
        message = f"path: {path} is not a valid powershell path, see module documentation for examples."
        raise Failed(message, **COUNTERS)
    if call["hive"] is not None:
        raise Unknown("how a hive is loaded")
    if call["state"] == "present":
        result, before, after = _present(call, path, name or None, kind)
    else:
        result, before, after = _absent(call, path, name or None)
    if call.diff:
        result["diff"] = {"before": before, "after": after}
    return {**COUNTERS, **result}


if __name__ == "__main__":
    run("win_regedit", regedit)
