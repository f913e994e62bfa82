# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections by hand, against the test bed's proxy and channel on loopback."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import sockets
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import parse_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Verdict
from tests.bed.authority import Authority
from tests.bed.channel import ChannelServer
from tests.bed.proxy import Behaviour, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUTS = (5.0, 5.0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def server(tmp_path: Path, authority: Authority) -> Iterator[ChannelServer]:
    with ChannelServer(tmp_path, tls=authority.server_context("127.0.0.1")) as running:
        yield running


def test_a_tunnel_to_a_server_whose_certificate_is_trusted(server: ChannelServer, authority: Authority) -> None:
    with Proxy(Behaviour(username=b"ada", password="p\u00e4:@".encode("latin-1"))) as proxy:
        way = parse_proxy(proxy.url("ada", "p%C3%A4%3A%40"))
        sockets.handshake(server.url("main"), way, str(authority.pem), TIMEOUTS).close()
        assert [entry["status"] for entry in proxy.log.entries] == [200]
        with pytest.raises(ssl.SSLError):
            sockets.handshake(server.url("main"), way, True, TIMEOUTS)


def test_a_407_is_judged_by_its_header(server: ChannelServer) -> None:
    with Proxy(Behaviour(mode="ntlm")) as proxy, pytest.raises(Verdict) as raised:
        sockets.tunnel(server.url("main"), parse_proxy(proxy.url()), True, TIMEOUTS)
    assert raised.value.name == "proxy_auth_unsupported"
    assert raised.value.facts["connect_status"] == 407


def test_a_refused_tunnel_tells_its_status(server: ChannelServer) -> None:
    with (
        Proxy(Behaviour(mode="refuse_connect")) as proxy,
        pytest.raises(OSError, match="Tunnel connection failed: 403"),
    ):
        sockets.tunnel(server.url("main"), parse_proxy(proxy.url()), True, TIMEOUTS)


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Verdict) as raised:
        sockets.tls_context(str(tmp_path / "missing.pem"))
    assert (raised.value.name, raised.value.detail) == ("ca_bundle_missing", f"{tmp_path}/missing.pem does not exist.")
    sockets.tls_context(str(tmp_path))  # a folder is a CA path
    assert sockets.tls_context(False).verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize("wanted", [False, True])
def test_does_the_server_ask_for_a_client_certificate(wanted: bool, tmp_path: Path, authority: Authority) -> None:
    context = authority.server_context("127.0.0.1")
    if wanted:
        context.load_verify_locations(str(authority.pem))
        context.verify_mode = ssl.CERT_REQUIRED
    with ChannelServer(tmp_path, tls=context) as running:
        assert sockets.asks_for_certificate(running.url("main"), None, TIMEOUTS) is wanted
