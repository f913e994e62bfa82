# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What conda and mamba have as proxy and CA bundle.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._info.curl import _READS
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    READ,
    RUN,
    Files,
    Row,
    Subject,
    failed,
    pick,
    place,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script

_CONDA_SECONDS = 30.0


def conda(subject: Subject, base: Base) -> list[Row]:
    """What conda of a base uses for packages and for C(*.json.zst)."""
    host = urlsplit(subject.channel).netloc.rpartition("@")[2]
    path = urlsplit(subject.channel).path
    urls = {scheme: f"{scheme}://{host}{path}" for scheme in ("http", "https")}
    variables = {name: value for name, value in subject.login.items() if name != "PATH"}
    text = script.program(script.VIEW, {"environment": variables, "urls": urls})
    try:
        account = trust.account_for(base, subject.account.home)
    except trust.NotAsRootError as exc:
        return [failed("conda packages", str(exc), base.prefix)]
    output, in_time, problem = process.run(base.python, text, account, _CONDA_SECONDS)
    if not in_time:
        problem = "its Python did not end in time"
    try:
        answer = json.loads(output.decode("ascii"))
    except ValueError:
        answer = {"error": problem or "no answer that can be read"}
    if "error" in answer:
        return [failed("conda packages", "conda says nothing: {}".format(answer["error"]), base.prefix)]
    files = condarc_precedence.search_path(subject.account.home, base.prefix, subject.login)
    winners = condarc_precedence.decide([condarc_precedence.read(file) for file in files])
    known = subject.login_files()
    return [
        _conda_row(style, answer, winners, subject, known, base.prefix)
        for style in ("packages", "zst")
        if f"{style}.https" in answer
    ]


def _conda_row(
    style: str,
    answer: Row,
    winners: t.Mapping[str, condarc_precedence.Setting],
    subject: Subject,
    files: Files,
    prefix: str,
) -> Row:
    row = {**row_of(f"conda {style}", RUN, {}, ()), "base": prefix}
    sources = set()
    for scheme in ("http", "https"):
        seen, field = answer[f"{style}.{scheme}"], f"{scheme}_proxy"
        row[field] = seen["proxy"]
        sources.add(seen["from"])
        if seen["from"] == "condarc":
            winner = winners.get("{}.{}".format(condarc_precedence.PROXIES, seen["key"]))
            row["decided_by"][field] = winner.place if winner else "condarc: proxy_servers.{}".format(seen["key"])
        elif seen["from"] == "environment":
            name, value = pick(subject.login, ANY[field])
            row["decided_by"][field] = place(name, value, files)
    if "environment" in sources:
        name, row["no_proxy"] = pick(subject.login, ANY["no_proxy"])
        if name:
            row["decided_by"]["no_proxy"] = place(name, row["no_proxy"], files)
    elif "condarc" in sources:
        row["note"] = "no_proxy is ignored, as the condarc names the proxy"
    row["ca_bundle"] = answer["verify"]
    if answer["verify_from"] == "environment":
        name, value = pick(subject.login, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        row["decided_by"]["ca_bundle"] = place(name, value, files)
    elif condarc_precedence.VERIFY in winners:
        row["decided_by"]["ca_bundle"] = winners[condarc_precedence.VERIFY].place
    return row


def mamba(name: str, subject: Subject, root: str) -> Row:
    """libmamba: the condarc's entry, else what curl takes from the environment; no_proxy holds for both."""
    row = row_of(name, READ, subject.login, subject.login_files(), {**_READS, "ca_bundle": ("REQUESTS_CA_BUNDLE",)})
    files = [
        *condarc_precedence.search_path(subject.account.home, root, subject.login),
        f"{subject.account.home}/.mambarc",
    ]
    winners = condarc_precedence.decide([condarc_precedence.read(path) for path in files])
    host = urlsplit(subject.channel).hostname or ""
    for scheme in ("http", "https"):
        entry = condarc_precedence.proxy_for(scheme, host, winners)
        if entry:
            row[f"{scheme}_proxy"], row["decided_by"][f"{scheme}_proxy"] = entry.value, entry.place
    verify = winners.get(condarc_precedence.VERIFY)
    if verify and not pick(subject.login, ("REQUESTS_CA_BUNDLE",))[0]:
        row["ca_bundle"], row["decided_by"]["ca_bundle"] = verify.value, verify.place
    return row
