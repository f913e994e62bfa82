# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What goes into the probe and what comes back."""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeAnswer, ProbeInput, ProbeRow
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, from_json, to_json
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions

_UNREADABLE = "Its Python gave no answer that can be read."
INFO_DEADLINE = 30.0  # seconds


class Answer(NamedTuple):
    """What a program in conda's Python printed."""

    output: bytes
    in_time: bool = True
    failure: str = ""  # why it did not start


class ProofRow(NamedTuple):
    """The proof of one channel, for one user and conda base. The first fields are those of ProbeRow."""

    url: str | None
    verdict: str
    ok: bool
    status: int | None
    connect_status: int | None
    elapsed: float | None
    proxy: str | None
    proxy_source: str
    proxy_file: str | None
    proxy_conflict: bool
    verify: Any
    tls_issuer: str | None
    package: str | None
    detail: str
    conda_version: str | None = None
    python_version: str | None = None
    finished_by: str = "driver"  # completed, deadline (of the probe), killed, driver
    base: str | None = None
    user: str | None = None
    proxy_verdict: str | None = None  # with no_conda: what Python alone says of the proxy
    remedy: str = ""
    see: str = ""

    @property
    def subject(self) -> tuple[str | None, str | None, str | None]:
        """Who looks at what: user, base and channel."""
        return self.user, self.base, self.url

    def result(self) -> dict[str, Any]:
        """Return the row as results list it."""
        row: dict[str, Any] = to_json(self)
        if self.verdict != "no_conda":
            del row["proxy_verdict"]
        return row

    @classmethod
    def from_json(cls, data: Any) -> ProofRow:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


def probe_input(environment: Mapping[str, str | None], options: ProofOptions) -> ProbeInput:
    """Return what the probe is given, without a candidate's settings."""
    return ProbeInput(
        environment,
        channels=options.channels,
        packages=options.packages,
        deadline=options.deadline,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
    )


def info_text(answer: Answer) -> str:
    """Return what `conda info` said, or why there is nothing."""
    if answer.failure:
        return answer.failure
    if not answer.in_time:
        return "It did not end in time and was killed."
    document = _document(answer.output)
    if document is None:
        return _UNREADABLE
    return document.info or "No answer: {}".format(document.rows[0].detail if document.rows else "no reason given.")


def rows_of(answer: Answer) -> list[ProofRow]:
    """Return the rows of one run of the probe; a failure is a row too."""
    if answer.failure:
        return [failed_row("conda_unusable", answer.failure)]
    if not answer.in_time:
        return [failed_row("deadline", "The probe did not end by itself and was killed.", "killed")]
    document = _document(answer.output)
    if document is None:
        return [failed_row("conda_unusable", _UNREADABLE)]
    return [_row(row, document.conda_version, document.python_version, document.finished_by) for row in document.rows]


def failed_row(verdict: str, detail: str, finished_by: str = "driver") -> ProofRow:
    """Return the one row of a base that gave none itself."""
    row = ProbeRow.from_json(dict(new_row(None), verdict=verdict, detail=detail))
    return _row(row, None, None, finished_by)


def _row(row: ProbeRow, conda_version: str | None, python_version: str | None, finished_by: str) -> ProofRow:
    return ProofRow(*row, conda_version=conda_version, python_version=python_version, finished_by=finished_by)


def _document(output: bytes) -> ProbeAnswer | None:
    try:
        return ProbeAnswer.from_json(json.loads(output.decode("ascii")))
    except (ValueError, RecordError):
        return None
