# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Select the proxy for a URL, parse its URL, and explain its 407."""

from __future__ import annotations

import os
import re
import urllib.parse
from typing import Iterable, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Verdict


class Proxy(NamedTuple):
    """A proxy URL in parts; user and password are percent-decoded."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str


def proxy_keys(scheme: str, host: str) -> tuple[str, ...]:
    """Return the keys of proxy_servers that requests and libmamba try for a URL; the first that exists wins."""
    return f"{scheme}://{host}", scheme, f"all://{host}", "all"


def select_proxy(url: str, proxies: dict[str, str]) -> tuple[str | None, str | None]:
    """Return the key and the proxy that requests uses for `url`; None without one."""
    parts = urllib.parse.urlsplit(url)
    for key in proxy_keys(parts.scheme, parts.hostname or ""):
        if key in proxies:
            return key, proxies[key] or None
    return None, None


def proxy_variables() -> dict[str, str]:
    """Return the *_proxy variables that name a proxy."""
    names = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
    return {name: value for name, value in os.environ.items() if name.lower() in names and value}


MALFORMED = "The proxy URL cannot be parsed. It is not shown, as it may contain a password."


def parse_proxy(url: str) -> Proxy:
    """Return the parts of a proxy URL. Raises Verdict for an invalid one.

    Call it before any connection: with a raw / or # in the password, conda connects to a part of it as a host.
    """
    scheme, sep, rest = url.strip().partition("://")
    if not sep:
        scheme, rest = "http", url.strip()
    scheme = scheme.lower()
    netloc = re.split(r"[/?#]", rest)[0]
    if "@" in rest[len(netloc) :] or "\\" in rest:
        raise Verdict("proxy_url_malformed", MALFORMED)
    userinfo, _at, hostport = netloc.rpartition("@")
    match = re.match(r"^(\[[0-9A-Fa-f:.%]+\]|[\w.-]+)(?::(\d{0,5}))?$", hostport)
    if match is None or re.search(r"[\[\]]", userinfo) or match.group(1).lower() in ("http", "https"):
        raise Verdict("proxy_url_malformed", MALFORMED)
    if scheme not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        raise Verdict("proxy_scheme_unknown", "The scheme is not one of http, https, socks4, socks4a, socks5, socks5h.")
    port = int(match.group(2) or {"http": 80, "https": 443}.get(scheme, 1080))
    if not 0 < port < 65536:
        raise Verdict("proxy_url_malformed", "The port of the proxy URL is out of range.")
    user, _colon, password = userinfo.partition(":")
    for part in (user, password):
        variable = re.match(r"^\$\{(\w+)\}$", part)
        if variable:
            raise Verdict("config_invalid", f"The variable {variable.group(1)} in the proxy URL is not set.")
    user, password = urllib.parse.unquote(user), urllib.parse.unquote(password)
    try:
        (user + password).encode("latin-1")
    except UnicodeEncodeError:
        raise Verdict("proxy_credentials_unencodable", "The credentials contain characters outside Latin-1.") from None
    return Proxy(scheme, match.group(1).strip("[]"), port, user or None, password)


def judge_407(headers: Iterable[str], proxy: Proxy | None) -> Verdict:
    """Return which of the three verdicts a 407 is, by its Proxy-Authenticate headers."""
    text = ", ".join(headers)
    offered = [
        name
        for name in ("Basic", "Digest", "NTLM", "Negotiate", "Bearer", "Kerberos")
        if re.search(rf"(?:^|,)\s*{name}\b", text, re.IGNORECASE)
    ]
    if offered and "Basic" not in offered:
        return Verdict("proxy_auth_unsupported", "The proxy offers only " + ", ".join(offered) + ".")
    if proxy is not None and proxy.user is not None:
        return Verdict("proxy_auth_rejected", "The proxy answered 407 although credentials were sent.")
    return Verdict("proxy_auth_required", "The proxy answered 407, and no credentials were sent.")
