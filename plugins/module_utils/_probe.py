# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. The probe: does conda reach its channels from this machine, and if not, why?

conda's own Python runs this file (it comes on stdin, with one line added at the end that calls `main`), so that the
answer is conda's: its configuration, its session, its certificates. Importing it does nothing. Only the standard
library is imported at the top; conda is imported late, by name: each step can fail, and the failure is an answer too.
Python 3.7 to 3.13, conda 4.6 to 26.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    # a base that nobody activated finds its OpenSSL nowhere else
    _LIBRARY = os.path.join(sys.prefix, "Library", "bin")
    if os.path.isdir(_LIBRARY):
        os.environ["PATH"] = _LIBRARY + os.pathsep + os.environ.get("PATH", "")
        if hasattr(os, "add_dll_directory"):
            os.add_dll_directory(_LIBRARY)

# what follows may load that OpenSSL
import base64
import builtins
import contextlib
import errno
import getpass
import http.client
import importlib
import io
import json
import logging
import netrc
import queue
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from typing import Any, Dict, Iterable, NamedTuple, NoReturn, Tuple

SCHEMA_VERSION = 1
WITHHELD = "The text is withheld: it may hold a secret."
_READ = 1024  # enough to tell repodata from a login page; a filter that breaks downloads later is not seen
_INDEX_READ = 1 << 16  # of an index, at its start and at its end, to find a package's name
_WORKERS = 8
_REDIRECTS = 10
_DETAIL = 300
_INFO = 16_000  # characters
_LOOK = 5.0  # seconds for each second look; the failure itself has taken its time already

Row = Dict[str, Any]
Timeouts = Tuple[float, float]


class Verdict(Exception):
    """What is wrong, known at the place where it is raised. `detail` must hold no text from outside."""

    def __init__(self, name: str, detail: str = "", **facts: Any) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail
        self.facts = facts


class ConnectTimeoutError(Exception):
    """The same name as urllib3's, so that one table reads both."""


# --- secrets ----------------------------------------------------------------------------------------------------------

_SHAPES = (
    (re.compile(r"//[^\s'\"<>]*@"), "//***@"),  # up to the last @: a password may hold a raw one, or a slash
    (re.compile(r"[^\s/'\"<>(]+:[^\s'\"<>]*@"), "***@"),  # the same without a scheme
    (re.compile(r"/t/[^/\s'\"]+"), "/t/***"),
    (re.compile(r"\?[^\s'\")]+"), "?***"),  # a portal's redirect carries session tokens
)


def mask_url(url: str) -> str:
    """A URL that may be shown: no userinfo, no token, no query."""
    scheme, sep, rest = url.partition("://")
    if not sep:
        scheme, rest = "", url
    if "@" in rest:
        rest = "***@" + rest.rpartition("@")[2]
    rest = re.sub(r"(^|/)t/[^/]+", r"\1t/***", rest)
    return scheme + sep + re.split(r"[?#]", rest)[0]


class Scrubber:
    """Makes free text from outside fit to be shown: by shape first, then by the values known to be secret."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._short = False

    def add(self, secret: str, user: str = "") -> None:
        """Know a secret, in every form in which a library may print it."""
        for text in (secret, urllib.parse.unquote(secret), urllib.parse.unquote(secret, "latin-1")):
            if not text:
                continue
            self._short = self._short or len(text) < 4
            self._forms.update(_forms(text, urllib.parse.unquote(user)))

    def add_url(self, url: str) -> None:
        """Know the password and the token of a URL, also of one that cannot be parsed."""
        rest = url.partition("://")[2] or url
        for userinfo in (rest.rpartition("@")[0], rest.partition("/")[0].rpartition("@")[0]):
            user, _colon, password = userinfo.partition(":")
            self.add(password, user)
        for token in re.findall(r"(?:^|/)t/([^/]+)", rest):
            self.add(token)

    def clean(self, text: str) -> str:
        """One line of `text` without secrets."""
        return " ".join(self.clean_lines(text).split())[:_DETAIL]

    def clean_lines(self, text: str) -> str:
        """`text` without secrets; a fixed sentence where a secret is too short to be found reliably."""
        if self._short:
            return WITHHELD
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, "***")
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
        return text


def _forms(text: str, user: str) -> Iterable[str]:
    yield text
    yield text.encode("unicode_escape").decode("ascii")
    yield repr(text)[1:-1]
    for encoding in ("utf-8", "latin-1"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        quoted = urllib.parse.quote(data, safe="")
        yield quoted
        yield re.sub("%..", lambda match: match.group().lower(), quoted)
        yield urllib.parse.quote_plus(data)
        yield urllib.parse.quote(data)  # leaves the slash
        yield repr(data)[2:-1]
        yield base64.b64encode(user.encode(encoding, "replace") + b":" + data).decode("ascii")


def netrc_path() -> str | None:
    """The file that requests reads: $NETRC alone when it is set, else the first of two names in the home."""
    names = [os.environ["NETRC"]] if "NETRC" in os.environ else ["~/.netrc", "~/_netrc"]
    for name in names:
        path = os.path.expanduser(name)
        if os.path.exists(path):
            return path
    return None


def netrc_problem() -> str | None:
    """Why no entry of the netrc file counts (requests swallows this), or nothing."""
    path = netrc_path()
    if path is None:
        return None
    try:
        netrc.netrc(path)
    except netrc.NetrcParseError as exc:
        return f"{path}, line {exc.lineno}: not readable as netrc, so no entry of the file counts"
    except UnicodeError:
        return f"{path}: holds bytes that are not UTF-8"
    except OSError as exc:
        return f"{path}: {exc.strerror}"
    return None


def learn_netrc(scrubber: Scrubber) -> None:
    """Every word of the netrc file may be a secret; its own parser is not asked, it refuses whole files."""
    path = netrc_path()
    if path is None:
        return
    try:
        with open(path, "rb") as handle:
            words = handle.read(1 << 20).decode("latin-1").split()
    except OSError:
        return
    for key, value in zip(words, words[1:]):
        if key in ("password", "account"):
            scrubber.add(value.strip('"'))


# --- proxies ----------------------------------------------------------------------------------------------------------


class Proxy(NamedTuple):
    """A proxy URL in parts; user and password are percent-decoded."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str


