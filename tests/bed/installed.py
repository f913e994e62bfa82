# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as `ansible-galaxy collection install` leaves it, as far as Ansible looks at it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def install_collection(folder: Path) -> Path:
    """Lay it out below `folder`, which every user may read then; return the folder."""
    target = folder / "ansible_collections/condafleet/proxy"
    for name in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(CHECKOUT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "galaxy.yml", target)
    folder.chmod(0o755)
    return folder
