# SPDX-License-Identifier: GPL-3.0-or-later
"""Play on many machines, and read the report of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.light import LightMachine
    from tests.bed.play import Played, Player

    Machines = dict[str, LightMachine]


def states(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "report.json").read_text())
    return {row["host"]: row["state"] for row in report["hosts"]}


def play(player: Player, playbook: str, folder: Path, *arguments: str, **extra: Any) -> Played:
    """Rings and the report's directory are extra variables: Ansible does not read them from an inventory."""
    values = {"conda_proxy_report_dir": str(folder), "conda_proxy_metrics_dir": str(folder), **extra}
    return player.play(playbook, *arguments, "-e", json.dumps(values))
