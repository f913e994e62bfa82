# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoded credentials at a real 407 proxy: the wire must carry the UTF-8 of what the user typed, whoever the client is."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import (
    Credentials,
    is_variable,
    parse_proxy,
)
from tests.bed import hostile
from tests.bed.company import CHANNEL_HOST, Channels
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.bed.proxy import Proxy
    from tests.bed.squid import Squid

COUNT = 50
NASTIEST = ("p@ss:w/rd #1%", "%40", "a\\b'c\"d`e", "$HOME", "пароль漢😀é", "?[]&=+;", "//@//", "  ", "!#~", "\u00a0ß")
_username = hostile.text.filter(lambda text: text.strip() and ":" not in text and not is_variable(text))
_password = hostile.text.filter(lambda text: text and not is_variable(text))


def credentials() -> list[Credentials]:
    """Different users, the same in every run."""
    drawn = hostile.drawn(st.tuples(_username, _password), COUNT - len(NASTIEST))
    pairs = [(f"DOM\\u {number}é", password) for number, password in enumerate(NASTIEST)] + drawn
    return [Credentials(f"{number}{username}", password) for number, (username, password) in enumerate(pairs)]


LOGINS = credentials()

REQUESTS = """
import json, sys, requests
for url, proxy in json.load(sys.stdin):
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"http": proxy, "https": proxy}
    try:
        print(session.get(url, timeout=30).status_code)
    except requests.exceptions.ProxyError:
        print("proxy error")
"""
URLLIB = """
import json, sys, urllib.request, urllib.error
for url, proxy in json.load(sys.stdin):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    try:
        print(opener.open(url, timeout=30).status)
    except urllib.error.HTTPError as exc:
        print(exc.code)
"""
CONDA = """
import json, sys
from conda.gateways.connection.session import CondaSession
for url, proxy in json.load(sys.stdin):
    session = CondaSession()
    session.proxies = {"http": proxy, "https": proxy}
    session.trust_env = False
    print(session.get(url, timeout=30).status_code)
"""


def with_python(python: str | Path, code: str, url: str, proxies: Sequence[str], home: Path) -> list[str]:
    done = subprocess.run(
        [python, "-c", code], input=json.dumps([(url, proxy) for proxy in proxies]), capture_output=True, text=True,
        check=True, env=clean_env(home),
    )  # fmt: skip
    return done.stdout.split("\n")[:-1]


def with_curl(url: str, proxies: Sequence[str], home: Path) -> list[str]:
    """One curl for all; each transfer begins from nothing."""
    transfers = [
        f'url = "{url}"\nproxy = "{proxy}"\noutput = "/dev/null"\nwrite-out = "%{{http_code}}\\n"' for proxy in proxies
    ]
    done = subprocess.run(
        ["curl", "--silent", "--config", "-"], input="\nnext\nsilent\n".join(transfers), capture_output=True, text=True,
        check=True, env=clean_env(home),
    )  # fmt: skip
    return done.stdout.split()


def encoded(proxy: str, for_conda: bool) -> list[str]:
    parsed, _credentials = parse_proxy("http", proxy, tls_to_proxy=False)
    return [parsed.url(login, for_conda) for login in LOGINS]


def wire() -> list[str]:
    """UTF-8 bytes as the log shows them."""
    return [f"{login.username}:{login.password}".encode().decode("latin-1") for login in LOGINS]


def test_environment_form_with_curl_and_urllib(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    proxies = encoded(proxy.url(), for_conda=False)
    assert len(proxies) == COUNT
    for client in ("curl", "urllib"):
        proxy.log.clear()
        run = with_curl if client == "curl" else partial(with_python, sys.executable, URLLIB)
        statuses = run(url, proxies, tmp_path)
        assert [entry["credentials"] for entry in proxy.log.entries] == wire()
        assert statuses == ["200"] * COUNT


def test_condarc_form_with_requests(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    statuses = with_python(sys.executable, REQUESTS, url, encoded(proxy.url(), for_conda=True), tmp_path)
    assert [entry["credentials"] for entry in proxy.log.entries] == wire()
    assert statuses == ["200"] * COUNT


@pytest.mark.conda
@pytest.mark.parametrize("tls", [False, True], ids=["http", "CONNECT"])
def test_condarc_form_with_conda(
    tls: bool, proxy: Proxy, channels: Channels, conda: Callable[..., Path], tmp_path: Path
) -> None:
    server = channels.https if tls else channels.http
    url = server.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    code = CONDA.replace("timeout=30", "timeout=30, verify=False") if tls else CONDA
    statuses = with_python(conda() / "bin" / "python", code, url, encoded(proxy.url(), for_conda=True), tmp_path)
    assert [entry["credentials"] for entry in proxy.log.entries] == wire()
    assert statuses == ["200"] * COUNT


def test_real_squid_lets_everybody_in(start_squid: Callable[..., Squid], channels: Channels, tmp_path: Path) -> None:
    squid = start_squid(username="first", password="first")
    passwords = "".join(f"{login.password}\n" for login in LOGINS)
    done = subprocess.run(
        ["openssl", "passwd", "-apr1", "-stdin"], input=passwords.encode(), capture_output=True, check=True
    )
    small = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # squid's user names know no case
    lines = [
        f"{login.username.translate(small)}:{secret}\n"
        for login, secret in zip(LOGINS, done.stdout.decode().splitlines(), strict=True)
    ]
    with (squid.folder / "passwd").open("a", encoding="utf-8") as file:
        file.writelines(lines)
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    plain, for_conda = encoded(squid.url(), for_conda=False), encoded(squid.url(), for_conda=True)
    assert with_curl(url, plain, tmp_path) == ["200"] * COUNT
    assert with_python(sys.executable, URLLIB, url, plain, tmp_path) == ["200"] * COUNT
    assert with_python(sys.executable, REQUESTS, url, for_conda, tmp_path) == ["200"] * COUNT
    wrong = [proxy.replace("@127", "x@127") for proxy in plain]
    assert with_curl(url, wrong, tmp_path) == ["407"] * COUNT


def test_the_forms_differ_where_they_must(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    """The reason for two forms: requests with the environment's sends Latin-1, or nothing at all."""
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    parsed, _none = parse_proxy("http", proxy.url(), tls_to_proxy=False)
    login = Credentials("u", "é")
    with_python(sys.executable, REQUESTS, url, [parsed.url(login, for_conda=False)], tmp_path)
    with_curl(url, [parsed.url(login, for_conda=True)], tmp_path)
    assert [entry["credentials"] for entry in proxy.log.entries] == ["u:\xe9", "u:" + "Ã©".encode().decode("latin-1")]
    assert not [login for login in LOGINS if login.ascii and login.userinfo(True) != login.userinfo(False)]


def test_a_user_without_a_password_is_sent(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    parsed, _none = parse_proxy("http", proxy.url(), tls_to_proxy=False)
    login = Credentials("only", None)
    with_python(sys.executable, REQUESTS, url, [parsed.url(login, for_conda=True)], tmp_path)
    with_curl(url, [parsed.url(login, for_conda=False)], tmp_path)
    assert [entry["credentials"] for entry in proxy.log.entries] == ["only:", "only:"]
