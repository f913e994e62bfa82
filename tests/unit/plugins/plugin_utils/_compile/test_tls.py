# SPDX-License-Identifier: GPL-3.0-or-later
"""CA bundle and ssl_verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls, parse_tls
from tests.bed.settings import CERTIFICATE, SECRET, refusal, validated

if TYPE_CHECKING:
    from pathlib import Path

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "two bundles": (
        {"ca_bundle": "/a.pem", "ca_bundle_src": "b.pem", "pem": CERTIFICATE},
        "conda_proxy_ca_bundle",
        "keep conda_proxy_ca_bundle for a file on the machine",
    ),
    "a file and a text": (
        {"ca_bundle_src": "b.pem", "ca_bundle_content": CERTIFICATE, "pem": CERTIFICATE},
        "conda_proxy_ca_bundle_src",
        "are both set; keep conda_proxy_ca_bundle for a file on the machine, conda_proxy_ca_bundle_src for one on the ",
    ),
    "a path and a text": (
        {"ca_bundle": "/a.pem", "ca_bundle_content": CERTIFICATE},
        "conda_proxy_ca_bundle",
        "and conda_proxy_ca_bundle_content are both set",
    ),
    "all three": (
        {"ca_bundle": "/a.pem", "ca_bundle_src": "b.pem", "ca_bundle_content": CERTIFICATE, "pem": CERTIFICATE},
        "conda_proxy_ca_bundle",
        "and conda_proxy_ca_bundle_src and conda_proxy_ca_bundle_content are all set",
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
    "text without a certificate": (
        {"ca_bundle_content": "files/ca.pem"},
        "conda_proxy_ca_bundle_content",
        "is a text without a PEM certificate",
    ),
    "text with a key": (
        {"ca_bundle_content": CERTIFICATE + "-----BEGIN PRIVATE KEY-----\n" + SECRET},
        "conda_proxy_ca_bundle_content",
        "private key",
    ),
    "text without its line breaks": (
        {"ca_bundle_content": CERTIFICATE.replace("\n", " ")},
        "conda_proxy_ca_bundle_content",
        "in YAML: under |",
    ),
    "text with line breaks that are no more": (
        {"ca_bundle_content": CERTIFICATE.replace("\n", "\\n")},
        "conda_proxy_ca_bundle_content",
        "on a line of its own",
    ),
    "ssl_verify and a text": (
        {"ca_bundle_content": CERTIFICATE, "ssl_verify": "true"},
        "conda_proxy_ssl_verify",
        "leave",
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


@pytest.mark.parametrize(
    "text",
    [
        CERTIFICATE,
        CERTIFICATE.rstrip("\n"),  # lookup('ansible.builtin.file') takes the last line break away
        CERTIFICATE.replace("\n", "\r\n"),  # a form in a browser sends these
        CERTIFICATE + "\n",
    ],
)
def test_a_text_is_what_the_file_would_be(text: str) -> None:
    found = parse_tls(validated(ca_bundle_content=text), None)
    assert found == parse_tls(validated(ca_bundle_src="b.pem"), CERTIFICATE)


def test_a_comment_that_is_not_ascii_is_as_in_the_file(tmp_path: Path) -> None:
    text = "# M\u00fcller CA\n" + CERTIFICATE
    (tmp_path / "b.pem").write_text(text, encoding="utf-8")
    from_file = (tmp_path / "b.pem").read_text(encoding="ascii", errors="replace")
    assert parse_tls(validated(ca_bundle_content=text), None) == parse_tls(validated(ca_bundle_src="b.pem"), from_file)
