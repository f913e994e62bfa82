# SPDX-License-Identifier: GPL-3.0-or-later
"""win_ping.ps1 of ansible.windows 3.3.0."""

from __future__ import annotations

from typing import Any

from ..module_utils.machine import Unknown
from ..module_utils.standin import Call, run


def ping(call: Call) -> dict[str, Any]:
    """Answers."""
    if call["data"] == "crash":
        raise Unknown("how win_ping crashes")
    return {"ping": call["data"]}


if __name__ == "__main__":
    run("win_ping", ping)
