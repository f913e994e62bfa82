# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. From an exception to a class of verdicts. Nothing is dialled here."""

from __future__ import annotations

import errno
import re
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import MALFORMED


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
    "proxy_url_malformed": MALFORMED,
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
