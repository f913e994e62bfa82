# SPDX-License-Identifier: GPL-3.0-or-later
"""The second look, where an exception alone cannot tell. Real ports on loopback answer."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.diagnosis import Line, explain
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Verdict
from tests.bed.authority import Authority
from tests.bed.channel import ChannelServer
from tests.bed.proxy import Behaviour, Proxy

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://mirror.invalid/main"
TIMEOUTS = (5.0, 5.0)


def explained(exc: BaseException, proxy_url: str | None, url: str = URL) -> dict[str, object]:
    return explain(exc, Line(url, proxy_url, True, TIMEOUTS), Scrubber())


def test_a_verdict_is_taken_as_it_is() -> None:
    row = explained(Verdict("no_channels", "None.", status=3), None)
    assert row == {"verdict": "no_channels", "detail": "None.", "status": 3}


@pytest.mark.parametrize(
    ("mode", "username", "verdict"),
    [("ntlm", None, "proxy_auth_unsupported"), ("normal", b"ada", "proxy_auth_required")],
)
def test_a_407_without_its_headers_is_asked_for_them(mode: str, username: bytes | None, verdict: str) -> None:
    behaviour = Behaviour(mode=mode, username=username)  # type: ignore[arg-type]
    with Proxy(behaviour) as proxy:
        row = explained(OSError("Tunnel connection failed: 407 Proxy Authentication Required"), proxy.url())
        assert proxy.requests == 1
    assert (row["verdict"], row["connect_status"]) == (verdict, 407)


def test_a_port_that_speaks_tls_behind_an_http_url(tmp_path: Path) -> None:
    context = Authority(tmp_path / "ca").server_context("127.0.0.1")
    with ChannelServer(tmp_path, tls=context) as server:
        row = explained(ConnectionResetError(104, "reset"), f"http://127.0.0.1:{server.port}")
    assert row["verdict"] == "proxy_scheme_http_on_https"


def test_a_port_that_speaks_http_behind_an_https_url() -> None:
    with Proxy() as proxy:
        url = proxy.url().replace("http:", "https:")
        line = Line(URL, url, True, (5.0, 0.5))  # each of two looks waits as long as this for an answer
        row = explain(ConnectionResetError(104, "reset"), line, Scrubber())
    assert row["verdict"] == "proxy_scheme_https_on_http"


def test_a_proxy_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        row = explain(TimeoutError("timed out"), Line(URL, url, True, (0.3, 0.3)), Scrubber())
    assert row["verdict"] == "read_timeout_proxy"


def test_the_issuer_of_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    context = Authority(tmp_path / "ca", "Interception of example.com").server_context("127.0.0.1")
    with ChannelServer(tmp_path, tls=context) as server:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate in chain")
        row = explained(error, None, server.url("main"))
    assert str(row["verdict"]).startswith("tls_")
    assert "Interception of example.com" in str(row["tls_issuer"])


def test_what_it_says_holds_no_secret() -> None:
    scrubber = Scrubber()
    scrubber.add("Zq7secret")
    row = explain(RuntimeError("odd: Zq7secret"), Line("http://mirror.invalid/x", None, True, TIMEOUTS), scrubber)
    assert row["verdict"] == "unknown"
    assert "Zq7secret" not in str(row)
