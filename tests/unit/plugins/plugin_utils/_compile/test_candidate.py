# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are tried and not written: as conda_proxy would write them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.candidate import CANDIDATE, compile_candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from tests.bed.settings import CERTIFICATE, HOSTILE, PROXY, compiled, condarc, validated


def attempt(pem: str | None = None, **given: Any) -> Candidate | None:
    """Only with the options that conda_connectivity has."""
    options = validated(**given)
    return compile_candidate({name: options[name] for name in (*CANDIDATE, "channels")}, pem)


def test_it_is_what_conda_proxy_writes() -> None:
    given: dict[str, Any] = {
        "http": PROXY,
        "username": "ada",
        "password": HOSTILE,
        "channels": ["https://mirror.example.com/x"],
        "no_proxy": ["localhost", ".example.org"],
    }
    candidate = attempt(**given, ca_bundle="/a.pem")
    written = compiled(**given, ca_bundle="/a.pem", scope="user")
    assert candidate == Candidate(
        proxy_servers=condarc(written)["proxy_servers"],
        variables=written.settings.variables,
        ssl_verify="/a.pem",
        ca_bundle=None,
    )


def test_nothing_to_try() -> None:
    assert attempt() is None
    assert attempt(channels=["a"], no_proxy=["b"], tls_to_proxy=True) is None


def test_a_ca_alone_leaves_the_proxy() -> None:
    assert attempt(CERTIFICATE, ca_bundle_src="b.pem") == Candidate(None, {}, None, CaBundle(CERTIFICATE))
    assert attempt(ca_bundle_content=CERTIFICATE) == attempt(CERTIFICATE, ca_bundle_src="b.pem")


def test_a_variable_is_for_conda_alone() -> None:
    candidate = attempt(http=PROXY, username="ada", password="${PW}")
    assert candidate is not None
    assert candidate.proxy_servers is not None
    assert candidate.proxy_servers["http"] == "http://ada:${PW}@proxy.example.com:8080"
    assert candidate.variables == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"https": PROXY}, "^https is set without http .*; set http too$"),
        ({"http": PROXY, "password": "x"}, "^password is set without username; set both$"),
        ({"http": PROXY, "channels": ["a b"]}, "^channels has an entry"),
        ({"ca_bundle": "ca.pem"}, "use ca_bundle_src for a file on the control node$"),
        ({"ca_bundle_content": "ca.pem"}, "^ca_bundle_content is a text without a PEM certificate"),
        ({"ca_bundle": "/a.pem", "ca_bundle_content": CERTIFICATE}, "^ca_bundle and ca_bundle_content are both set"),
    ],
)
def test_refused_by_the_names_of_its_own_options(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettingError, match=says):
        attempt(**given)
