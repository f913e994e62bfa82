# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Collect the rows, print them and end the process."""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
from typing import Any, NoReturn, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeAnswer, ProbeRow
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import mask_url
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Row
from ansible_collections.condafleet.proxy.plugins.module_utils._records import to_json

SCHEMA_VERSION = 1
_WORKERS = 8


def new_row(url: str | None) -> Row:
    """Return a row as it is when the deadline comes before its result."""
    return {
        "url": mask_url(url) if url else None,
        "verdict": "deadline",
        "ok": False,
        "status": None,
        "connect_status": None,
        "elapsed": None,
        "proxy": None,
        "proxy_source": "none",
        "proxy_file": None,
        "proxy_conflict": False,
        "verify": None,
        "tls_issuer": None,
        "package": None,
        "detail": "No result before the probe's deadline.",
    }


class Report:
    """The rows. Only its method `end` ends the process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self.rows: list[Row] = []
        self.conda_version: str | None = None
        self.info: str | None = None

    def fill(self, row: Row, found: Row) -> None:
        """Put a result into its row in one step. Raises RecordError for an unknown field."""
        filled = dict(row, **found)
        filled["ok"] = filled["verdict"] == "ok"
        ProbeRow.from_json(filled)
        with self._lock:
            row.update(filled)

    def end(self, finished_by: str) -> NoReturn:
        """Print the document and exit at once, without waiting for threads in a resolver or for atexit handlers."""
        self._lock.acquire()
        try:
            rows = self.rows or [new_row(None)]
            answer = ProbeAnswer(
                SCHEMA_VERSION,
                sys.prefix,
                self.conda_version,
                ".".join(str(part) for part in sys.version_info[:3]),
                finished_by,
                tuple(ProbeRow.from_json(row) for row in rows),
                self.info,
            )
            data = json.dumps(to_json(answer)).encode("ascii") + b"\n"
            while data:
                data = data[os.write(self._fd, data) :]
        finally:
            os._exit(0)


def one_row(report: Report, name: str, detail: str) -> None:
    """Report a finding about the whole base in place of rows per channel."""
    row = new_row(None)
    report.fill(row, {"verdict": name, "detail": detail})
    report.rows = [row]


def side_by_side(report: Report, urls: Sequence[str], check: Any) -> None:
    """Check all URLs on a few threads; an exception becomes the row of its URL."""
    todo: queue.Queue[tuple[str, Row]] = queue.Queue()
    rows = [new_row(re.sub(r"/noarch/?$", "", url)) for url in urls]
    report.rows = rows
    for url, row in zip(urls, rows):
        todo.put((url, row))

    def work() -> None:
        while True:
            try:
                url, row = todo.get_nowait()
            except queue.Empty:
                return
            try:
                check(url, row)
            except Exception as exc:  # noqa: BLE001 a row must never be lost
                report.fill(row, {"verdict": "unknown", "detail": f"{type(exc).__name__} in the probe."})

    threads = [threading.Thread(target=work, daemon=True) for _number in range(min(_WORKERS, len(urls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