def select_proxy(url: str, proxies: dict[str, str]) -> tuple[str | None, str | None]:
    """The key and the proxy that requests would take for `url`: by scheme and host, scheme, all and host, all."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    for key in (parts.scheme + "://" + host, parts.scheme, "all://" + host, "all"):
        if key in proxies:
            return key, proxies[key] or None
    return None, None


_MALFORMED = "The proxy URL cannot be parsed; it is not shown, since what is wrong may be the password."


def parse_proxy(url: str) -> Proxy:
    """Take a proxy URL apart, or raise what is wrong with it.

    Before any packet: a raw / or # in the password makes conda dial a piece of the password as a host.
    """
    scheme, sep, rest = url.strip().partition("://")
    if not sep:
        scheme, rest = "http", url.strip()
    scheme = scheme.lower()
    netloc = re.split(r"[/?#]", rest)[0]
    if "@" in rest[len(netloc) :] or "\\" in rest:
        raise Verdict("proxy_url_malformed", _MALFORMED)
    userinfo, _at, hostport = netloc.rpartition("@")
    match = re.match(r"^(\[[0-9A-Fa-f:.%]+\]|[\w.-]+)(?::(\d{0,5}))?$", hostport)
    if match is None or re.search(r"[\[\]]", userinfo) or match.group(1).lower() in ("http", "https"):
        raise Verdict("proxy_url_malformed", _MALFORMED)
    if scheme not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        raise Verdict("proxy_scheme_unknown", "The scheme is not one of http, https, socks4, socks4a, socks5, socks5h.")
    port = int(match.group(2) or {"http": 80, "https": 443}.get(scheme, 1080))
    if not 0 < port < 65536:
        raise Verdict("proxy_url_malformed", "The port of the proxy URL is out of range.")
    user, _colon, password = userinfo.partition(":")
    for part in (user, password):
        variable = re.match(r"^\$\{(\w+)\}$", part)
        if variable:
            raise Verdict("config_invalid", f"The variable {variable.group(1)} of the proxy URL is not set.")
    user, password = urllib.parse.unquote(user), urllib.parse.unquote(password)
    try:
        (user + password).encode("latin-1")
    except UnicodeEncodeError:
        raise Verdict("proxy_credentials_unencodable", "The credentials hold characters outside Latin-1.") from None
    return Proxy(scheme, match.group(1).strip("[]"), port, user or None, password)


def judge_407(headers: Iterable[str], proxy: Proxy | None) -> Verdict:
    """Which of the three 407 it is, from the Proxy-Authenticate headers."""
    text = ", ".join(headers)
    offered = [
        name
        for name in ("Basic", "Digest", "NTLM", "Negotiate", "Bearer", "Kerberos")
        if re.search(rf"(?:^|,)\s*{name}\b", text, re.IGNORECASE)
    ]
    if offered and "Basic" not in offered:
        return Verdict("proxy_auth_unsupported", "The proxy offers only " + ", ".join(offered) + ".")
    if proxy is not None and proxy.user is not None:
        return Verdict("proxy_auth_rejected", "407 although credentials were sent.")
    return Verdict("proxy_auth_required", "407 and no credentials were sent.")


# --- plain sockets: what the libraries hide, and everything where there is no conda -----------------------------------


def dial(host: str, port: int, timeouts: Timeouts) -> socket.socket:
    """A TCP connection; a timeout here is told apart from a later one."""
    try:
        sock = socket.create_connection((host, port), timeout=timeouts[0])
    except socket.timeout:
        raise ConnectTimeoutError("no answer to the TCP connection") from None
    sock.settimeout(timeouts[1])
    return sock


def tls_context(verify: Any) -> ssl.SSLContext:
    """The context for requests' `verify`: a file, a folder, True (the machine's roots) or False."""
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
    """Raise where there is no CA bundle that can be read: OpenSSL's own error names no file."""
    if not os.path.exists(path):
        raise Verdict("ca_bundle_missing", f"There is no file {path}.")
    if not os.access(path, os.R_OK):
        raise Verdict("ca_bundle_missing", f"{path} may not be read.")


def authorization(user: str, password: str) -> str:
    """A Basic header's value, in requests' encoding."""
    return "Basic " + base64.b64encode((user + ":" + password).encode("latin-1", "replace")).decode("ascii")


class Answer(NamedTuple):
    """The head of a proxy's answer to CONNECT, and the socket behind it."""

    status: int
    headers: http.client.HTTPMessage
    sock: socket.socket


def connect_proxy(proxy: Proxy, verify: Any, timeouts: Timeouts) -> socket.socket:
    """A connection to the proxy itself, with TLS where its URL says so."""
    sock = dial(proxy.host, proxy.port, timeouts)
    if proxy.scheme == "https":
        try:
            return tls_context(verify).wrap_socket(sock, server_hostname=proxy.host)
        except BaseException:
            sock.close()
            raise
    return sock


def connect(proxy: Proxy, verify: Any, host: str, port: int, timeouts: Timeouts) -> Answer:
    """One CONNECT, with its status and headers: http.client throws the headers away."""
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
    """A TCP connection by way of a SOCKS proxy, as urllib3 makes it; its failures are OSErrors."""
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


def handshake(url: str, proxy: Proxy | None, verify: Any, timeouts: Timeouts) -> ssl.SSLSocket:
    """A TLS connection to the URL's host, through the proxy where one is in force."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    if proxy is None:
        sock = dial(host, port, timeouts)
    elif proxy.scheme.startswith("socks"):
        sock = dial_through_socks(proxy, host, port, timeouts)
    else:
        answer = connect(proxy, verify, host, port, timeouts)
        sock = answer.sock
        if answer.status == 407:
            sock.close()
            verdict = judge_407(answer.headers.get_all("Proxy-Authenticate") or [], proxy)
            verdict.facts["connect_status"] = 407
            raise verdict
        if not 200 <= answer.status < 300:
            sock.close()
            raise OSError(f"Tunnel connection failed: {answer.status}")
        if isinstance(sock, ssl.SSLSocket):  # the ssl module cannot put TLS into TLS on a socket
            sock.close()
            raise Verdict("ok", "The proxy opened a tunnel; what is behind it was not looked at.")
    try:
        return tls_context(verify).wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def issuer_of(der: bytes) -> str | None:
    """The issuer of a certificate: the ssl module parses only what it has verified."""
    try:
        _tag, body, _rest = _der(der)
        _tag, body, _rest = _der(body)  # tbsCertificate
        tag, _value, rest = _der(body)
        if tag == 0xA0:  # the version is optional
            _tag, _value, rest = _der(rest)
        _tag, _value, rest = _der(rest)  # signature algorithm
        _tag, name, _rest = _der(rest)
        found = {}
        while name:
            _tag, relative, name = _der(name)
            _tag, attribute, _rest = _der(relative)
            _tag, oid, value = _der(attribute)
            found[bytes(oid)] = _der(value)[1].decode("utf-8", "replace")
    except (IndexError, ValueError):
        return None
    parts = [found.get(b"\x55\x04\x03"), found.get(b"\x55\x04\x0a")]  # common name, organisation
    return ", ".join(part for part in parts if part) or None


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """One tag-length-value of DER, and what follows."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return tag, data[start : start + length], data[start + length :]


def peer_issuer(url: str, proxy: Proxy | None, timeouts: Timeouts) -> str | None:
    """Who signed what the peer presents, trusted or not."""
    try:
        with handshake(url, proxy, False, timeouts) as sock:
            return issuer_of(sock.getpeercert(True) or b"")
    except (Verdict, ConnectTimeoutError, OSError, ValueError, http.client.HTTPException):
        return None


# --- from an exception to a class -------------------------------------------------------------------------------------


