# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers saw: a list in this process and, when asked for, a JSON-lines file for other processes."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class JsonLog:
    """Append-only and safe for threads."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, **entry: Any) -> None:
        """Append one entry."""
        with self._lock:
            self._entries.append(entry)
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps(entry) + "\n")

    @property
    def entries(self) -> list[dict[str, Any]]:
        """A copy of all entries so far."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget the entries in memory; the file keeps them."""
        with self._lock:
            self._entries.clear()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The entries that another process wrote so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
