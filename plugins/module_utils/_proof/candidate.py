# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try settings without writing them.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Any, Iterator, Mapping

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Row

_PROXY_NAMES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "ftp_proxy")


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
