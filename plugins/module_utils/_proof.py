# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. The proof: what the probe is given, and the rows that come of its answer."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from typing import Any, Dict, Iterator, Mapping, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import Account, Answer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._program import PROOF, program
from ansible_collections.condafleet.proxy.plugins.module_utils._verdicts import advise

Row = Dict[str, Any]

DEFAULTS = {"deadline": 45.0, "connect_timeout": 5.0, "read_timeout": 15.0}
# what conda has by itself, before anybody configures something
DEFAULT_CHANNEL = "https://repo.anaconda.com/pkgs/main"
DEFAULT_ALIAS = "https://conda.anaconda.org"
_PROXY_NAMES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "ftp_proxy")
INFO_DEADLINE = 30.0
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


def probe_input(environment: Mapping[str, str | None], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the probe is given, without a candidate's settings. `options` as for `prove`."""
    given: dict[str, Any] = {key: options[key] for key in DEFAULTS if options.get(key) is not None}
    asked = {name: options.get(name) for name in ("channels", "packages")}
    return {**DEFAULTS, **given, **asked, "environment": dict(environment)}


def channel_url(name: str) -> str:
    """A channel's URL, where it is not one already: below conda's default alias."""
    return name if "://" in name else f"{DEFAULT_ALIAS}/{name}"


@contextlib.contextmanager
def trying(candidate: Mapping[str, Any], given: dict[str, Any], account: Account | None) -> Iterator[dict[str, Any]]:
    """What the probe is given so that it finds the candidate's settings in force, as if they had been written.

    candidate: proxy_servers (none: the machine's own), variables, ssl_verify (a path), bundle (the text of one: it is
    in a private file as long as this lasts). Nothing of it: `given` as it is.
    """
    if not candidate:
        yield given
        return
    servers = candidate["proxy_servers"]
    environment = {
        name: value for name, value in given["environment"].items() if not (servers and name.lower() in _PROXY_NAMES)
    }
    environment.update(candidate["variables"])
    settings = {name: candidate[name] for name in ("proxy_servers", "ssl_verify") if candidate[name]}
    with contextlib.ExitStack() as stack:
        if candidate["bundle"]:
            settings["ssl_verify"] = stack.enter_context(_private_file(candidate["bundle"], account))
            environment["REQUESTS_CA_BUNDLE"] = settings["ssl_verify"]
        yield dict(given, environment=environment, candidate=settings)


@contextlib.contextmanager
def _private_file(text: str, account: Account | None) -> Iterator[str]:
    """The path of a file with this text for the account alone."""
    handle, path = tempfile.mkstemp(prefix="condafleet-", suffix=".pem")
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            if account is not None and account.uid >= 0:
                os.fchown(handle, account.uid, account.gid)
            stream.write(text)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def named(rows: list[Row], asked: Mapping[str, Any]) -> list[Row]:
    """What comes from the candidate bears its name: it stands in no file of the machine."""
    candidate: dict[str, Any] = asked.get("candidate") or {}
    for row in rows:
        if candidate.get("proxy_servers") and row["proxy_source"] != "none":
            row.update(proxy_source="candidate", proxy_file=None)
        if candidate.get("ssl_verify") and row["verify"] == candidate["ssl_verify"]:
            row["verify"] = "candidate"
    return rows


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


def info_text(answer: Answer) -> str:
    """What `conda info` said in what the probe printed, or why there is nothing."""
    if answer.failure:
        return answer.failure
    try:
        document = json.loads(answer.output.decode("ascii"))
        return str(document.get("info") or f"No answer: {document['rows'][0]['detail']}")
    except (ValueError, KeyError, TypeError, IndexError):
        return "Its Python gave no answer that can be read." if answer.in_time else "It was killed: it did not end."


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
