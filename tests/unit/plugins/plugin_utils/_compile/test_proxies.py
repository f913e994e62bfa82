# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies: which are refused together, and what the environment and conda get."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import parse_proxies
from tests.bed.settings import HOSTILE, PROXY, SECRET, compiled, condarc, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "the widely copied example": (
        {"http": PROXY, "https": "https://username:password@corp.com:8080"},
        "conda_proxy_https",
        "write http://, or set conda_proxy_tls_to_proxy: true",
    ),
    "no scheme": ({"http": "proxy.example.com:8080"}, "conda_proxy_http", "write it as http://"),
    "not a URL": ({"http": "http://:8080"}, "conda_proxy_http", "write it as http://"),
    "bad port": ({"http": f"http://ada:{SECRET}@proxy:99999"}, "conda_proxy_http", "1 to 65535"),
    "raw password in the URL": (
        {"http": f"http://ada:{SECRET}#x@proxy:8080"},
        "conda_proxy_http",
        "conda_proxy_password",
    ),
    "PAC": ({"http": "http://wpad.example.com/proxy.pac"}, "conda_proxy_http", "PAC"),
    "credentials in the URL and apart": (
        {"http": f"http://ada:{SECRET}@proxy:8080", "username": "ada", "password": SECRET},
        "conda_proxy_http",
        "leave them out of the URL",
    ),
    "password without a user": ({"http": PROXY, "password": SECRET}, "conda_proxy_password", "set both"),
    "password without a proxy": ({"username": "ada", "password": SECRET}, "conda_proxy_username", "conda_proxy_http"),
    "colon in the user": ({"http": PROXY, "username": "a:da", "password": SECRET}, "conda_proxy_username", "colon"),
    "newline in the password": (
        {"http": PROXY, "username": "ada", "password": SECRET + "\n"},
        "conda_proxy_password",
        "line break",
    ),
    "https alone": ({"https": PROXY}, "conda_proxy_https", "set conda_proxy_http"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_credentials_are_encoded_for_each_reader() -> None:
    result = compiled(http=PROXY, username="dom\\ada", password=HOSTILE, scope="user")
    environment = result.settings.variables
    for_env = "http://dom%5Cada:%3A%40%2F%23%3F%25%22%27%5C%24%20%60%C3%BC%2540%3B@proxy.example.com:8080"
    assert environment["https_proxy"] == environment["HTTPS_PROXY"] == for_env
    # conda sends Latin-1: each UTF-8 byte is written as the character of that number
    assert condarc(result)["proxy_servers"]["https"] == for_env.replace("%C3%BC", "%C3%83%C2%BC")
    assert result.settings.secret is True


def test_credentials_in_two_urls_must_be_the_same() -> None:
    with_login = f"http://ada:{SECRET}@proxy.example.com:8080"
    for https in (PROXY, f"http://bob:{SECRET}@proxy.example.com:8080"):
        message = refusal(http=with_login, https=https, scope="user")
        assert message.startswith("conda_proxy_https does not contain the same credentials as conda_proxy_http; ")
    proxies = parse_proxies(validated(http=with_login, https=with_login))
    assert proxies is not None
    assert (proxies.hosts(), proxies.apart) == ({"proxy.example.com"}, False)
    assert proxies.url("https", for_conda=True) == with_login


def test_without_a_proxy_there_is_none() -> None:
    assert parse_proxies(validated()) is None
