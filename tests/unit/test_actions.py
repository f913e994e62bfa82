# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions make of a task's arguments, and what they say no to. No machine takes part."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.condafleet.proxy.plugins.action import conda_connectivity, conda_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction

SECRET = "hunter2-Zq"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


class Vaulted:
    """An inline C(!vault) as ansible-core before 2.19 has it: an object that is no text."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return SECRET


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What went to the machine, which always answers that nothing changed."""
    bodies: list[Any] = []

    def on_machine(_self: HostAction, _task_vars: dict[str, Any], body: Any) -> dict[str, Any]:
        bodies.append(body)
        return {"changed": False}

    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(HostAction, "on_machine", on_machine)
    monkeypatch.setattr(HostAction, "windows", False)
    return bodies


def run(module: Any, **arguments: Any) -> dict[str, Any]:
    action = module.ActionModule.__new__(module.ActionModule)
    action._task = SimpleNamespace(args=arguments)
    answer: dict[str, Any] = action.run(None, {})
    return answer


def test_variables_of_the_proof_are_text(sent: list[Any]) -> None:
    given = {"CONDA_OFFLINE": 1, "CONDA_X": True, "Y": 1.5, "LANG": None, "PW": Vaulted(), 7: "seven"}
    run(conda_connectivity, environment=given)
    variables = {"CONDA_OFFLINE": "1", "CONDA_X": "True", "Y": "1.5", "LANG": None, "PW": SECRET, "7": "seven"}
    assert sent[0].environment == variables
    run(conda_connectivity)
    assert sent[1].environment is None


def test_no_channel_means_the_effective_ones(sent: list[Any]) -> None:
    run(conda_connectivity)
    for given, channels in (([], None), (None, None), (["a"], ("a",))):
        run(conda_connectivity, channels=given)
        assert sent.pop().proof.channels == channels
    assert sent.pop().proof.channels is None


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({name: value}, f"{name} is not a number above 0; give seconds")
    for name in ("deadline", "connect_timeout", "read_timeout")
    for value in (0, -1.5, float("inf"))
]
REFUSED += [
    ({"environment": {name: value}}, "environment has a name or a value that no environment can hold; remove it")
    for name, value in (("", SECRET), (f"A={SECRET}", ""), ("A", f"{SECRET}\0"))
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED)
def test_refused_before_a_machine_is_asked(sent: list[Any], arguments: dict[str, Any], sentence: str) -> None:
    answer = run(conda_connectivity, **arguments)
    assert (answer["failed"], answer["msg"]) == (True, sentence)
    assert not sent


def test_an_inline_vault_is_text(sent: list[Any]) -> None:
    entry = {"machine": "mirror.example.com", "login": "ada", "password": Vaulted()}
    run(
        conda_proxy,
        scope="user",
        http="http://proxy.example.com:8080",
        username="ada",
        password=Vaulted(),
        sections=["environment", "netrc"],
        netrc=[entry],
    )
    settings = sent[0].settings
    assert settings.variables["http_proxy"] == f"http://ada:{SECRET}@proxy.example.com:8080"
    assert settings.netrc == (NetrcEntry("mirror.example.com", "ada", SECRET),)
    run(conda_connectivity, http="http://proxy.example.com:8080", username="ada", password=Vaulted())
    assert SECRET in sent[1].candidate.variables["http_proxy"]


def test_no_roots_anywhere_is_a_refusal_of_its_own(sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a crash of the task: the machine asks for CA roots, and the control node has none."""
    monkeypatch.setattr(HostAction, "on_machine", lambda *_args: {"failed": True, "needs": "ca_roots"})
    monkeypatch.setattr(HostAction, "read_ca_bundle", lambda *_args: CERTIFICATE)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=None))
    # the condarc has a template, which takes a templar
    answer = run(conda_proxy, ca_bundle_src="company.pem", sections=["environment"], scope="user")
    assert answer["failed"] is True
    assert answer["msg"].startswith("conda_proxy_ca_bundle_src cannot be joined: ")
