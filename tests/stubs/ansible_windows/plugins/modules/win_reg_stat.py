# SPDX-License-Identifier: GPL-3.0-or-later
"""win_reg_stat.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import re
from typing import Any

from ..module_utils.machine import Machine
from ..module_utils.standin import Call, Failed, run

TYPES = {
    "binary": "REG_BINARY",
    "string": "REG_SZ",
    "dword": "REG_DWORD",
    "qword": "REG_QWORD",
    "multistring": "REG_MULTI_SZ",
    "expandstring": "REG_EXPAND_SZ",
    "none": "REG_NONE",
}


def _told(machine: Machine, value: dict[str, Any]) -> dict[str, Any]:
    kind, data = value["type"], value["data"]
    raw = [f"0x{byte:02x}" for byte in data] if kind in ("binary", "none") else data
    return {
        "type": TYPES[kind],
        "value": machine.expand(data) if kind == "expandstring" else data,
        "raw_value": raw,
    }


def reg_stat(call: Call) -> dict[str, Any]:
    """A key with all its values, or one value."""
    path, name, machine = call["path"], call["name"], call.machine
    if not re.match(r"HK(CC|CR|CU|LM|U):\\", path, re.IGNORECASE):
        raise Failed(f"path: {path} is not a valid registry path, see module documentation for examples.")
    key = machine.key(path)
    if key is None:
        return {"exists": False}
    if name is not None:
        value = machine.value(path, name)
        return {"exists": False} if value is None else {"exists": True, **_told(machine, value)}
    return {
        "exists": True,
        "properties": {value["name"]: _told(machine, value) for value in key["values"].values()},
        "sub_keys": machine.sub_keys(path),
    }


if __name__ == "__main__":
    run("win_reg_stat", reg_stat, legacy=True)
