# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rollout, as the playbooks call them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.condafleet.proxy.plugins.action import conda_proxy_rollout
from ansible_collections.condafleet.proxy.plugins.action.conda_proxy_rollout import CANARIES


@pytest.fixture(autouse=True)
def extra(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    monkeypatch.setattr(conda_proxy_rollout, "load_extra_vars", lambda _loader: found)
    return found


def run(variables: dict[str, Any], check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    action: Any = conda_proxy_rollout.ActionModule.__new__(conda_proxy_rollout.ActionModule)
    action._task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0)
    action._loader = None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ActionBase, "run", lambda *_args: {})
        answer: dict[str, Any] = action.run(None, variables)
    return answer


def variables(results: dict[str, Any], batch: list[str]) -> dict[str, Any]:
    hosts = list(results)
    return {
        "hostvars": {host: ({"conda_proxy_result": result} if result else {}) for host, result in results.items()},
        "groups": {"all": hosts, CANARIES: hosts[:1]},
        "ansible_play_hosts_all": hosts[1:],
        "ansible_play_batch": batch,
    }


GOOD, BAD = {"changed": True}, {"failed": True, "msg": "x"}


def test_the_gate_looks_at_the_rings_before_and_not_at_this_one() -> None:
    found = variables({"c": GOOD, "a": BAD, "b": {"preflight": True}, "d": None}, ["b", "d"])
    answer = run(found, step="gate", max_fail_percentage="0")
    assert answer["failed"]
    assert "(a)" in answer["msg"]
    assert "failed" not in run(found, check_mode=True, step="gate", max_fail_percentage=0)
    assert "failed" not in run(found, step="gate", max_fail_percentage="50")
    assert "failed" not in run(
        variables({"c": {"preflight": True}, "a": None}, ["a"]), step="gate", max_fail_percentage=0
    )
    assert (
        "conda_proxy_max_fail_percentage is not a number" in run(found, step="gate", max_fail_percentage="few")["msg"]
    )


def test_the_canaries(extra: dict[str, Any]) -> None:
    found = variables({"x": None, "a": None, "b": None}, [])
    assert run(found, step="canaries", rings=["10%"])["canaries"] == ["a"]
    assert run(found, step="canaries", rings=["10%"], canaries=["b"])["canaries"] == ["b"]
    found["hostvars"]["b"] = {"conda_proxy_rings": ["10%"]}
    assert "is set in the inventory (host b)" in run(found, step="canaries", rings=["10%"])["msg"]
    extra["conda_proxy_rings"] = ["10%"]
    assert "failed" not in run(found, step="canaries", rings=["10%"])


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({"changed": False}, ""),
        ({"hold": {"text": "x"}}, ""),
        ({"changed": True, "resources": [{"path": "/etc/x", "reasons": ["edited"]}]}, "drift: /etc/x (edited)"),
        ({"changed": False, "proof": [{"url": "u", "verdict": "proxy_forbidden"}]}, "blocked: u: proxy_forbidden."),
    ],
)
def test_a_host_is_judged(result: dict[str, Any], says: str) -> None:
    answer = run({"inventory_hostname": "h", "conda_proxy_result": result}, step="judge")
    assert bool(answer.get("failed")) is bool(says)
    assert answer.get("msg", "").startswith(says)
