# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Verify conda's connectivity: every base and channel, on every operating system."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Protocol, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import DEFAULT_CHANNEL, channel_url
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput, WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import SCHEMA_VERSION
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.candidate import named, trying
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import (
    INFO_DEADLINE,
    Answer,
    ProofRow,
    failed_row,
    info_text,
    probe_input,
    rows_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.script import PROOF, program
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import advise
from ansible_collections.condafleet.proxy.plugins.module_utils._records import from_json
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Candidate, ProofOptions


class Launcher(Protocol):
    """How an operating system runs a program in a conda base, and with whose rights."""

    python_alone: Base | None
    """The interpreter that checks the proxy without conda; None: there is none, see `searched`."""
    searched: str
    """A sentence that says where bases were searched for."""

    def owner(self, base: Base) -> tuple[int, int]:
        """Return the uid and gid that a program runs with; -1: those of this process."""

    def run(self, base: Base, text: bytes, seconds: float) -> Answer:
        """Run a program that ends by itself after `seconds`."""


class CondaInfo(NamedTuple):
    """`conda info --all` of one base, without secrets."""

    base: str
    text: str
    user: str | None = None

    @classmethod
    def from_json(cls, data: Any) -> CondaInfo:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


def prove(
    launcher: Launcher,
    bases: Sequence[Base],
    environment: Mapping[str, str | None],
    options: ProofOptions,
    *,
    user: str | None,
    candidate: Candidate | None = None,
) -> list[ProofRow]:
    """Return a row per base and channel. `environment`: the variables that conda sees; None removes one."""
    given = probe_input(environment, options)
    if not bases:
        rows = _without_conda(launcher, given, options.without_conda, candidate)
    else:
        rows = [row._replace(base=base.prefix) for base in bases for row in _ask(launcher, base, given, candidate)]
    return [advise(row._replace(user=user)) for row in rows]


def conda_info(
    launcher: Launcher,
    bases: Sequence[Base],
    environment: Mapping[str, str | None],
    *,
    user: str | None,
    candidate: Candidate | None = None,
) -> list[CondaInfo]:
    """Return `conda info --all` of every base, for support. It never affects a verdict."""
    given = ProbeInput(environment, info=True, deadline=INFO_DEADLINE)
    found = []
    for base in bases:
        with trying(candidate, given, *launcher.owner(base)) as asked:
            found.append(CondaInfo(base.prefix, info_text(_run(launcher, base, asked)), user))
    return found


def result(rows: Sequence[ProofRow], infos: Sequence[CondaInfo] | None, require: bool) -> dict[str, Any]:
    """Return the result of the module `conda_connectivity`. `infos`: those of conda_info(), if requested."""
    failed = [row for row in rows if not row.ok]
    found: dict[str, Any] = {
        "changed": False,
        "schema_version": SCHEMA_VERSION,
        "proof": [row.result() for row in rows],
        "reachable": not failed,
    }
    if infos is not None:
        found["conda_info"] = [info._asdict() for info in infos]
    if failed and require:
        first = failed[0]
        found["failed"] = True
        found["msg"] = f"{len(failed)} of {len(rows)} channels are not reachable. "
        found["msg"] += f"{first.url}: {first.verdict}. {first.remedy}"
    return found


def _ask(launcher: Launcher, base: Base, given: ProbeInput, candidate: Candidate | None) -> list[ProofRow]:
    with trying(candidate, given, *launcher.owner(base)) as asked:
        return [named(row, asked.override) for row in rows_of(_run(launcher, base, asked))]


def _run(launcher: Launcher, base: Base, given: ProbeInput) -> Answer:
    if base.refusal:
        return Answer(b"", failure=f"Not run: {base.refusal}.")
    return launcher.run(base, program(PROOF, given), given.deadline)


def _without_conda(
    launcher: Launcher, given: ProbeInput, options: WithoutConda, candidate: Candidate | None
) -> list[ProofRow]:
    """Return rows with the verdict no_conda, and with what Python alone found about the proxy."""
    base = launcher.python_alone
    if base is None:
        return [failed_row("no_conda", launcher.searched)]
    if options.channels == ():
        return [failed_row("no_conda", "None of the channels can be checked without conda.")]
    names = options.channels or given.channels or (DEFAULT_CHANNEL,)
    options = options._replace(channels=tuple(channel_url(name) for name in names))
    if candidate is not None and candidate.proxy_servers:
        options = options._replace(proxy_servers=candidate.proxy_servers)
    given = given._replace(channels=None, without_conda=options)
    with trying(candidate, given) as asked:
        bundle = asked.override.ssl_verify or options.ca_bundle
        alone = asked._replace(without_conda=options._replace(ca_bundle=bundle))
        rows = [named(row, asked.override) for row in rows_of(_run(launcher, base, alone))]
    return [row._replace(proxy_verdict=row.verdict, verdict="no_conda", ok=False, base=None) for row in rows]
