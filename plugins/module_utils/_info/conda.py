# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy and CA bundle of conda and mamba."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence, defaults
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._info.curl import _READS
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    READ,
    RUN,
    ConsumerRow,
    Subject,
    failed,
    pick,
    place,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ViewAnswer, ViewInput
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Answer

_CONDA_SECONDS = 30.0  # seconds


def conda(subject: Subject, base: Base) -> list[ConsumerRow]:
    """Return what conda of a base uses for packages and for `*.json.zst`."""
    host = urlsplit(subject.channel).netloc.rpartition("@")[2]
    path = urlsplit(subject.channel).path
    urls = {scheme: f"{scheme}://{host}{path}" for scheme in ("http", "https")}
    variables = {name: value for name, value in subject.login.items() if name != "PATH"}
    text = script.program(script.VIEW, ViewInput(variables, urls))
    try:
        account = trust.account_for(base, subject.account.home)
    except trust.NotAsRootError as exc:
        return [failed("conda packages", str(exc), base.prefix)]
    answer = process.run_python(base.python, text, account, _CONDA_SECONDS)
    view, problem = _view_of(answer)
    if view is None:
        return [failed("conda packages", f"conda gave no result: {problem}", base.prefix)]
    files = condarc_precedence.search_path(subject.account.home, base.prefix, subject.login)
    winners = condarc_precedence.decide([condarc_precedence.read(file) for file in files])
    requests = dict.fromkeys(proxy.request for proxy in view.proxies)
    return [_conda_row(request, view, winners, subject)._replace(base=base.prefix) for request in requests]


def _view_of(answer: Answer) -> tuple[ViewAnswer | None, str]:
    """Return what conda's Python printed, or None and the reason."""
    if answer.failure or not answer.in_time:
        return None, answer.failure or "its Python timed out"
    try:
        view = ViewAnswer.from_json(json.loads(answer.output.decode("ascii")))
    except ValueError:
        return None, "its output cannot be parsed"
    return (None, view.error) if view.error else (view, "")


def _conda_row(
    request: str, view: ViewAnswer, winners: t.Mapping[str, condarc_precedence.Setting], subject: Subject
) -> ConsumerRow:
    row = ConsumerRow(f"conda {request}", RUN)
    files = subject.login_files()
    sources = set()
    for seen in view.proxies:
        if seen.request != request:
            continue
        field, decided = f"{seen.scheme}_proxy", ""
        sources.add(seen.source)
        if seen.source == "condarc":
            winner = winners.get(f"{condarc_precedence.PROXIES}.{seen.key}")
            decided = winner.place if winner else f"condarc: proxy_servers.{seen.key}"
        elif seen.source == "environment":
            decided = place(*pick(subject.login, ANY[field]), files)
        row = row.with_value(field, seen.proxy, decided)
    if "environment" in sources:
        name, value = pick(subject.login, ANY["no_proxy"])
        row = row.with_value("no_proxy", value, place(name, value, files) if name else "")
    elif "condarc" in sources:
        row = row._replace(note="no_proxy is ignored because the condarc sets the proxy")
    decided = ""
    if view.verify_from == "environment":
        decided = place(*pick(subject.login, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")), files)
    elif condarc_precedence.VERIFY in winners:
        decided = winners[condarc_precedence.VERIFY].place
    return row.with_value("ca_bundle", view.verify, decided)


def mamba(name: str, subject: Subject, root: str) -> ConsumerRow:
    """Return the row of libmamba: the entry of the condarc, otherwise the environment like curl; no_proxy affects "
    "both."""
    row = row_of(name, READ, subject.login, subject.login_files(), {**_READS, "ca_bundle": ("REQUESTS_CA_BUNDLE",)})
    files = [
        *condarc_precedence.search_path(subject.account.home, root, subject.login),
        f"{subject.account.home}/.mambarc",
    ]
    winners = condarc_precedence.decide([condarc_precedence.read(path) for path in files])
    host = defaults.channel_host(subject.channel)
    for scheme in ("http", "https"):
        entry = condarc_precedence.proxy_for(scheme, host, winners)
        if entry:
            row = row.with_value(f"{scheme}_proxy", entry.value, entry.place)
    verify = winners.get(condarc_precedence.VERIFY)
    if verify and not pick(subject.login, ("REQUESTS_CA_BUNDLE",))[0]:
        row = row.with_value("ca_bundle", verify.value, verify.place)
    return row
