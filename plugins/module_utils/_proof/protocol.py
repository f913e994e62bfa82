# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The input of the probe and its rows."""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeAnswer, ProbeInput, ProbeRow
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, from_json, to_json
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions

_UNREADABLE = "The output of the base's Python cannot be parsed."
INFO_DEADLINE = 30.0  # seconds


class Answer(NamedTuple):
    """The output of a program in conda's Python."""

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
    proxy_verdict: str | None = None  # with no_conda: what Python alone found about the proxy
    remedy: str = ""
    see: str = ""

    @property
    def subject(self) -> tuple[str | None, str | None, str | None]:
        """What the row is about: user, base and channel."""
        return self.user, self.base, self.url

    def result(self) -> dict[str, Any]:
        """Return the row as a result lists it."""
        row: dict[str, Any] = to_json(self)
        if self.verdict != "no_conda":
            del row["proxy_verdict"]
        return row

    @classmethod
    def from_json(cls, data: Any) -> ProofRow:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


def probe_input(environment: Mapping[str, str | None], options: ProofOptions) -> ProbeInput:
    """Return the input of the probe, without the settings of a candidate."""
    return ProbeInput(
        environment,
        channels=options.channels,
        packages=options.packages,
        deadline=options.deadline,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
    )


def info_text(answer: Answer) -> str:
    """Return the output of `conda info`, or the reason why there is none."""
    if answer.failure:
        return answer.failure
    if not answer.in_time:
        return "It timed out and was killed."
    document = _document(answer.output)
    if document is None:
        return _UNREADABLE
    return document.info or "No output: {}".format(document.rows[0].detail if document.rows else "no reason given.")


def rows_of(answer: Answer) -> list[ProofRow]:
    """Return the rows of one run of the probe; a failure is a row too."""
    if answer.failure:
        return [failed_row("conda_unusable", answer.failure)]
    if not answer.in_time:
        return [failed_row("deadline", "The probe did not exit and was killed.", "killed")]
    document = _document(answer.output)
    if document is None:
        return [failed_row("conda_unusable", _UNREADABLE)]
    return [_row(row, document.conda_version, document.python_version, document.finished_by) for row in document.rows]


def failed_row(verdict: str, detail: str, finished_by: str = "driver") -> ProofRow:
    """Return the only row of a base whose probe printed none."""
    row = ProbeRow.from_json(dict(new_row(None), verdict=verdict, detail=detail))
    return _row(row, None, None, finished_by)


def _row(row: ProbeRow, conda_version: str | None, python_version: str | None, finished_by: str) -> ProofRow:
    return ProofRow(*row, conda_version=conda_version, python_version=python_version, finished_by=finished_by)


def _document(output: bytes) -> ProbeAnswer | None:
    try:
        return ProbeAnswer.from_json(json.loads(output.decode("ascii")))
    except (ValueError, RecordError):
        return None
