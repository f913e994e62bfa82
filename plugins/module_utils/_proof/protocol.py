# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes into the probe and what comes back.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import Answer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row

Row = Dict[str, Any]

DEFAULTS = {"deadline": 45.0, "connect_timeout": 5.0, "read_timeout": 15.0}
INFO_DEADLINE = 30.0


def probe_input(environment: Mapping[str, str | None], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the probe is given, without a candidate's settings. `options` as for `prove`."""
    given: dict[str, Any] = {key: options[key] for key in DEFAULTS if options.get(key) is not None}
    asked = {name: options.get(name) for name in ("channels", "packages")}
    return {**DEFAULTS, **given, **asked, "environment": dict(environment)}


def info_text(answer: Answer) -> str:
    """What `conda info` said in what the probe printed, or why there is nothing."""
    if answer.failure:
        return answer.failure
    try:
        document = json.loads(answer.output.decode("ascii"))
        return str(document.get("info") or f"No answer: {document['rows'][0]['detail']}")
    except (ValueError, KeyError, TypeError, IndexError):
        return "Its Python gave no answer that can be read." if answer.in_time else "It was killed: it did not end."


def rows_of(output: bytes, in_time: bool) -> list[Row]:
    """The rows in what the probe printed."""
    if not in_time:
        return [failed_row("deadline", "The probe did not end by itself and was killed.", "killed")]
    try:
        document = json.loads(output.decode("ascii"))
        rows: list[Row] = document["rows"]
        shared = {name: document[name] for name in ("conda_version", "python_version", "finished_by")}
    except (ValueError, KeyError, TypeError):
        return [failed_row("conda_unusable", "Its Python gave no answer that can be read.")]
    return [dict(row, **shared) for row in rows]


def failed_row(verdict: str, detail: str, finished_by: str = "driver") -> Row:
    """The one row of a base that gave none itself."""
    row: Row = new_row(None)
    row.update(verdict=verdict, detail=detail, finished_by=finished_by, conda_version=None, python_version=None)
    return row
