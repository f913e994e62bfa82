# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxy URLs that are refused, and how; and that what is accepted comes out as it went in."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import PREFIX
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import (
    Credentials,
    Proxy,
    check_credentials,
    is_variable,
    parse_proxy,
)
from tests.bed import hostile

MARKER = "Zq7Mk9"  # no four of its characters stand in any sentence of ours
REFUSED = {
    "the copied example": (f"https://{MARKER}:{MARKER}@corp.com:8080", "https://", "write http://"),
    "TLS to the proxy": (f"https://{MARKER}.example.com:8080", "https://", "conda_proxy_tls_to_proxy"),
    "no scheme": (f"{MARKER}.example.com:8080", "has no scheme", "http://proxy.example.com:8080"),
    "no scheme but credentials": (f"{MARKER}:{MARKER}@host:8080", "has no scheme", "http://proxy.example.com:8080"),
    "one slash": (f"http:/{MARKER}:8080", "has no scheme", "http://"),
    "no colon": (f"http//{MARKER}:8080", "has no scheme", "http://"),
    "ftp": (f"ftp://{MARKER}:21", "scheme that conda does not support", "http://"),
    "PAC": (f"http://{MARKER}.example.com/proxy.pac", "PAC file", "give the URL of the proxy"),
    "PAC with a query": (f"https://{MARKER}/PROXY.PAC?x=1", "PAC file", "give the URL of the proxy"),
    "PAC scheme": (f"pac+http://{MARKER}/x", "PAC file", "give the URL of the proxy"),
    "wpad": (f"http://{MARKER}/wpad.dat", "PAC file", "give the URL of the proxy"),
    "file": (f"file:///etc/{MARKER}", "PAC file", "give the URL of the proxy"),
    "port 0": (f"http://{MARKER}:0", "no usable host or port", "http://"),
    "port 65536": (f"http://{MARKER}:65536", "no usable host or port", "http://"),
    "port of letters": (f"http://host:{MARKER}", "no usable host or port", "http://"),
    "empty port": (f"http://{MARKER}:", "no usable host or port", "http://"),
    "two ports": (f"http://{MARKER}:1:2", "no usable host or port|IPv6", "http://"),
    "negative port": (f"http://{MARKER}:-1", "no usable host or port", "http://"),
    "no host": ("http://", "no usable host", "http://"),
    "port alone": ("http://:8080", "no usable host", "http://"),
    "credentials alone": (f"http://{MARKER}:{MARKER}@", "no usable host", "http://"),
    "label with a hyphen first": (f"http://-{MARKER}:1", "no usable host", "http://"),
    "two dots": (f"http://{MARKER}..com:1", "no usable host", "http://"),
    "bare IPv6": ("http://2001:db8::1:8080", "IPv6|no usable host", "http://"),
    "wrong IPv6": (f"http://[2001:{MARKER}::1]:8080", "IPv6|no usable host", "http://"),
    "path": (f"http://host:1/{MARKER}", "contains a path, query or fragment; a proxy URL must not", "http://"),
    "query": (f"http://host:1?{MARKER}", "contains a path, query or fragment; a proxy URL must not", "http://"),
    "fragment": (f"http://host:1#{MARKER}", "contains a path, query or fragment; a proxy URL must not", "http://"),
    "path behind credentials": (
        f"http://u:{MARKER}@host:1/x",
        "contains a path, query or fragment; a proxy URL must not",
        "http://",
    ),
    "raw @": (f"http://user:p@{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "raw #": (f"http://user:p#{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "raw /": (f"http://user:p/{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "raw ?": (f"http://user:p?{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "raw %": (f"http://user:p%{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "raw \\": (f"http://user:p\\{MARKER}@host:1", "not percent-encoded", "conda_proxy_password"),
    "not UTF-8": (f"http://user:%E9{MARKER}@host:1", "percent-encoded UTF-8", "conda_proxy_password"),
    "space": (f"http://user:p {MARKER}@host:1", "a space", "credentials apart"),
    "newline": (f"http://user:{MARKER}@host:1\n", "a control character", "credentials apart"),
    "NUL": (f"http://user:{MARKER}\0@host:1", "a control character", "credentials apart"),
    "umlaut": (f"http://user:ä{MARKER}@host:1", "outside ASCII", "credentials apart"),
    "empty": ("", "has no scheme", "http://"),
}


def says_nothing_of(secret: str, message: str) -> bool:
    return not any(secret[at : at + 4] in message for at in range(len(secret) - 3))


@pytest.mark.parametrize(("url", "reason", "fix"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("option", ["http", "https"])
def test_refusals(option: str, url: str, reason: str, fix: str) -> None:
    with pytest.raises(InvalidSettingError) as refusal:
        parse_proxy(option, url, tls_to_proxy=False)
    message = refusal.value.sentence(PREFIX)
    assert message.startswith(f"conda_proxy_{option} ")
    assert re.search(reason, message)
    assert fix in message.partition("; ")[2]
    assert says_nothing_of(MARKER, message)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None  # no cause that would tell


def test_the_verbatim_example() -> None:
    """What half the web tells users to write."""
    with pytest.raises(InvalidSettingError) as refusal:
        parse_proxy("https", "https://username:password@corp.com:8080", tls_to_proxy=False)
    assert re.search(
        r"conda_proxy_https begins with https://.*; write http://, or set conda_proxy_tls_to_proxy: true",
        refusal.value.sentence(PREFIX),
    )
    proxy, credentials = parse_proxy("https", "https://username:password@corp.com:8080", tls_to_proxy=True)
    assert (proxy, credentials) == (Proxy("https", "corp.com", 8080), Credentials("username", "password"))


_safe = st.text("ABCDEFGHJKLMNPQRSTVWXYZ0123456789", min_size=8, max_size=8)


@given(secret=_safe, dirt=hostile.text, cut=st.integers(0, 8))
def test_no_refusal_tells_the_password(secret: str, dirt: str, cut: int) -> None:
    url = f"http://user:{secret[:cut]}{dirt}{secret[cut:]}@proxy.example.com:8080"
    messages = []
    try:
        parse_proxy("http", url, tls_to_proxy=False)
    except InvalidSettingError as refusal:
        messages.append(str(refusal))
    try:
        check_credentials(Credentials(f"{secret}{dirt}\n", f"{dirt}{secret}\n"), "username", "password")
    except InvalidSettingError as refusal:
        messages.append(str(refusal))
    assert messages
    assert all(says_nothing_of(secret, message) for message in messages)


ACCEPTED = [
    ("http://proxy:3128", Proxy("http", "proxy", 3128)),
    ("HTTP://Proxy.Example.COM:3128/", Proxy("http", "proxy.example.com", 3128)),
    ("http://proxy.example.com", Proxy("http", "proxy.example.com", None)),
    ("socks5h://127.0.0.1:1080", Proxy("socks5h", "127.0.0.1", 1080)),
    ("http://[2001:DB8::1]:8080", Proxy("http", "[2001:db8::1]", 8080)),
    ("http://[::1]", Proxy("http", "[::1]", None)),
    ("http://under_score.local:8080", Proxy("http", "under_score.local", 8080)),
]


@pytest.mark.parametrize(("url", "proxy"), ACCEPTED)
def test_accepted(url: str, proxy: Proxy) -> None:
    assert parse_proxy("http", url, tls_to_proxy=False) == (proxy, None)
    scheme, rest = url.split("://", 1)
    assert parse_proxy("http", f"{scheme}://u%40:p%2F@{rest}", tls_to_proxy=False) == (proxy, Credentials("u@", "p/"))


@given(username=hostile.text, password=st.one_of(st.none(), hostile.text))
def test_encoded_credentials_come_back(username: str, password: str | None) -> None:
    assume(":" not in username and username and not is_variable(username) and not is_variable(password or ""))
    credentials = Credentials(username, password)
    proxy = Proxy("http", "proxy.example.com", 8080)
    url = proxy.url(credentials, for_conda=False)
    assert parse_proxy("http", url, tls_to_proxy=False) == (proxy, Credentials(username, password or ""))
    parts = urlsplit(url)
    assert unquote_to_bytes(parts.username or "") == username.encode()
    assert unquote_to_bytes(parts.password or "") == (password or "").encode()
    for_requests = urlsplit(proxy.url(credentials, for_conda=True))
    assert unquote(for_requests.password or "").encode("latin-1") == (password or "").encode()
    assert credentials.ascii == (url == proxy.url(credentials, for_conda=True))


def test_a_variable_stays_as_it_is() -> None:
    credentials = Credentials("${PROXY_USER}", "${PROXY_PASSWORD}")
    assert credentials.userinfo(for_conda=True) == "${PROXY_USER}:${PROXY_PASSWORD}"
    assert not credentials.secret
    for not_exactly in ("${A}x", "x${A}", "$A", "${}", "${1}", "${A-b}", "${A}\n"):
        assert not is_variable(not_exactly)
        assert quote(not_exactly, safe="") in Credentials("u", not_exactly).userinfo(for_conda=True)


@pytest.mark.parametrize(
    ("username", "password", "named"),
    [
        ("", MARKER, "username"), (f"{MARKER}:x", MARKER, "username"), ("a", MARKER + "\n", "password"),
        (MARKER + "\r", "b", "username"), ("a", "\0" + MARKER, "password"), ("a", MARKER + "\x85", "password"),
        ("a", MARKER + "\udcff", "password"), (MARKER + "\ud800", "b", "username"),
    ],
)  # fmt: skip
def test_credentials_that_basic_cannot_carry(username: str, password: str, named: str) -> None:
    with pytest.raises(InvalidSettingError, match=f"^{named} .*; ") as refusal:
        check_credentials(Credentials(username, password), "username", "password")
    assert says_nothing_of(MARKER, str(refusal.value))