def chain(exc: BaseException) -> list[BaseException]:
    """The exception and all that is behind it, in the three ways in which requests and urllib3 nest."""
    found: list[BaseException] = []
    todo: list[Any] = [exc]
    while todo and len(found) < 40:
        item = todo.pop(0)
        if isinstance(item, BaseException) and not any(item is known for known in found):
            found.append(item)
            todo += [item.__cause__, getattr(item, "reason", None), *item.args, item.__context__]
    return found


def text_of(exc: BaseException) -> str:
    """Its text. conda's own exceptions fail here when the value that they quote holds a percent sign."""
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 whatever it is, there is no text
        return ""


# First match wins. "%" stands for "proxy" or "channel": who was dialled.
_TEXTS = (
    (r"Could not find a suitable TLS CA certificate bundle|ssl_verify value", "ca_bundle_missing"),
    (r"NO_CERTIFICATE_OR_CRL_FOUND|PEM lib|NO_START_LINE", "ca_bundle_missing"),
    (r"Could not find the TLS (certificate|key) file", "client_cert_missing"),
    (r"Missing dependencies for SOCKS|PySocks", "proxy_socks_missing"),
    (r"^UnicodeDecodeError", "netrc_unreadable"),
    (r"^UnicodeEncodeError", "proxy_credentials_unencodable"),
    (r"^TooManyRedirects", "redirect_loop"),
    (r"^OfflineError|in offline mode", "offline"),
    (r"^(InvalidProxyURL|LocationParseError)|^InvalidURL: Failed to parse", "proxy_url_malformed"),
    (r"^ProxySchemeUnknown|Unable to determine SOCKS version|unsupported scheme", "proxy_scheme_unknown"),
    (r"^SOCKS5AuthError", "proxy_auth_rejected"),
    (r"proxy server sent invalid data", "proxy_not_socks"),
    (r"Connection closed unexpectedly", "connection_reset"),
    (r"^SOCKS5Error: .*(not allowed)", "proxy_forbidden"),
    (r"^SOCKS[45]Error", "proxy_upstream"),
    (r"ALERT_(CERTIFICATE|BAD_CERT|UNKNOWN_CA|UNSUPPORTED_CERT)|certificate required", "tls_client_cert"),
    (r"certificate has expired", "tls_expired"),
    (r"certificate is not yet valid", "tls_not_yet_valid"),
    (r"Hostname mismatch|IP address mismatch|doesn't match", "tls_hostname_mismatch"),
    (r"self.signed certificate in certificate chain", "tls_unknown_ca"),
    (r"self.signed certificate", "tls_self_signed"),
    (r"unable to get (local )?issuer certificate|unable to verify the first", "tls_unknown_ca"),
    (r"WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER|record layer|PACKET_LENGTH", "tls_not_tls"),
    (r"UNEXPECTED_EOF|EOF occurred in violation", "connection_reset"),
    (r"^(SSL\w*Error|ssl\.SSL\w*Error)", "tls_other"),
    (r"^(gaierror|NameResolutionError)", "dns_%"),
    (r"^ConnectionRefusedError|Connection refused", "refused_%"),
    (r"No route to host|Network is unreachable|Host is unreachable|Network is down", "unreachable_%"),
    # a route that prohibits or swallows, a local filter; a file's name would follow after a colon
    (r"new connection: \[Errno (1|13|22)\]|^(PermissionError|OSError): \[Errno (1|13|22)\] [^:]*$", "unreachable_%"),
    (r"^(ConnectTimeoutError|ConnectTimeout\b)", "connect_timeout_%"),
    (r"^(ReadTimeoutError|ReadTimeout|timeout|TimeoutError)\b", "read_timeout"),
    (r"^(RemoteDisconnected|ConnectionResetError|ConnectionAbortedError|BrokenPipeError)", "connection_reset"),
    (r"^(IncompleteRead|ChunkedEncodingError|ContentDecodingError|DecodeError)", "truncated"),
    (r"^(BadStatusLine|LineTooLong|UnknownProtocol|InvalidHeader|HeaderParsingError)", "not_http"),
)
_FIXED = {  # their texts quote what they could not digest
    "netrc_unreadable": "The netrc file cannot be decoded.",
    "proxy_credentials_unencodable": "A user name or password holds characters outside Latin-1.",
    "proxy_url_malformed": _MALFORMED,
}


def classify(exc: BaseException, proxied: bool) -> tuple[str, int | None, str]:
    """Class, status of CONNECT and raw text of a failure. The text may hold secrets."""
    links = chain(exc)
    texts = [f"{type(link).__name__}: {text_of(link)}" for link in links]
    tunnel = re.search(r"Tunnel connection failed: (\d{3})", "\n".join(texts))
    if tunnel:
        status = int(tunnel.group(1))
        names = {403: "proxy_forbidden", 502: "proxy_upstream", 503: "proxy_upstream", 504: "proxy_upstream"}
        return names.get(status, "proxy_tunnel_failed"), status, f"The proxy answered {status} to CONNECT."
    if any(getattr(link, "errno", None) == errno.ETIMEDOUT for link in links):
        texts.append("ConnectTimeoutError: the kernel gave up")
    for pattern, name in _TEXTS:
        for text in reversed(texts):  # the root says it best
            if re.search(pattern, text):
                return name.replace("%", "proxy" if proxied else "channel"), None, _FIXED.get(name, text)
    return "unknown", None, texts[-1] if len(texts) == 1 else texts[0] + " <- " + texts[-1]


class Line(NamedTuple):
    """The way a request went."""

    url: str
    proxy_url: str | None
    verify: Any
    timeouts: Timeouts


def explain(exc: BaseException, line: Line, scrubber: Scrubber) -> Row:
    """What a failed request means: the table, then a second look where the libraries threw the cause away."""
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
    """Dial once more, by hand, where the exception alone cannot tell."""
    if proxy is not None and proxy.scheme.startswith("socks"):
        name, text = look_at_socks(name, text, line, proxy)
        proxy = None  # behind it all is as without
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
        return ("proxy_not_http", "The proxy's answer is not HTTP.") if name == "not_http" else (name, text)
    if name == "read_timeout" and not tunnel_opens(line, proxy):
        if speaks_tls(proxy, line.timeouts):
            return "proxy_scheme_http_on_https", "The proxy's port answers a TLS handshake."
        return "read_timeout_proxy", text
    return ("proxy_not_http", "The proxy's answer is not HTTP.") if name == "not_http" else (name, text)


