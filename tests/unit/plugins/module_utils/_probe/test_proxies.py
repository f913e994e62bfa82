# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxy URLs and 407 answers as the probe reads them."""

from __future__ import annotations

import urllib.parse
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import proxies as _proxies


@given(st.text(min_size=1), st.text(min_size=1))
def test_encoded_credentials_are_read_back(user: str, password: str) -> None:
    try:
        (user + password).encode("latin-1")
    except UnicodeEncodeError:
        return
    quoted = urllib.parse.quote(user, safe=""), urllib.parse.quote(password, safe="")
    proxy = _proxies.parse_proxy("http://{}:{}@proxy.example.com:8080".format(*quoted))
    assert proxy == ("http", "proxy.example.com", 8080, user, password)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("proxy:8080", ("http", "proxy", 8080, None, "")),
        ("http://proxy", ("http", "proxy", 80, None, "")),
        ("HTTPS://proxy/", ("https", "proxy", 443, None, "")),
        ("socks5h://proxy", ("socks5h", "proxy", 1080, None, "")),
        ("http://[2001:db8::1]:3128", ("http", "2001:db8::1", 3128, None, "")),
        ("http://a:b@c@proxy:1", ("http", "proxy", 1, "a", "b@c")),
    ],
)
def test_parse_proxy(url: str, expected: tuple[object, ...]) -> None:
    assert _proxies.parse_proxy(url) == expected


@pytest.mark.parametrize(
    ("headers", "user", "verdict"),
    [
        ([], None, "proxy_auth_required"),
        (['Basic realm="NTLM, Negotiate"'], "ada", "proxy_auth_rejected"),
        (["NTLM"], "ada", "proxy_auth_unsupported"),
        (["Negotiate, NTLM"], None, "proxy_auth_unsupported"),
        (["Negotiate", 'basic realm="x"'], None, "proxy_auth_required"),
        (['Digest realm="x", qop="auth"'], None, "proxy_auth_unsupported"),
    ],
)
def test_407(headers: list[str], user: str | None, verdict: str) -> None:
    assert _proxies.judge_407(headers, _proxies.Proxy("http", "p", 1, user, "")).name == verdict
