# SPDX-License-Identifier: GPL-3.0-or-later
"""A login is offered once to a proxy that rejects it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.logins import Logins
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import Proxy

ADA = Proxy("http", "proxy", 3128, "ada", "secret")
BOB = ADA._replace(user="bob")


class Network:
    """Counts requests; each waits until all that may run beside it have come."""

    def __init__(self, verdict: str) -> None:
        self.verdict = verdict
        self.requests: list[str] = []

    def ask(self, logins: Logins, proxy: Proxy | None, url: str) -> Any:
        def send() -> dict[str, Any]:
            self.requests.append(url)
            return {"verdict": self.verdict, "detail": "as it was"}

        return logins.request(proxy, url, send)

    def at_once(self, logins: Logins, proxy: Proxy | None, count: int) -> list[Any]:
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda url=f"https://c{number}": found.append(self.ask(logins, proxy, url)))
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found


def test_a_rejected_login_is_not_offered_again() -> None:
    network, logins = Network("proxy_auth_rejected"), Logins()
    found = network.at_once(logins, ADA, 8)
    assert len(network.requests) == 1
    assert {row["verdict"] for row in found} == {"proxy_auth_rejected"}
    not_asked = f"Not requested: the same proxy rejected the same credentials for {network.requests[0]}."
    assert sorted(row["detail"] for row in found) == sorted(["as it was"] + [not_asked] * 7)
    network.ask(logins, BOB, "https://c9")
    assert len(network.requests) == 2, "another login is another question"


@pytest.mark.parametrize(
    ("verdict", "proxy"),
    [("ok", ADA), ("refused_proxy", ADA), ("proxy_auth_required", ADA._replace(user=None)), ("ok", None)],
)
def test_all_else_is_asked_for_each_channel(verdict: str, proxy: Proxy | None) -> None:
    network = Network(verdict)
    assert len(network.at_once(Logins(), proxy, 8)) == len(network.requests) == 8
