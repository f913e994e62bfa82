# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a host, from the result of its task."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import outcome_of

OK = {"url": "https://x/main", "verdict": "ok", "ok": True}
OFF = {"url": "https://x/main", "verdict": "dns_proxy", "ok": False}
FORBIDDEN = {"url": "https://x/main", "verdict": "proxy_forbidden", "ok": False}
ALONE_GOOD = {"verdict": "no_conda", "ok": False, "proxy_verdict": "ok"}
ALONE_OFF = {"verdict": "no_conda", "ok": False, "proxy_verdict": "connect_timeout_proxy"}
CHANGES = [{"path": "/etc/x", "reasons": ["edited", "mode"]}]


@pytest.mark.parametrize(
    ("result", "check_mode", "state"),
    [
        ({"changed": False, "proof": [OK]}, False, outcome.IN_ORDER),
        ({"changed": False, "proof": [ALONE_GOOD]}, False, outcome.IN_ORDER),
        ({"changed": False}, False, outcome.IN_ORDER),
        ({"changed": True, "resources": CHANGES}, False, outcome.CHANGED),
        ({"changed": True, "resources": CHANGES}, True, outcome.DRIFT),
        ({"changed": True, "resources": CHANGES, "proof": [FORBIDDEN]}, True, outcome.DRIFT),
        ({"changed": True, "resources": CHANGES, "proof": [FORBIDDEN]}, False, outcome.BLOCKED),
        ({"changed": False, "proof": [OK, FORBIDDEN]}, True, outcome.BLOCKED),
        ({"changed": False, "proof": [OFF]}, True, outcome.OFF_NETWORK),
        ({"failed": True, "msg": "x", "proof": [OFF]}, False, outcome.OFF_NETWORK),
        ({"failed": True, "msg": "x", "proof": [ALONE_OFF]}, False, outcome.OFF_NETWORK),
        ({"failed": True, "msg": "x", "proof": [OFF], "rolled_back": True}, False, outcome.ROLLED_BACK),
        ({"failed": True, "msg": "x", "proof": [OFF, FORBIDDEN]}, False, outcome.FAILED),
        ({"failed": True, "msg": "x"}, False, outcome.FAILED),
        ({"failed": True, "msg": "x", "refused": True}, False, outcome.REFUSED),
        ({"unreachable": True, "msg": "x"}, False, outcome.UNREACHABLE),
        ({"changed": False, "hold": {"text": "ticket", "expired": False}}, False, outcome.HELD),
    ],
)
def test_states(result: dict[str, Any], check_mode: bool, state: str) -> None:
    found = outcome_of("h", result, check_mode)
    assert found.state == state
    assert state in outcome.STATES
    assert bool(found.message) is (state not in (outcome.IN_ORDER, outcome.CHANGED))
    assert "\n" not in found.message


def test_a_message_says_what_and_what_to_do() -> None:
    assert outcome_of("h", {"changed": True, "resources": CHANGES}, True).message == "/etc/x (edited, mode)"
    blocked = outcome_of("h", {"changed": False, "proof": [FORBIDDEN]})
    assert blocked.message.startswith("https://x/main: proxy_forbidden. The proxy's policy forbids")
    assert outcome_of("h", {"hold": {"text": "ticket until 2026-01-01", "expired": True}}).message.endswith("(expired)")
    assert outcome_of("h", {"failed": True, "msg": "a\n  b"}).message == "a b"


def test_the_verdict_without_conda_is_python_s() -> None:
    assert outcome.verdict_of(ALONE_OFF) == "connect_timeout_proxy"
    assert outcome.verdict_of(ALONE_GOOD) == "no_conda"
    assert outcome_of("h", {"proof": [ALONE_GOOD]}).without_conda
