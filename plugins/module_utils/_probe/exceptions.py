# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Classify the exceptions of conda, requests, urllib3, PySocks, ssl and socket.

Type and number decide first: the text of an OSError is in the language of the system. Only texts of OpenSSL and of the
libraries are compared, which are always English.
"""

from __future__ import annotations

import errno
import re
from typing import Any, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import MALFORMED


def chain(exc: BaseException) -> list[BaseException]:
    """Return the exception and all nested ones, in the three ways in which requests and urllib3 nest them."""
    found: list[BaseException] = []
    todo: list[Any] = [exc]
    while todo and len(found) < 40:
        item = todo.pop(0)
        if isinstance(item, BaseException) and not any(item is known for known in found):
            found.append(item)
            todo += [item.__cause__, getattr(item, "reason", None), *item.args, item.__context__]
    return found


def text_of(exc: BaseException) -> str:
    """Return the text of an exception. conda's own fail here when they quote a value with a percent sign."""
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 there is no text then
        return ""


class _Rule(NamedTuple):
    """A verdict, and the exceptions that mean it. `%` stands for `proxy` or `channel`, the host of the connection."""

    verdict: str
    types: str = ""  # class names
    numbers: tuple[int, ...] = ()  # errno or winerror of an OSError
    text: str = ""  # a regular expression on "Class: text"

    def matches(self, exc: BaseException) -> bool:
        """Return whether it means this exception."""
        name = type(exc).__name__
        if name in self.types.split() or _numbers(exc) & set(self.numbers):
            return True
        return bool(self.text) and re.search(self.text, f"{name}: {text_of(exc)}") is not None


def _numbers(exc: BaseException) -> set[int]:
    """Return errno and winerror of a failed connection, but not of ssl or file errors, which mean something else."""
    if not isinstance(exc, OSError) or exc.filename is not None or type(exc).__name__.startswith("SSL"):
        return set()
    return {number for number in (exc.errno, getattr(exc, "winerror", None)) if isinstance(number, int)}


# The numbers above 10000 are Winsock's: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
_REFUSED = (errno.ECONNREFUSED, 10061)
_UNREACHABLE = (
    *(errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, getattr(errno, "EHOSTDOWN", errno.ENETDOWN)),
    *(10050, 10051, 10064, 10065),
)
# a prohibiting or blackhole route, a local filter, no address of that family
_PROHIBITED = (errno.EPERM, errno.EACCES, errno.EINVAL, errno.EADDRNOTAVAIL, 10013, 10022, 10049)
_TIMED_OUT = (errno.ETIMEDOUT, 10060)
_RESET = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, 10052, 10053, 10054)