def look_at_socks(name: str, text: str, line: Line, proxy: Proxy) -> tuple[str, str]:
    """PySocks blames the proxy for everything: did the proxy fail, or what is behind it?"""
    if name == "proxy_auth_rejected" and proxy.user is None:
        return "proxy_auth_required", "The SOCKS proxy wants credentials and none were sent."
    if name not in ("dns_proxy", "connect_timeout_proxy", "read_timeout", "connection_reset", "proxy_not_socks"):
        return name, text
    try:
        speaks = speaks_socks(proxy, line)
    except (ConnectTimeoutError, OSError) as exc:
        exc.__context__ = None  # the failure that is looked at: this one counts
        seen = classify(exc, True)[0]
        if seen != "read_timeout":
            return seen, text
        if speaks_http(proxy, line.timeouts):  # many HTTP proxies wait for the rest of a line that never comes
            return "proxy_not_socks", "The proxy's port speaks HTTP."
        return "read_timeout_proxy", text
    if not speaks:
        return "proxy_not_socks", "The proxy's answer is not SOCKS."
    # so it is the machine that could not resolve the channel's name (without socks5h it does that itself), or the proxy
    # that did not get through to the channel
    return {"dns_proxy": "dns_channel", "connect_timeout_proxy": "read_timeout_proxy"}.get(name, name), text


def speaks_socks(proxy: Proxy, line: Line) -> bool:
    """Does the proxy's port answer a SOCKS greeting? No credentials are sent. What goes wrong is raised."""
    parts = urllib.parse.urlsplit(line.url)
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    four = proxy.scheme.startswith("socks4")
    with dial(proxy.host, proxy.port, line.timeouts) as sock:
        if four:  # its greeting is the request already; 0.0.0.1 and a name: the proxy resolves
            name = (parts.hostname or "").encode("idna")
            sock.sendall(b"\x04\x01" + port.to_bytes(2, "big") + b"\0\0\0\x01\0" + name + b"\0")
        else:
            sock.sendall(b"\x05\x02\x00\x02" if proxy.user is not None else b"\x05\x01\x00")
        first = sock.recv(1)
    if not first:
        raise ConnectionResetError("closed without an answer")
    return first == (b"\0" if four else b"\x05")


def ask_407(line: Line, proxy: Proxy) -> Verdict:
    """The Proxy-Authenticate header of a refused CONNECT."""
    parts = urllib.parse.urlsplit(line.url)
    headers: list[str] = []
    try:
        answer = connect(proxy, line.verify, parts.hostname or "", parts.port or 443, line.timeouts)
        answer.sock.close()
        headers = answer.headers.get_all("Proxy-Authenticate") or []
    except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
        pass  # the 407 itself is known; without the header it counts as Basic
    return judge_407(headers, proxy)


def look_at_proxy_tls(name: str, text: str, line: Line, proxy: Proxy) -> tuple[str, str]:
    """Was it the TLS to the https:// proxy or the one behind it? urllib3 1.26 does not say."""
    try:
        connect_proxy(proxy, line.verify, line.timeouts).close()
    except (ConnectTimeoutError, OSError) as exc:
        name, _status, text = classify(exc, True)
        silent = name == "read_timeout"  # some servers wait for the end of a request that never comes
        if name in ("tls_not_tls", "connection_reset") or (silent and speaks_http(proxy, line.timeouts)):
            return "proxy_scheme_https_on_http", "The proxy's port does not answer a TLS handshake."
        if silent:
            return "read_timeout_proxy", text
        if name.startswith("tls_") and name != "tls_client_cert":
            return "proxy_tls_untrusted", text
    return name, text


def speaks_tls(proxy: Proxy, timeouts: Timeouts) -> bool:
    """Does the proxy's port answer a TLS handshake?"""
    try:
        connect_proxy(proxy._replace(scheme="https"), False, timeouts).close()
    except (ConnectTimeoutError, OSError) as exc:
        return isinstance(exc, ssl.SSLError) and "ALERT" in str(exc)  # only TLS sends alerts
    return True


def speaks_http(proxy: Proxy, timeouts: Timeouts) -> bool:
    """Does the proxy's port answer plain HTTP? Asked without the credentials, which were meant for TLS."""
    try:
        plain = proxy._replace(scheme="http", user=None)
        connect(plain, False, "localhost", 443, timeouts).sock.close()
    except (ConnectTimeoutError, OSError, http.client.HTTPException):
        return False
    return True


def tunnel_opens(line: Line, proxy: Proxy) -> bool:
    """Does the proxy answer CONNECT at all? Without a tunnel its silence cannot be told from the channel's."""
    parts = urllib.parse.urlsplit(line.url)
    if parts.scheme != "https":
        return False
    try:
        answer = connect(proxy, line.verify, parts.hostname or "", parts.port or 443, line.timeouts)
    except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
        return False
    answer.sock.close()
    return 200 <= answer.status < 300


# --- from an answer to a class ----------------------------------------------------------------------------------------


class Reply(NamedTuple):
    """The start of an HTTP answer."""

    status: int
    headers: Any  # a mapping with case-insensitive get
    body: bytes
    kind: str  # what was asked for: json, zst or package
    through_plain_proxy: bool  # an http:// URL through a proxy: the proxy may be who answers


_STATUSES = {
    401: "channel_unauthorized",
    403: "channel_forbidden",
    404: "channel_not_found",
    416: "not_repodata",  # the file is empty
    429: "rate_limited",
    511: "captive_portal",
}


def judge(reply: Reply) -> tuple[str, str]:
    """Class and detail of an answer."""
    status = reply.status
    if reply.through_plain_proxy and status in (403, 502, 503, 504):
        software = str(reply.headers.get("Server") or "").partition("/")[0].lower()
        if reply.headers.get("X-Squid-Error") or software in ("squid", "tinyproxy"):
            return ("proxy_forbidden" if status == 403 else "proxy_upstream"), f"The proxy answered {status}."
    if status == 407:
        verdict = judge_407([str(reply.headers.get("Proxy-Authenticate") or "")], None)
        return verdict.name, verdict.detail
    if status in _STATUSES:
        return _STATUSES[status], f"HTTP status {status}."
    if status >= 500:
        return "server_error", f"HTTP status {status}."
    if status not in (200, 206):
        return "http_other", f"HTTP status {status}."
    return judge_body(reply)


