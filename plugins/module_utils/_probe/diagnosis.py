# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Diagnose a failed request: classify its exception, and connect again where that is not enough."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import urllib.parse
from typing import Any, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.certificates import peer_issuer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import classify
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import Proxy, judge_407, parse_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.sockets import (
    asks_for_certificate,
    connect,
    connect_proxy,
    dial,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    Row,
    Timeouts,
    Verdict,
)

_LOOK = 5.0  # seconds for each second look; the failure itself has taken its time already


class Line(NamedTuple):
    """The route of a request."""

    url: str
    proxy_url: str | None
    verify: Any
    timeouts: Timeouts


def explain(exc: BaseException, line: Line, scrubber: Scrubber) -> Row:
    """Return what a failed request means: by the table, then by a second attempt where the libraries hide the cause."""
    if isinstance(exc, Verdict):
        return dict(exc.facts, verdict=exc.name, detail=exc.detail)
    name, status, text = classify(exc, line.proxy_url is not None)
    try:
        proxy = parse_proxy(line.proxy_url) if line.proxy_url else None
        line = line._replace(timeouts=(min(line.timeouts[0], _LOOK), min(line.timeouts[1], _LOOK)))
        name, text = second_look(name, status, text, line, proxy)
    except Verdict as verdict:
        name, text = verdict.name, verdict.detail
    row: Row = {"verdict": name, "connect_status": status, "detail": scrubber.clean(text)}
    if name.startswith("tls_") and name not in ("tls_not_tls", "tls_client_cert"):
        row["tls_issuer"] = peer_issuer(line.url, proxy, line.timeouts)
    elif name == "proxy_tls_untrusted" and proxy is not None:
        row["tls_issuer"] = peer_issuer(f"https://{proxy.host}:{proxy.port}", None, line.timeouts)
    return row


def second_look(name: str, status: int | None, text: str, line: Line, proxy: Proxy | None) -> tuple[str, str]:
    """Return verdict and detail, connecting again where the exception alone does not show the cause. Raises Verdict."""
    if proxy is not None and proxy.scheme.startswith("socks"):
        name, text = look_at_socks(name, text, line, proxy)
        proxy = None  # behind it all is as without
    if (
        name == "connection_reset"
        and line.url.startswith("https:")
        and asks_for_certificate(line.url, proxy, line.timeouts)
    ):
        return "tls_client_cert", "The server requires a client certificate and closes the connection without one."
    if proxy is None:
        return ("not_repodata", "The server does not speak HTTP.") if name == "not_http" else (name, text)
    if status == 407:
        verdict = ask_407(line, proxy)
        return verdict.name, verdict.detail
    if proxy.scheme == "https" and (name.startswith("tls_") or name in ("connection_reset", "read_timeout", "unknown")):
        return look_at_proxy_tls(name, text, line, proxy)
    if proxy.scheme == "http" and (status == 400 or name in ("connection_reset", "not_http")):
        if speaks_tls(proxy, line.timeouts):
            return "proxy_scheme_http_on_https", "The proxy's port answers a TLS handshake."
        with contextlib.suppress(ConnectTimeoutError, OSError):
            if speaks_socks(proxy._replace(scheme="socks5", user=None), line):
                return "proxy_not_http", "The proxy's port speaks SOCKS."
        return ("proxy_not_http", "The proxy's response is not HTTP.") if name == "not_http" else (name, text)
    if name == "read_timeout" and not tunnel_opens(line, proxy):
        if speaks_tls(proxy, line.timeouts):
            return "proxy_scheme_http_on_https", "The proxy's port answers a TLS handshake."
        return "read_timeout_proxy", text
    return ("proxy_not_http", "The proxy's response is not HTTP.") if name == "not_http" else (name, text)


