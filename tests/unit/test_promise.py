# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof decides: table of before, after and conda_proxy_verify."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils import _promise
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._promise import Proof

CHANGED: Any = ["something"]


def row(verdict: str, proxy_verdict: str | None = None) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "ok": verdict == "ok",
        "url": "https://x",
        "remedy": "Do it.",
        "proxy_verdict": proxy_verdict,
    }


def decide(
    verify: str, before: str, after: list[str], changes: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, int]:
    monkeypatch.setattr(_promise, "_PAUSE", 0.0)
    looks = iter(after)
    asked = []

    def prove(now: bool) -> list[dict[str, Any]]:
        asked.append(now)
        verdict = next(looks) if now else before
        return [row(*verdict.split("/"))]

    proof = Proof({"verify": verify, "proof": {"deadline": 60}}, prove)
    if changes:
        proof.before(changes)
    with contextlib.suppress(MachineError):
        proof.after(changes)
        return ("fails" if proof.complaint else "ok"), len(asked)
    return "put back", len(asked)


CASES = [
    # verify, before, after, changes -> decision, how often it was proved
    ("none", "ok", [], CHANGED, "ok", 0),
    ("report", "ok", ["proxy_auth_rejected"], CHANGED, "ok", 1),
    ("rollback", "ok", ["ok"], CHANGED, "ok", 2),
    ("rollback", "ok", ["proxy_auth_rejected"], CHANGED, "put back", 2),
    ("rollback", "proxy_auth_required", ["proxy_auth_rejected"], CHANGED, "fails", 2),
    ("rollback", "ok", ["proxy_auth_rejected"], [], "fails", 1),
    ("require", "proxy_auth_required", ["proxy_auth_rejected"], CHANGED, "put back", 1),
    ("require", "ok", ["proxy_auth_rejected"], [], "fails", 1),
    # transient classes are looked at again before the decision
    ("rollback", "ok", ["refused_proxy", "ok"], CHANGED, "ok", 3),
    ("rollback", "ok", ["refused_proxy", "dns_proxy", "refused_proxy"], CHANGED, "put back", 4),
    # without conda the proxy decides, unless channels are required
    ("rollback", "no_conda/ok", ["no_conda/ok"], CHANGED, "ok", 2),
    ("rollback", "no_conda/ok", ["no_conda/proxy_auth_rejected"], CHANGED, "put back", 2),
    ("require", "no_conda/ok", ["no_conda/ok"], CHANGED, "put back", 1),
]


@pytest.mark.parametrize(("verify", "before", "after", "changes", "decision", "looks"), CASES)
def test_decision(
    verify: str, before: str, after: list[str], changes: Any, decision: str, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert decide(verify, before, after, changes, monkeypatch) == (decision, looks)