def judge_body(reply: Reply) -> tuple[str, str]:
    """Is it the start of repodata?"""
    length = str(reply.headers.get("Content-Length") or "")
    if length.isdigit() and not reply.headers.get("Content-Encoding") and len(reply.body) < min(_READ, int(length)):
        return "truncated", "Fewer bytes came than the server announced."
    start = reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<" or ("text/html" in str(reply.headers.get("Content-Type") or "") and start[:1] != b"{"):
        return "captive_portal", "HTML came back."
    if reply.kind == "package":
        known = start[:4] == b"PK\x03\x04" or start[:3] == b"BZh"
        return ("ok", "") if known else ("not_repodata", "The answer is neither .conda nor .tar.bz2.")
    if reply.kind == "zst":
        return ("ok", "") if start[:4] == b"\x28\xb5\x2f\xfd" else ("not_repodata", "The answer is not zstd.")
    if start[:1] != b"{":
        return "not_repodata", "The answer is not JSON." if start else "The answer is empty."
    if len(reply.body) < _READ:
        try:
            keys = set(json.loads(start.decode("utf-8", "replace")))
        except ValueError:
            return "truncated", "The JSON breaks off."
        if not keys & {"packages", "packages.conda", "info", "repodata_version"}:
            return "not_repodata", "The answer is JSON, but not repodata."
    return "ok", ""


# --- the report -------------------------------------------------------------------------------------------------------


def new_row(url: str | None) -> Row:
    """A row as it is when the deadline comes before its result."""
    return {
        "url": mask_url(url) if url else None,
        "verdict": "deadline",
        "ok": False,
        "status": None,
        "connect_status": None,
        "elapsed": None,
        "proxy": None,
        "proxy_source": "none",
        "proxy_file": None,
        "proxy_conflict": False,
        "verify": None,
        "tls_issuer": None,
        "package": None,
        "detail": "No result before the probe's deadline.",
    }


class Report:
    """The rows, and the one place from which the process ends."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self.rows: list[Row] = []
        self.facts: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "base": sys.prefix,
            "conda_version": None,
            "python_version": ".".join(str(part) for part in sys.version_info[:3]),
        }

    def fill(self, row: Row, found: Row) -> None:
        """Put a result into its row, whole."""
        with self._lock:
            row.update(found)
            row["ok"] = row["verdict"] == "ok"

    def end(self, finished_by: str) -> NoReturn:
        """Write the document and leave at once: no thread in a resolver, no atexit handler can hold us."""
        self._lock.acquire()
        try:
            rows = self.rows or [new_row(None)]
            data = json.dumps(dict(self.facts, finished_by=finished_by, rows=rows)).encode("ascii") + b"\n"
            while data:
                data = data[os.write(self._fd, data) :]
        finally:
            os._exit(0)


_PACKAGE = re.compile(r'"([^"/\\\s]+\.(?:conda|tar\.bz2))"\s*:\s*\{([^{}]*)\}')
_SIZE = re.compile(r'"size"\s*:\s*(\d+)')
_BASE_URL = re.compile(r'^\s*\{\s*"info"\s*:\s*\{[^{}]*"base_url"\s*:\s*"([^"\\]+)"')


def smallest_package(text: str) -> str | None:
    """The smallest package that a piece of an index names. conda takes .conda where there is a choice, so we do too."""
    found = []
    for name, entry in _PACKAGE.findall(text):
        size = _SIZE.search(entry)
        if name != "packages.conda":  # a key of the index itself
            found.append((not name.endswith(".conda"), int(size.group(1)) if size else sys.maxsize, name))
    return min(found)[2] if found else None


def one_row(report: Report, name: str, detail: str) -> None:
    """A finding about the whole base instead of rows per channel."""
    row = new_row(None)
    report.fill(row, {"verdict": name, "detail": detail})
    report.rows = [row]


# --- conda ------------------------------------------------------------------------------------------------------------


class IgnoredFiles(logging.Handler):
    """Since 23.7 conda skips a condarc that it cannot parse with nothing but a log line: that line, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Ignoring configuration file" in str(record.msg) and isinstance(record.args, tuple):
            path, error = record.args[0], record.args[-1]
            line = re.search(r"line (\d+)", str(error))
            self.found.append(f"{path} is ignored by conda: not readable{_line(line)}.")


def _line(match: re.Match[str] | None) -> str:
    return ", line " + match.group(1) if match else ""


def config_problem(exc: BaseException) -> tuple[str, str]:
    """Class and detail of an exception out of conda's configuration. Only names: the texts quote the file."""
    words = [type(exc).__name__]
    text = ""
    for link in [exc, *getattr(exc, "errors", ())]:
        text += text_of(link) + "\n"
        parameter = getattr(link, "parameter_name", None)
        if parameter == "ssl_verify" and "MultipleKeys" not in type(link).__name__:
            return "ca_bundle_missing", "ssl_verify in {} names no file.".format(getattr(link, "source", "a condarc"))
        words += [f"in {where}" for where in (parameter, getattr(link, "source", None)) if where]
    files = [getattr(exc, "filename", None), *re.findall(r"/[^\s'\",:]*(?:condarc|\.ya?ml)", text)]
    words += sorted({str(name) for name in files if name})
    return "config_invalid", " ".join(words)[:_DETAIL] + _line(re.search(r"line (\d+)", text))


def no_prompt(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Instead of input and getpass: conda asks for proxy credentials, whatever its own options say."""
    raise Verdict("proxy_auth_required", "conda wanted to ask for credentials.")


def raise_407(response: Any, **_kwargs: Any) -> Any:
    """Instead of conda's own hook, which asks the user."""
    if response.status_code == 407:
        raise Verdict("407", authenticate=[str(response.headers.get("Proxy-Authenticate") or "")])
    return response


_READ_EARLY = ("proxy_servers", "ssl_verify", "client_ssl_cert", "client_ssl_cert_key", "offline", "channel_alias")


class Fixed:
    """In place of one of conda's settings: the value is given, everything else is asked of the original.

    So nothing has to be written for conda to use it, and conda still checks the machine's own files.
    """

    def __init__(self, original: Any, value: Any) -> None:
        self._original = original
        self._value = value

    def __get__(self, _context: Any, _owner: Any) -> Any:
        return expand(self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def expand(value: Any) -> Any:
    """${NAME} in a proxy's URL, as conda does; a path is as conda's commands check it, before that."""
    if isinstance(value, dict):
        return {key: os.path.expandvars(text) for key, text in value.items()}
    return value


class Conda:
    """The parts of conda that the probe uses, over all its versions."""

    def __init__(self, report: Report, scrubber: Scrubber, timeouts: Timeouts, given: dict[str, Any]) -> None:
        self._report = report
        self._scrubber = scrubber
        self._timeouts = timeouts
        self._packages = bool(given.get("packages"))
        self._candidate: dict[str, Any] = given.get("candidate") or {}
        ignored = IgnoredFiles()
        logging.getLogger("conda.common.configuration").addHandler(ignored)
        try:
            self._load()
        except (ImportError, SyntaxError, AttributeError) as exc:
            raise Verdict("conda_unusable", f"conda cannot be imported: {type(exc).__name__}.") from exc
        except Exception as exc:
            name, detail = config_problem(exc)
            raise Verdict(name, detail) from exc
        if ignored.found:
            raise Verdict("config_invalid", " ".join(ignored.found)[:_DETAIL])

    def _load(self) -> None:
        conda = importlib.import_module("conda")
        self._report.facts["conda_version"] = str(getattr(conda, "__version__", None))
        base = importlib.import_module("conda.base.context")
        base.reset_context()  # at import the search path is still empty
        self._context = base.context
        for name, value in self._candidate.items():
            setattr(type(base.context), name, Fixed(type(base.context).__dict__[name], value))
        # read now what the requests will need: an invalid value fails here, under its own name
        for name in _READ_EARLY:
            getattr(self._context, name, None)
        # conda's commands also check every file by itself, before variables are expanded: "conda config --show" expands
        # ssl_verify: ${HOME}/ca.pem, "conda search" and "conda info" end on it (run on 24.7.1)
        getattr(self._context, "collect_all", list)()
        self._channel = importlib.import_module("conda.models.channel").Channel
        self._session = importlib.import_module("conda.gateways.connection.session")
        self._environ_proxies = importlib.import_module("requests.utils").get_environ_proxies
        self._certifi = importlib.import_module("certifi").where()
        if hasattr(self._session, "CondaHttpAuth"):
            self._session.CondaHttpAuth.handle_407 = staticmethod(raise_407)

    def channels(self, asked: list[str] | None) -> list[str]:
        """The effective channels' URLs, with credentials."""
        if getattr(self._context, "offline", False):
            raise Verdict("offline", "offline is set.")
        try:
            names = list(asked if asked is not None else self._context.channels)
        except Exception as exc:
            kind = type(exc).__name__
            if kind == "NoChannelsConfiguredError":
                names = []
            elif kind in ("ChannelNotAllowed", "ChannelDenied"):
                raise Verdict("channel_denied", "A configured channel is not allowed.") from exc
            else:
                name, detail = config_problem(exc)
                raise Verdict(name, detail) from exc
        urls: list[str] = []
        for name in names:
            for url in self._channel(name).urls(with_credentials=True, subdirs=("noarch",)):
                if url not in urls:
                    urls.append(url)
        if not urls:
            raise Verdict("no_channels", "No channel is configured.")
        return urls

    def denied(self, url: str) -> bool:
        """Is the channel outside the allowlist or on the denylist? Compared as base URLs, as conda does."""
        mine = set(self._channel(url).base_urls)
        allow = getattr(self._context, "allowlist_channels", ()) or getattr(self._context, "whitelist_channels", ())
        deny = getattr(self._context, "denylist_channels", ())
        return bool(allow and not mine <= self._base_urls(allow)) or bool(mine & self._base_urls(deny))

    def _base_urls(self, names: Iterable[str]) -> set[str]:
        return {url for name in names for url in self._channel(name).base_urls}

    def learn_secrets(self, urls: Iterable[str]) -> None:
        """Everything that an exception's text could quote."""
        for url in (*urls, *self._context.proxy_servers.values(), *proxy_variables().values()):
            self._scrubber.add_url(str(url))
        learn_netrc(self._scrubber)

    def check(self, url: str, row: Row) -> None:
        """One channel."""
        if url.startswith("file:"):
            self._report.fill(row, check_folder(url))
            return
        if self.denied(url):
            self._report.fill(row, {"verdict": "channel_denied", "detail": ""})
            return
        start = time.monotonic()
        found = self._check(url)
        found["elapsed"] = round(time.monotonic() - start, 3)
        self._report.fill(row, found)

    def _check(self, url: str) -> Row:
        get_session = getattr(self._session, "get_session", None)
        session = get_session(url) if get_session else self._session.CondaSession()
        for adapter in session.adapters.values():
            if hasattr(adapter, "max_retries"):  # a #!final condarc beats every variable: set it on the object
                adapter.max_retries = type(adapter.max_retries)(0, read=False)
        condarc = {key: str(value) for key, value in dict(session.proxies).items() if value is not None}
        environment = dict(self._environ_proxies(url, no_proxy=None))
        own = dict(environment, **condarc)  # packages and repodata.json: the condarc wins
        other = dict(condarc, **environment)  # .json.zst since 24.1: the environment wins
        use_zst = bool(getattr(self._context, "repodata_use_zst", False))
        conflict = select_proxy(url, own)[1] != select_proxy(url, other)[1]
        found: Row = {}
        for zst in (True, False) if use_zst else (False,):
            target = url + ("/repodata.json.zst" if zst else "/repodata.json")
            found = self._request(session, target, "zst" if zst else "json", other if zst else own, condarc)
            found["proxy_conflict"] = conflict
            missing = found["verdict"] != "ok" and (found.get("status") or 0) in range(400, 500)
            if zst and not (missing or (conflict and found["verdict"] == "ok")):
                break
        if self._packages and found["verdict"] == "ok":
            found.update(self._package(session, url, own, condarc))
        return found

    def _package(self, session: Any, url: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        """The start of one package, as a filter may block packages alone."""
        folder, name = self._find_package(session, url)
        if name is None:
            return {"detail": "No package was tried: the index names none where it was read."}
        target = folder.rstrip("/") + "/" + urllib.parse.quote(name, safe="")
        self._scrubber.add_url(target)
        answer = self._request(session, target, "package", proxies, condarc)
        if answer["verdict"] == "ok":
            return {"package": mask_url(target)}
        answer["detail"] = f"Package {name}: {answer['detail']}"[:_DETAIL]
        return dict(answer, package=mask_url(target))

    def _find_package(self, session: Any, url: str) -> tuple[str, str | None]:
        """The folder and the name of a small package; a failure here is no finding, the channel was read already."""
        for index in ("current_repodata.json", "repodata.json"):
            start, length = self._piece(session, f"{url}/{index}", f"bytes=0-{_INDEX_READ - 1}")
            end = self._piece(session, f"{url}/{index}", f"bytes=-{_INDEX_READ}")[0] if length > _INDEX_READ else ""
            base_url = _BASE_URL.match(start)
            name = smallest_package(end) or smallest_package(start)  # .conda comes last in an index
            if name is not None:
                return urllib.parse.urljoin(url + "/", base_url.group(1)) if base_url else url, name
        return url, None

    def _piece(self, session: Any, url: str, part: str) -> tuple[str, int]:
        """A piece of an index, never more than the cap, and how long the whole is (0: not known)."""
        try:
            response = self._get(session, url, self._arguments(session, part))
            try:
                if response.status_code not in (200, 206):
                    return "", 0
                body = response.raw.read(_INDEX_READ, decode_content=True)
                total = str(response.headers.get("Content-Range") or "").rpartition("/")[2]
                return body.decode("utf-8", "replace"), int(total) if total.isdigit() else 0
            finally:
                response.close()
        except Exception:  # noqa: BLE001 whatever it is, there is nothing to read a name from
            return "", 0

    @staticmethod
    def _get(session: Any, url: str, arguments: dict[str, Any]) -> Any:
        """On a connection of its own: one that a proxy is about to close must not look like a reset, there are no retries."""
        for adapter in session.adapters.values():  # a session belongs to one thread
            if hasattr(adapter, "poolmanager"):
                adapter.close()
        return session.get(url, **arguments)

    def _arguments(self, session: Any, part: str) -> dict[str, Any]:
        return {
            "headers": {"Range": part, "Accept-Encoding": "identity"},
            "stream": True,
            "timeout": self._timeouts,
            # a copy: requests writes the environment's proxies into what it is given
            "proxies": dict(session.proxies),
        }

    def _request(self, session: Any, target: str, kind: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        key, proxy_url = select_proxy(target, proxies)
        found: Row = {"status": None, "connect_status": None, "detail": ""}
        if proxy_url is not None:
            found.update(self._proxy_facts(key, proxy_url, condarc))
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or session.verify
        found["verify"] = verify if isinstance(verify, (bool, str)) else str(verify)
        bundle = self._certifi if verify is True else verify
        line = Line(target, proxy_url, bundle, self._timeouts)
        try:
            proxy = self._lint(proxy_url)
            if isinstance(bundle, str) and os.path.exists(bundle) and target.startswith("https"):
                need_bundle(bundle)
            found.update(self._exchange(session, target, kind, proxy, bundle))
        except Exception as exc:  # noqa: BLE001 every failure is an answer
            if isinstance(exc, Verdict) and exc.name == "407":
                exc = judge_407(exc.facts["authenticate"], parse_proxy(proxy_url) if proxy_url else None)
                exc.facts["status"] = 407
            asked = getattr(getattr(exc, "request", None), "url", None)
            if isinstance(asked, str) and asked != target:  # after a redirect
                self._scrubber.add_url(asked)
                line = Line(asked, select_proxy(asked, proxies)[1], bundle, self._timeouts)
            found.update(explain(exc, line, self._scrubber))
        if found["verdict"] == "proxy_url_malformed":
            found["proxy"] = "***"
        if found["verdict"] == "channel_unauthorized":
            problem = netrc_problem()
            if problem:
                found.update(verdict="netrc_unreadable", detail=problem)
        return found

    def _lint(self, proxy_url: str | None) -> Proxy | None:
        if proxy_url is None:
            return None
        proxy = parse_proxy(proxy_url)
        if proxy.scheme.startswith("socks"):
            try:
                importlib.import_module("socks")
            except ImportError:
                raise Verdict("proxy_socks_missing", "PySocks is not in base.") from None
        return proxy

    def _exchange(self, session: Any, url: str, kind: str, proxy: Proxy | None, verify: Any) -> Row:
        arguments = self._arguments(session, f"bytes=0-{_READ - 1}")
        if kind == "zst":
            del arguments["proxies"]
        response = self._get(session, url, arguments)
        try:
            issuer = self._issuer(response, url, proxy, verify) if response.url.startswith("https") else None
            try:
                body = response.raw.read(_READ, decode_content=True)
            except Exception as exc:
                name = classify(exc, proxied=False)[0]
                raise Verdict(name if name == "read_timeout" else "truncated", "The body broke off.") from exc
            plain = proxy is not None and response.url.startswith("http:")
            name, detail = judge(Reply(response.status_code, response.headers, body, kind, plain))
            return {"verdict": name, "detail": detail, "status": response.status_code, "tls_issuer": issuer}
        finally:
            response.close()

    def _issuer(self, response: Any, url: str, proxy: Proxy | None, verify: Any) -> str | None:
        """The issuer of a trusted chain that does not end in a public root: somebody intercepts, or a private CA."""
        if isinstance(verify, str) and os.path.exists(verify) and os.path.samefile(verify, self._certifi):
            return None
        if response.history or (proxy is not None and proxy.scheme == "https"):
            return None
        try:
            sock = response.raw._fp.fp.raw._sock  # noqa: SLF001 the connection itself lets go of it on "close"
            # private from Python 3.10, public in 3.13
            chain_of = sock._sslobj.get_verified_chain  # noqa: SLF001
            root = chain_of()[-1].public_bytes(2)  # 2: DER
            if root in ssl.create_default_context(cafile=self._certifi).get_ca_certs(binary_form=True):
                return None
            return issuer_of(sock.getpeercert(True))
        except (AttributeError, IndexError, TypeError, ValueError):
            pass
        try:
            handshake(url, proxy, self._certifi, self._timeouts).close()
        except ssl.SSLError:
            return peer_issuer(url, proxy, self._timeouts)
        except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
            pass
        return None

    def _proxy_facts(self, key: str | None, proxy_url: str, condarc: dict[str, str]) -> Row:
        facts: Row = {"proxy": mask_url(proxy_url)}
        if key is not None and condarc.get(key) == proxy_url:
            return dict(facts, proxy_source="condarc", proxy_file=self._file_of(key))
        return dict(facts, proxy_source="environment" if proxy_variables() else "system")

    def _file_of(self, key: str) -> str | None:
        """The last condarc that has the key: the one that decides, unless an earlier one is locked."""
        found = None
        try:
            for source, values in self._context.collect_all().items():
                if key in (values.get("proxy_servers") or {}):
                    found = str(source)
        except Exception:  # noqa: BLE001 a nicety; another file's fault must not cost the answer
            return None
        return found


def proxy_variables() -> dict[str, str]:
    """The *_proxy variables that name a proxy."""
    names = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
    return {name: value for name, value in os.environ.items() if name.lower() in names and value}


def check_folder(url: str) -> Row:
    """A channel on disk: no network, no proxy."""
    path = urllib.request.url2pathname(urllib.parse.urlsplit(url).path)
    there = any(os.path.exists(os.path.join(path, name)) for name in ("repodata.json", "repodata.json.zst"))
    return {"verdict": "ok" if there else "channel_not_found", "detail": ""}


def run_conda(report: Report, scrubber: Scrubber, given: dict[str, Any], timeouts: Timeouts) -> None:
    """All channels, side by side: one dead proxy must not cost its timeout once per channel."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
        urls = conda.channels(given.get("channels"))
    except Verdict as verdict:
        one_row(report, verdict.name, verdict.detail)
        return
    conda.learn_secrets(urls)
    side_by_side(report, urls, conda.check)


def conda_info(report: Report, scrubber: Scrubber, given: dict[str, Any], timeouts: Timeouts) -> str:
    """What `conda info --all` prints, without secrets."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
    except Verdict as verdict:
        return f"conda info was not run: {verdict.name}. {verdict.detail}"
    urls: list[str] = []
    with contextlib.suppress(Verdict):  # offline, for instance: no reason to be silent
        urls = conda.channels(None)
    conda.learn_secrets(urls)
    os.environ.setdefault("CONDA_OVERRIDE_CUDA", "")  # else conda starts itself again to look for a graphics card
    sys.argv = ["conda", "info", "--all"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        importlib.import_module("conda.cli.main").main()
    text = scrubber.clean_lines(output.getvalue()).strip("\n")
    return text if len(text) <= _INFO else text[:_INFO] + "\n(cut off here)"


def side_by_side(report: Report, urls: list[str], check: Any) -> None:
    """Check every URL on a few threads; whatever goes wrong in one becomes its row."""
    todo: queue.Queue[tuple[str, Row]] = queue.Queue()
    rows = [new_row(re.sub(r"/noarch/?$", "", url)) for url in urls]
    report.rows = rows
    for url, row in zip(urls, rows):
        todo.put((url, row))

    def work() -> None:
        while True:
            try:
                url, row = todo.get_nowait()
            except queue.Empty:
                return
            try:
                check(url, row)
            except Exception as exc:  # noqa: BLE001 a row must never be lost
                report.fill(row, {"verdict": "unknown", "detail": f"{type(exc).__name__} in the probe."})

    threads = [threading.Thread(target=work, daemon=True) for _number in range(min(_WORKERS, len(urls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- without conda ----------------------------------------------------------------------------------------------------


class Bare:
    """The same question asked by Python alone."""

    def __init__(self, report: Report, scrubber: Scrubber, given: dict[str, Any], timeouts: Timeouts) -> None:
        self._report = report
        self._scrubber = scrubber
        self._proxies: dict[str, str] = {key: str(value) for key, value in (given.get("proxies") or {}).items()}
        names = (given.get("ca_bundle"), os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("CURL_CA_BUNDLE"))
        self._verify: Any = next((name for name in names if name), True)
        self._timeouts = timeouts
        for url in (*self._proxies.values(), *proxy_variables().values(), *given.get("channels", ())):
            scrubber.add_url(url)

    def check(self, url: str, row: Row) -> None:
        """One channel."""
        start = time.monotonic()
        target = url.rstrip("/") + "/noarch/repodata.json"
        found: Row = {}
        for _number in range(_REDIRECTS):
            found, redirect = self._step(target)
            if redirect is None:
                break
            target = urllib.parse.urljoin(target, redirect)
            found["verdict"] = "redirect_loop"
        found["elapsed"] = round(time.monotonic() - start, 3)
        self._report.fill(row, found)

    def _select(self, url: str) -> tuple[str | None, str]:
        key, proxy_url = select_proxy(url, self._proxies)
        if key is not None:
            return proxy_url, "condarc" if proxy_url else "none"
        if urllib.request.proxy_bypass(urllib.parse.urlsplit(url).hostname or ""):
            return None, "none"
        proxy_url = select_proxy(url, urllib.request.getproxies())[1]
        return proxy_url, "none" if proxy_url is None else "environment" if proxy_variables() else "system"

    def _step(self, url: str) -> tuple[Row, str | None]:
        proxy_url, source = self._select(url)
        found: Row = {"status": None, "connect_status": None, "detail": "", "proxy_source": source}
        found["proxy"] = mask_url(proxy_url) if proxy_url else None
        found["verify"] = self._verify
        redirect = None
        try:
            answer, redirect = self._exchange(url, parse_proxy(proxy_url) if proxy_url else None)
            found.update(answer)
        except Exception as exc:  # noqa: BLE001 every failure is an answer
            found.update(explain(exc, Line(url, proxy_url, self._verify, self._timeouts), self._scrubber))
        if found["verdict"] == "proxy_url_malformed":
            found["proxy"] = "***"
        return found, redirect

    def _exchange(self, url: str, proxy: Proxy | None) -> tuple[Row, str | None]:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise Verdict("http_other", "Only http:// and https:// can be checked without conda.")
        if proxy is not None and proxy.scheme.startswith("socks"):
            raise Verdict("proxy_socks_missing", "A SOCKS proxy can only be checked where conda is.")
        headers = {"Range": f"bytes=0-{_READ - 1}", "Accept-Encoding": "identity", "Connection": "close"}
        if parts.username:
            login = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
            headers["Authorization"] = authorization(*login)
        path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        if parts.query:
            path += "?" + parts.query
        sock: socket.socket
        if parts.scheme == "https":
            sock = handshake(url, proxy, self._verify, self._timeouts)
        elif proxy is not None:
            sock = connect_proxy(proxy, self._verify, self._timeouts)
            path = "http://{}{}".format(parts.netloc.rpartition("@")[2], path)
            if proxy.user is not None:
                headers["Proxy-Authorization"] = authorization(proxy.user, proxy.password)
        else:
            sock = dial(parts.hostname or "", parts.port or 80, self._timeouts)
        client = http.client.HTTPConnection(parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443))
        client.sock = sock
        try:
            client.request("GET", path, headers=headers)
            response = client.getresponse()
            if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
                return {"verdict": "http_other", "status": response.status}, response.headers["Location"]
            return self._judge(response, proxy, parts.scheme == "http"), None
        finally:
            client.close()

    @staticmethod
    def _judge(response: http.client.HTTPResponse, proxy: Proxy | None, plain: bool) -> Row:
        if response.status == 407:
            verdict = judge_407(response.headers.get_all("Proxy-Authenticate") or [], proxy)
            raise Verdict(verdict.name, verdict.detail, status=407)
        try:
            body = response.read(_READ)
        except socket.timeout:
            raise Verdict("read_timeout", "The body broke off.") from None
        except (OSError, http.client.HTTPException):
            raise Verdict("truncated", "The body broke off.") from None
        name, detail = judge(Reply(response.status, response.headers, body, "json", plain and proxy is not None))
        return {"verdict": name, "detail": detail, "status": response.status}


# --- start ------------------------------------------------------------------------------------------------------------


_HIDDEN: set[str] = set()
# What libraries in C read by themselves. No secret is among them.
_FOR_C = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OPENSSL_CONF",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "LD_LIBRARY_PATH",
    "PATH",
    "HOME",
    "TZ",
)


def set_variable(name: str, value: str) -> None:
    """Put a variable where Python code finds it, and not into the environment that a child inherits.

    conda starts some (uname, lsb_release), and a proxy's password would stand in their /proc/PID/environ.
    """
    data = getattr(os.environ, "_data", None)
    if name in _FOR_C or data is None:
        os.environ[name] = value
    else:
        os.environ.pop(name, None)
        data[os.environ.encodekey(name)] = os.environ.encodevalue(value)
        _HIDDEN.add(name)


def guard_children() -> None:
    """The same for a child that is given a copy of os.environ."""
    original = subprocess.Popen.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("env") is not None:
            kwargs["env"] = {name: value for name, value in kwargs["env"].items() if os.fsdecode(name) not in _HIDDEN}
        original(self, *args, **kwargs)

    setattr(subprocess.Popen, "__init__", start)  # noqa: B010 a method cannot be assigned to in the eyes of mypy


def main(encoded: str) -> NoReturn:
    """Run the probe with its input (base64 of JSON) and end the process. The driver adds the call."""
    given = json.loads(base64.b64decode(encoded).decode("ascii"))
    report = Report(os.dup(1))
    os.dup2(2, 1)  # whatever conda prints must not get into the document
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    builtins.input = no_prompt
    getpass.getpass = no_prompt
    watchdog = threading.Timer(float(given["deadline"]), report.end, ["deadline"])
    watchdog.daemon = True
    watchdog.start()
    sys.path[:] = [path for path in sys.path if path not in ("", os.curdir)]
    for name, value in given.get("environment", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            set_variable(name, value)
    guard_children()
    timeouts = float(given["connect_timeout"]), float(given["read_timeout"])
    scrubber = Scrubber()
    try:
        if given.get("info"):
            report.facts["info"] = conda_info(report, scrubber, given, timeouts)
        elif given.get("bare") is not None:
            bare = Bare(report, scrubber, given["bare"], timeouts)
            side_by_side(report, list(given["bare"].get("channels", ())), bare.check)
        else:
            run_conda(report, scrubber, given, timeouts)
    except Exception as exc:  # noqa: BLE001 the document must come in any case
        one_row(report, "unknown", f"{type(exc).__name__} in the probe.")
    report.end("completed")
