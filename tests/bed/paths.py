# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie in the checkout."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
COLLECTIONS = CACHE / "collections"
VENV_BIN = CHECKOUT / ".venv" / "bin"


def link_collection() -> Path:
    """Make the checkout importable and runnable as `condafleet.proxy`; returns the collections path."""
    link = COLLECTIONS / "ansible_collections" / "condafleet" / "proxy"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../../../..", target_is_directory=True)
    return COLLECTIONS
