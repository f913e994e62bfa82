# SPDX-License-Identifier: GPL-3.0-or-later
"""The compile step as a whole: what it sends."""

from __future__ import annotations

from typing import Any

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import compile_settings
from tests.bed.settings import CERTIFICATE, PROXY, SECRET, compiled, refusal, render, validated


def test_absent_needs_no_settings() -> None:
    result = compiled(state="absent", http="nonsense", sections=["condarc", "environment"])
    assert result.settings.sections == ("condarc", "environment", "netrc")
    assert compiled(state="absent", sections=["netrc"]).settings.sections == ("netrc",)
    assert result.settings.verify == "none"
    assert (result.settings.fragment, result.settings.variables, result.warnings) == ((), {}, [])


def test_what_python_alone_verifies() -> None:
    """Only what this run writes into the condarc; without sections, what another run wrote."""
    given: dict[str, Any] = {
        "http": PROXY,
        "ca_bundle": "/a.pem",
        "channels": ["https://mirror.example.com/x", "file:///y"],
    }
    for sections, written in (([], True), (["condarc"], True), (["environment"], False)):
        alone = compiled(**given, sections=sections).settings.proof.without_conda
        assert alone.channels == ("https://mirror.example.com/x",)
        assert (alone.proxy_servers is not None, alone.ca_bundle) == (written, "/a.pem" if written else None)
    assert compiled(ssl_verify="truststore").settings.proof.without_conda.ca_bundle is None


def test_secrets_are_those_of_the_sections() -> None:
    given = {"http": PROXY, "username": "ada", "password": SECRET, "scope": "user"}
    assert compiled(**given).settings.secrets == (SECRET,)
    assert compiled(**{**given, "password": "${PW}"}, sections=["condarc"]).settings.secrets == ()


def test_nothing_is_rendered_where_the_condarc_is_not_managed() -> None:
    def fail(_document: object) -> str:
        raise AssertionError

    options = validated(http=PROXY, sections=["environment"], ca_bundle_src="company.pem")
    settings = compile_settings(options, fail, CERTIFICATE).settings
    assert settings.variables["https_proxy"] == PROXY
    assert settings.ca_bundle is not None
    assert settings.ca_bundle.pem == CERTIFICATE
    assert compile_settings(validated(sections=[]), render).settings.fragment == ()


def test_settings_that_request_nothing_are_refused() -> None:
    """A run would remove everything: an inventory without settings, or with a misspelt name."""
    for sections in (["condarc", "environment"], ["condarc"], ["environment"], ["netrc"]):
        told = refusal(sections=sections, scope="user")
        assert told.startswith("conda_proxy_http is not set, and nothing else requests anything")
    assert "nothing else requests" in refusal(sections=["netrc"], scope="user", http=PROXY)
    assert compiled(sections=["condarc"], channels=["a"]).settings.fragment
    assert compiled(sections=[]).settings.sections == ()
