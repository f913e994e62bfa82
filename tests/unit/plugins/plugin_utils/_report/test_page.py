# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html. What a browser makes of it: tests/integration/local/test_report_page.py."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.page import page

BLOCKED: dict[str, Any] = {
    "url": "https://repo.example.com/main",
    "verdict": "tls_unknown_ca",
    "ok": False,
    "detail": "<script>alert(1)</script>",
    "tls_issuer": 'Example "interceptor"',
    "connect_status": 200,
    "proxy": "http://***@p:1",
}


class Nodes(HTMLParser):
    """Counts elements, and finds what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.fetched: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count += 1
        self.scripts += tag == "script"
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href") and value]


def parsed(text: str) -> Nodes:
    found = Nodes()
    found.feed(text)
    return found


def test_hosts_notes_and_tickets_and_nothing_that_a_host_says_is_markup() -> None:
    fleet = Fleet()
    fleet.add("good", {"changed": False})
    for number in range(25):
        fleet.add(f"<b>h{number:02}", {"changed": False, "proof": [BLOCKED]})
    fleet.stopped = "the rollout <stopped>"
    text = page(fleet, "2026-01-01", complete=False, runs=[], seen={})
    found = parsed(text)
    assert found.scripts == 1
    assert found.fetched == []
    assert "&lt;script&gt;alert(1)" in text
    assert "the rollout &lt;stopped&gt;" in text
    assert "interrupted" in text
    assert "Issuer of the certificate: Example &quot;interceptor&quot;" in text
    assert "Answer of the proxy to CONNECT: 200" in text
    assert "Hosts (25): &lt;b&gt;h00" in text
    states = re.findall(r'<tr data-state="(\w+)"', text)
    assert states == ["blocked"] * 25 + ["in_order"], "what is not in order comes first"


def test_every_state_has_a_sign() -> None:
    fleet = Fleet()
    for state in outcome.STATES:
        fleet._outcomes[state] = outcome.Outcome(state, state)
    text = page(fleet, "now", complete=True, runs=[], seen={})
    signs = re.findall(r'<td class="(?:good|warn|bad)">(\S+) ', text)
    assert len(set(signs)) == len(outcome.STATES)


def test_a_thousand_hosts_are_a_page_that_a_phone_can_open() -> None:
    fleet = Fleet()
    for number in range(1000):
        fleet.add(f"host{number:04}.example.com", {"changed": False, "proof": [dict(BLOCKED, verdict="ok", ok=True)]})
    text = page(fleet, "now", complete=True, runs=[], seen={})
    assert len(text) < 600_000
    assert parsed(text).count < 12_000


def test_a_host_that_was_not_reached_says_when_it_was() -> None:
    fleet = Fleet()
    fleet.add("laptop", {"unreachable": True, "msg": "no route"})
    fleet.add("good", {"changed": False})
    now = "2026-01-02T08:00:00+00:00"
    seen = {"laptop": Seen(reached="2026-01-01T07:30:00+00:00"), "good": Seen(reached=now, proven=now)}
    text = page(fleet, now, complete=True, runs=[], seen=seen)
    assert "last reached <time" in text
    assert ">2026-01-01 07:30 UTC</time>, never proven" in text
    assert text.count("<time") == 1