# First match wins.
_RULES = (
    _Rule("ca_bundle_missing", text="Could not find a suitable TLS CA certificate bundle|ssl_verify value"),
    _Rule("ca_bundle_missing", text="NO_CERTIFICATE_OR_CRL_FOUND|PEM lib|NO_START_LINE"),
    _Rule("client_cert_missing", text="Could not find the TLS (certificate|key) file"),
    _Rule("proxy_socks_missing", text="Missing dependencies for SOCKS|PySocks"),
    _Rule("netrc_unreadable", "UnicodeDecodeError"),
    _Rule("proxy_credentials_unencodable", "UnicodeEncodeError"),
    _Rule("redirect_loop", "TooManyRedirects"),
    _Rule("offline", "OfflineError", text="in offline mode"),
    _Rule("proxy_url_malformed", "InvalidProxyURL LocationParseError", text="^InvalidURL: Failed to parse"),
    _Rule("proxy_scheme_unknown", "ProxySchemeUnknown", text="Unable to determine SOCKS version|unsupported scheme"),
    _Rule("proxy_auth_rejected", "SOCKS5AuthError"),
    _Rule("proxy_not_socks", text="proxy server sent invalid data"),
    _Rule("connection_reset", text="Connection closed unexpectedly"),
    _Rule("proxy_forbidden", text="^SOCKS5Error: .*not allowed"),
    _Rule("proxy_upstream", "SOCKS4Error SOCKS5Error"),
    _Rule("tls_client_cert", text="ALERT_(CERTIFICATE|BAD_CERT|UNKNOWN_CA|UNSUPPORTED_CERT)|certificate required"),
    _Rule("tls_expired", text="certificate has expired"),
    _Rule("tls_not_yet_valid", text="certificate is not yet valid"),
    _Rule("tls_hostname_mismatch", text="Hostname mismatch|IP address mismatch|doesn't match"),
    _Rule("tls_unknown_ca", text="self.signed certificate in certificate chain"),
    _Rule("tls_self_signed", text="self.signed certificate"),
    _Rule("tls_unknown_ca", text="unable to get (local )?issuer certificate|unable to verify the first"),
    _Rule(
        "tls_not_tls",
        text="WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER|record layer|PACKET_LENGTH",
    ),
    _Rule("connection_reset", text="UNEXPECTED_EOF|EOF occurred in violation"),
    _Rule("tls_other", text=r"^(SSL\w*Error|ssl\.SSL\w*Error)"),
    _Rule("dns_%", "gaierror NameResolutionError"),
    _Rule("refused_%", "ConnectionRefusedError", _REFUSED, "Connection refused"),
    _Rule(
        "unreachable_%",
        numbers=_UNREACHABLE,
        text="No route to host|Network is unreachable|Host is unreachable|Network is down",
    ),
    _Rule("unreachable_%", numbers=_PROHIBITED, text=r"new connection: \[Errno (1|13|22)\]"),
    _Rule("connect_timeout_%", "ConnectTimeoutError ConnectTimeout", _TIMED_OUT),
    _Rule("read_timeout", "ReadTimeoutError ReadTimeout timeout TimeoutError"),
    _Rule(
        "connection_reset",
        "RemoteDisconnected ConnectionResetError ConnectionAbortedError BrokenPipeError",
        _RESET,
    ),
    _Rule("truncated", "IncompleteRead ChunkedEncodingError ContentDecodingError DecodeError"),
    _Rule("not_http", "BadStatusLine LineTooLong UnknownProtocol InvalidHeader HeaderParsingError"),
)
VERDICTS = frozenset(rule.verdict for rule in _RULES)
_FIXED = {  # fixed texts, as the exceptions quote the value
    "netrc_unreadable": "The netrc file cannot be decoded.",
    "proxy_credentials_unencodable": "A user name or password contains characters outside Latin-1.",
    "proxy_url_malformed": MALFORMED,
}
_TUNNEL = {403: "proxy_forbidden", 502: "proxy_upstream", 503: "proxy_upstream", 504: "proxy_upstream"}


def classify(exc: BaseException, proxied: bool) -> tuple[str, int | None, str]:
    """Return verdict, status of CONNECT and raw text of a failure. The text may hold secrets."""
    links = chain(exc)
    texts = [f"{type(link).__name__}: {text_of(link)}" for link in links]
    tunnel = re.search(r"Tunnel connection failed: (\d{3})", "\n".join(texts))
    if tunnel:
        status = int(tunnel.group(1))
        if 300 <= status < 400:
            return (
                "captive_portal",
                status,
                f"The proxy answered {status} (a redirect) to CONNECT.",
            )
        return _TUNNEL.get(status, "proxy_tunnel_failed"), status, f"The proxy answered {status} to CONNECT."
    for rule in _RULES:
        for link, text in zip(reversed(links), reversed(texts)):  # the innermost exception is the most specific
            if rule.matches(link):
                verdict = rule.verdict
                return verdict.replace("%", "proxy" if proxied else "channel"), None, _FIXED.get(verdict, text)
    return "unknown", None, texts[-1] if len(texts) == 1 else texts[0] + " <- " + texts[-1]