def look_at_socks(name: str, text: str, line: Line, proxy: Proxy) -> tuple[str, str]:
    """Return verdict and detail of a SOCKS failure: PySocks does not tell a failed proxy from a failed channel."""
    if name == "proxy_auth_rejected" and proxy.user is None:
        return "proxy_auth_required", "The SOCKS proxy requires credentials, and none were sent."
    if name not in ("dns_proxy", "connect_timeout_proxy", "read_timeout", "connection_reset", "proxy_not_socks"):
        return name, text
    try:
        speaks = speaks_socks(proxy, line)
    except (ConnectTimeoutError, OSError) as exc:
        exc.__context__ = None  # drop the original failure: this one counts
        seen = classify(exc, True)[0]
        if seen != "read_timeout":
            return seen, text
        if speaks_http(proxy, line.timeouts):  # many HTTP proxies wait for the rest of the line
            return "proxy_not_socks", "The proxy's port speaks HTTP."
        return "read_timeout_proxy", text
    if not speaks:
        return "proxy_not_socks", "The proxy's answer is not SOCKS."
    # so either the machine could not resolve the channel's name (without socks5h it resolves names itself), or the
    # proxy could not connect to the channel
    return {"dns_proxy": "dns_channel", "connect_timeout_proxy": "read_timeout_proxy"}.get(name, name), text


def speaks_socks(proxy: Proxy, line: Line) -> bool:
    """Return whether the proxy's port answers a SOCKS greeting. Sends no credentials. Raises what goes wrong."""
    parts = urllib.parse.urlsplit(line.url)
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    four = proxy.scheme.startswith("socks4")
    with dial(proxy.host, proxy.port, line.timeouts) as sock:
        if four:  # version 4 has no greeting, so send a request; 0.0.0.1 and a name: the proxy resolves it
            name = (parts.hostname or "").encode("idna")
            sock.sendall(b"\x04\x01" + port.to_bytes(2, "big") + b"\0\0\0\x01\0" + name + b"\0")
        else:
            sock.sendall(b"\x05\x02\x00\x02" if proxy.user is not None else b"\x05\x01\x00")
        first = sock.recv(1)
    if not first:
        raise ConnectionResetError("closed without a response")
    return first == (b"\0" if four else b"\x05")


def ask_407(line: Line, proxy: Proxy) -> Verdict:
    """Return the verdict of a refused CONNECT, by its Proxy-Authenticate header. Sends no credentials a second time."""
    parts = urllib.parse.urlsplit(line.url)
    headers: list[str] = []
    try:
        bare = proxy._replace(user=None)
        answer = connect(bare, line.verify, parts.hostname or "", parts.port or 443, line.timeouts)
        answer.sock.close()
        headers = answer.headers.get_all("Proxy-Authenticate") or []
    except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
        pass  # the 407 itself is known; without the header it counts as Basic
    return judge_407(headers, proxy)


def look_at_proxy_tls(name: str, text: str, line: Line, proxy: Proxy) -> tuple[str, str]:
    """Return verdict and detail of a TLS failure: to the https:// proxy or behind it? urllib3 1.26 does not tell."""
    try:
        connect_proxy(proxy, line.verify, line.timeouts).close()
    except (ConnectTimeoutError, OSError) as exc:
        name, _status, text = classify(exc, True)
        silent = name == "read_timeout"  # some servers wait for the end of the request
        if name in ("tls_not_tls", "connection_reset") or (silent and speaks_http(proxy, line.timeouts)):
            return "proxy_scheme_https_on_http", "The proxy's port does not answer a TLS handshake."
        if silent:
            return "read_timeout_proxy", text
        if name.startswith("tls_") and name != "tls_client_cert":
            return "proxy_tls_untrusted", text
    return name, text


def speaks_tls(proxy: Proxy, timeouts: Timeouts) -> bool:
    """Return whether the proxy's port answers a TLS handshake."""
    try:
        connect_proxy(proxy._replace(scheme="https"), False, timeouts).close()
    except (ConnectTimeoutError, OSError) as exc:
        return isinstance(exc, ssl.SSLError) and "ALERT" in str(exc)  # only TLS sends alerts
    return True


def speaks_http(proxy: Proxy, timeouts: Timeouts) -> bool:
    """Return whether the proxy's port answers plain HTTP. Sends no credentials: they were meant for TLS."""
    try:
        plain = proxy._replace(scheme="http", user=None)
        connect(plain, False, "localhost", 443, timeouts).sock.close()
    except (ConnectTimeoutError, OSError, http.client.HTTPException):
        return False
    return True


def tunnel_opens(line: Line, proxy: Proxy) -> bool:
    """Return whether the proxy answers CONNECT: without a tunnel its silence cannot be told from the channel's."""
    parts = urllib.parse.urlsplit(line.url)
    if parts.scheme != "https":
        return False
    try:
        answer = connect(proxy, line.verify, parts.hostname or "", parts.port or 443, line.timeouts)
    except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
        return False
    answer.sock.close()
    return 200 <= answer.status < 300
