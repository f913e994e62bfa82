# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action conda_proxy makes of a task's arguments, and what it refuses. No machine takes part."""

from __future__ import annotations

from typing import Any

from ansible_collections.condafleet.proxy.plugins.action import conda_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry, ProofOptions
from tests.bed.actions import Vaulted, run_action
from tests.bed.settings import SECRET


def test_an_inline_vault_is_text(sent: list[Any]) -> None:
    entry = {"machine": "mirror.example.com", "login": "ada", "password": Vaulted()}
    run_action(
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


def test_options_of_the_verification_arrive(sent: list[Any]) -> None:
    names = ("deadline", "connect_timeout", "read_timeout", "packages", "info")
    given = {f"verify_{name}": number for number, name in enumerate(names, 1)}
    run_action(
        conda_proxy,
        http="http://p:1",
        sections=["environment"],
        **{**given, "verify_packages": True, "verify_info": True},
    )
    proof = sent[0].settings.proof
    assert proof._replace(without_conda=ProofOptions().without_conda) == ProofOptions(1.0, 2.0, 3.0, None, True, True)


def test_an_unknown_variable_is_refused_before_a_connection(sent: list[Any]) -> None:
    known = {"conda_proxy_http": "x", "conda_proxy_hold": "", "conda_proxy_result": {}, "other": 1}
    variables = {**known, "conda_proxy_pasword": SECRET, "conda_proxy_require": SECRET}
    for arguments in (
        {"preflight": True, "sections": []},
        {"state": "absent"},
        {"http": "http://p:1", "sections": ["environment"]},
    ):
        answer = run_action(conda_proxy, variables, **arguments)
        assert answer["failed"] is True
        assert "(did you mean conda_proxy_password?), nor is conda_proxy_require (it is called" in answer["msg"]
        assert SECRET not in answer["msg"]
        assert not sent
        assert "failed" not in run_action(conda_proxy, known, **arguments)
        sent.clear()


def test_a_refusal_names_the_variables_of_the_role(sent: list[Any]) -> None:
    answer = run_action(conda_proxy, https="http://proxy.example.com:8080")
    assert answer["msg"].startswith("conda_proxy_https is set without conda_proxy_http (")
    assert answer["msg"].endswith("; set conda_proxy_http too")
    assert not sent
