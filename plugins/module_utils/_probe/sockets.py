# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Connect with sockets directly: for details that the libraries hide, and for checks without conda."""

from __future__ import annotations

import base64
import contextlib
import http.client
import importlib
import os
import socket
import ssl
import urllib.parse
from typing import Any, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import Proxy, judge_407
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    OpaqueTunnelError,
    Timeouts,
    Verdict,
)


def dial(host: str, port: int, timeouts: Timeouts) -> socket.socket:
    """Return a TCP connection. Raises ConnectTimeoutError, so that a timeout here is told apart from a later one."""
    try:
        sock = socket.create_connection((host, port), timeout=timeouts[0])
    except socket.timeout:
        raise ConnectTimeoutError("no answer to the TCP connection") from None
    sock.settimeout(timeouts[1])
    return sock


def tls_context(verify: Any) -> ssl.SSLContext:
    """Return the context for requests' `verify`: a file, a directory, True (the machine's roots) or False."""
    if isinstance(verify, str):
        if os.path.isdir(verify):
            return ssl.create_default_context(capath=verify)
        need_bundle(verify)
        return ssl.create_default_context(cafile=verify)
    context = ssl.create_default_context()
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def need_bundle(path: str) -> None:
    """Raise Verdict for a CA bundle that cannot be read: the error of OpenSSL names no file."""
    if not os.path.exists(path):
        raise Verdict("ca_bundle_missing", f"{path} does not exist.")
    if not os.access(path, os.R_OK):
        raise Verdict("ca_bundle_missing", f"{path} cannot be read by this user.")


def authorization(user: str, password: str) -> str:
    """Return a Basic header's value, in requests' encoding."""
    return "Basic " + base64.b64encode((user + ":" + password).encode("latin-1", "replace")).decode("ascii")


class Answer(NamedTuple):
    """Status and headers of a proxy's response to CONNECT, and the socket."""

    status: int
    headers: http.client.HTTPMessage
    sock: socket.socket


def connect_proxy(proxy: Proxy, verify: Any, timeouts: Timeouts) -> socket.socket:
    """Return a connection to the proxy itself, with TLS where its URL says so."""
    sock = dial(proxy.host, proxy.port, timeouts)
    if proxy.scheme == "https":
        try:
            return tls_context(verify).wrap_socket(sock, server_hostname=proxy.host)
        except BaseException:
            sock.close()
            raise
    return sock


def connect(proxy: Proxy, verify: Any, host: str, port: int, timeouts: Timeouts) -> Answer:
    """Send one CONNECT and return its status and headers: http.client throws the headers away."""
    sock = connect_proxy(proxy, verify, timeouts)
    try:
        target = ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.user is not None:
            lines.append("Proxy-Authorization: " + authorization(proxy.user, proxy.password))
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        response = http.client.HTTPResponse(sock, method="CONNECT")
        response.begin()
    except BaseException:
        sock.close()
        raise
    return Answer(response.status, response.headers, sock)


def dial_through_socks(proxy: Proxy, host: str, port: int, timeouts: Timeouts) -> socket.socket:
    """Return a TCP connection by way of a SOCKS proxy, as urllib3 makes it; its failures are OSErrors."""
    socks = importlib.import_module("socks")
    sock: socket.socket = socks.create_connection(
        (host, port),
        timeout=timeouts[1],
        proxy_type=socks.SOCKS4 if proxy.scheme.startswith("socks4") else socks.SOCKS5,
        proxy_addr=proxy.host,
        proxy_port=proxy.port,
        proxy_rdns=proxy.scheme in ("socks4a", "socks5h"),
        proxy_username=proxy.user,
        proxy_password=proxy.password or None,
    )
    return sock


def tunnel(url: str, proxy: Proxy | None, verify: Any, timeouts: Timeouts) -> socket.socket:
    """Return a connection to the URL's host, through the proxy if there is one. Raises OpaqueTunnelError."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    if proxy is None:
        return dial(host, port, timeouts)
    if proxy.scheme.startswith("socks"):
        return dial_through_socks(proxy, host, port, timeouts)
    answer = connect(proxy, verify, host, port, timeouts)
    if 200 <= answer.status < 300 and not isinstance(answer.sock, ssl.SSLSocket):
        return answer.sock
    answer.sock.close()
    if answer.status == 407:
        verdict = judge_407(answer.headers.get_all("Proxy-Authenticate") or [], proxy)
        verdict.facts["connect_status"] = 407
        raise verdict
    if not 200 <= answer.status < 300:
        raise OSError(f"Tunnel connection failed: {answer.status}")
    raise OpaqueTunnelError


def handshake(
    url: str, proxy: Proxy | None, verify: Any, timeouts: Timeouts, context: ssl.SSLContext | None = None
) -> ssl.SSLSocket:
    """Return a TLS connection to the URL's host. Raises OpaqueTunnelError."""
    sock = tunnel(url, proxy, verify, timeouts)
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
        return (context or tls_context(verify)).wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


_CERTIFICATE_REQUEST = 13  # RFC 8446, 4


def asks_for_certificate(url: str, proxy: Proxy | None, timeouts: Timeouts) -> bool:
    """Return whether the server asks for a client certificate, seen in its handshake, whatever becomes of that."""
    seen: list[int] = []
    context = tls_context(False)

    def note(_sock: Any, direction: str, _version: Any, _content: Any, kind: Any, _data: bytes) -> None:
        if direction == "read":
            seen.append(int(kind))

    context._msg_callback = note  # type: ignore[attr-defined]  # noqa: SLF001  # the ssl module has no other way, 3.8 to 3.13
    with contextlib.suppress(
        Verdict, OpaqueTunnelError, ConnectTimeoutError, OSError, ValueError, http.client.HTTPException
    ):
        handshake(url, proxy, False, timeouts, context).close()
    return _CERTIFICATE_REQUEST in seen
