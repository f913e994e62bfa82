# SPDX-License-Identifier: GPL-3.0-or-later
"""slurp.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

import base64
from typing import Any

from ..module_utils.standin import Call, Failed, run


def slurp(call: Call) -> dict[str, Any]:
    """A file in base64."""
    path = call.path("src")
    if call.machine.is_folder(path):
        raise Failed(f"Path {path} is a directory")
    if not call.machine.is_file(path):
        raise Failed(f"Path {path} is not found")
    return {"content": base64.b64encode(call.machine.read(path)).decode(), "encoding": "base64"}


if __name__ == "__main__":
    run("slurp", slurp, legacy=True)
