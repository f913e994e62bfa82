# SPDX-License-Identifier: GPL-3.0-or-later
"""CA bundle and ssl_verify."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls, parse_tls
from tests.bed.settings import CERTIFICATE, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "two bundles": (
        {"ca_bundle": "/a.pem", "ca_bundle_src": "b.pem", "pem": CERTIFICATE},
        "conda_proxy_ca_bundle",
        "keep conda_proxy_ca_bundle for a file on the machine",
    ),
    "bundle without a certificate": (
        {"ca_bundle_src": "b.pem", "pem": "text"},
        "conda_proxy_ca_bundle_src",
        "PEM",
    ),
    "bundle with a key": (
        {"ca_bundle_src": "b.pem", "pem": CERTIFICATE + "-----BEGIN PRIVATE KEY-----"},
        "conda_proxy_ca_bundle_src",
        "private key",
    ),
    "ssl_verify and a bundle": ({"ca_bundle": "/a.pem", "ssl_verify": "true"}, "conda_proxy_ssl_verify", "leave"),
    "ssl_verify nonsense": ({"ssl_verify": "maybe"}, "conda_proxy_ssl_verify", "truststore"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


@pytest.mark.parametrize(
    ("given", "expected", "ssl_verify"),
    [
        ({}, Tls(), None),
        ({"ca_bundle": "/a.pem"}, Tls(path="/a.pem"), "/a.pem"),
        ({"ssl_verify": "No"}, Tls(verify=False), False),
        ({"ssl_verify": "yes"}, Tls(verify=True), True),
        ({"ssl_verify": "truststore"}, Tls(verify="truststore"), "truststore"),
        ({"ssl_verify": "C:\\a.pem"}, Tls(verify="C:\\a.pem"), "C:\\a.pem"),
    ],
)
def test_one_of_three(given: dict[str, Any], expected: Tls, ssl_verify: Any) -> None:
    found = parse_tls(validated(**given), None)
    assert found == expected
    assert found.ssl_verify == ssl_verify
    assert found.has_bundle == ("ca_bundle" in given)


def test_a_file_of_the_control_node() -> None:
    found = parse_tls(validated(ca_bundle_src="b.pem"), CERTIFICATE)
    assert found == Tls(bundle=CaBundle(CERTIFICATE))
    assert found.has_bundle
    assert refusal(ca_bundle_src="b.pem", pem="").startswith("conda_proxy_ca_bundle_src names a file without a PEM ")
    assert "use conda_proxy_ca_bundle_src for a file on the control node" in refusal(ca_bundle="a.pem")
