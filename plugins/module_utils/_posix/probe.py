# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. The proof: what the probe is given, and the rows that come of its answer."""

from __future__ import annotations

import sys
from typing import Any, Mapping, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import DEFAULT_CHANNEL, channel_url
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import Account, Answer
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.candidate import named, trying
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import (
    DEFAULTS,
    INFO_DEADLINE,
    Row,
    failed_row,
    info_text,
    probe_input,
    rows_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.script import PROOF, program
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import advise

_GRACE = 10.0  # after the deadline: Python's own start is not counted by the probe


def prove(bases: Sequence[Base], environment: dict[str, str | None], home: str, options: dict[str, Any]) -> list[Row]:
    """A row per base and channel. `environment`: the proxy and CA variables that conda is to see, None removes one.

    options: channels (a list; none: the effective ones), packages (look at one of each channel too), deadline,
    connect_timeout, read_timeout, user (for the rows), candidate (see `trying`), bare (channels, proxies, ca_bundle: what
    Python alone checks where there is no conda).
    """
    given = probe_input(environment, options)
    candidate: dict[str, Any] = options.get("candidate") or {}
    rows: list[Row] = []
    for base in bases:
        try:
            account = trust.account_for(base, home)
            with trying(candidate, given, account) as asked:
                rows += named(run_probe(base.python, asked, account), asked)
        except trust.NotAsRootError as exc:
            rows.append(failed_row("conda_unusable", str(exc)))
        for row in rows:
            row.setdefault("base", base.prefix)
    if not bases:
        own = Account(-1, -1, "", home)
        with trying(candidate, given, own) as asked:
            rows = named(_without_conda(asked, own, options.get("bare") or {}), asked)
    for row in rows:
        row["user"] = options.get("user")
    return [advise(row) for row in rows]


def conda_info(
    bases: Sequence[Base],
    environment: dict[str, str | None],
    home: str,
    candidate: Mapping[str, Any] | None = None,
) -> list[Row]:
    """`conda info --all` of every base, without secrets: what support asks for, and never a verdict."""
    given = dict(DEFAULTS, deadline=INFO_DEADLINE, environment=environment, info=True)
    found = []
    for base in bases:
        try:
            account = trust.account_for(base, home)
            with trying(candidate or {}, given, account) as asked:
                text = info_text(_ask(base.python, asked, account))
        except trust.NotAsRootError as exc:
            text = str(exc)
        found.append({"base": base.prefix, "text": text})
    return found


def _without_conda(given: dict[str, Any], account: Account, bare: dict[str, Any]) -> list[Row]:
    """Rows that say no_conda, and beside it what Python alone says of the proxy."""
    names = bare.get("channels")
    if names == []:
        return [dict(failed_row("no_conda", "No channel is one that Python alone could ask."), proxy_verdict=None)]
    names = names or given["channels"] or [DEFAULT_CHANNEL]
    urls = [channel_url(name) for name in names]
    candidate = given.get("candidate") or {}
    if candidate.get("proxy_servers"):
        bare = dict(bare, proxies=candidate["proxy_servers"])
    if candidate.get("ssl_verify"):
        bare = dict(bare, ca_bundle=candidate["ssl_verify"])
    rows = run_probe(sys.executable, dict(given, channels=None, bare=dict(bare, channels=urls)), account)
    for row in rows:
        row.update(proxy_verdict=row["verdict"], verdict="no_conda", ok=False, base=None)
    return rows


def run_probe(python: str, given: dict[str, Any], account: Account) -> list[Row]:
    """The rows of one run."""
    answer = _ask(python, given, account)
    return [failed_row("conda_unusable", answer.failure)] if answer.failure else rows_of(answer.output, answer.in_time)


def _ask(python: str, given: dict[str, Any], account: Account) -> Answer:
    return process.run(python, program(PROOF, given), account, given["deadline"] + _GRACE)
