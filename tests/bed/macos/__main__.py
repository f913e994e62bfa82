# SPDX-License-Identifier: GPL-3.0-or-later
"""Start or end a machine that looks like a Mac, for molecule.

`python -m tests.bed.macos up --inventory FILE` (group bed) and `down --inventory FILE`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from tests.bed import conda_base, light
from tests.bed.macos.machine import MacMachine

BASE = Path("/opt/homebrew/Caskroom/miniconda/base")


def _up(inventory: Path) -> None:
    base = conda_base.build_for_hosts()
    folder = Path(tempfile.mkdtemp(prefix="bed-mac-"))
    mounts = {str(BASE): base, conda_base.HOST_PREFIX: base}  # its own scripts name the other place
    mac = MacMachine.boot("mac", folder, mounts, detached=True)
    mac.login("bob")
    entry = mac.inventory() | {"bed_pid": mac.pid, "bed_folder": str(folder), "conda_proxy_prefix": str(BASE)}
    content = {"all": {"children": {"bed": {"hosts": {mac.name: entry}}}}}
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _down(inventory: Path) -> None:
    if inventory.exists():
        content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
        for entry in content["all"]["children"]["bed"]["hosts"].values():
            light.end(entry["bed_pid"])
            shutil.rmtree(entry["bed_folder"], ignore_errors=True)
        inventory.unlink()


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description="A machine that looks like a Mac.")
    parser.add_argument("command", choices=("up", "down"))
    parser.add_argument("--inventory", type=Path, required=True)
    args = parser.parse_args()
    if reason := light.missing() or conda_base.host_python_missing():
        sys.exit(reason)
    (_up if args.command == "up" else _down)(args.inventory)


if __name__ == "__main__":
    main()
