# SPDX-License-Identifier: GPL-3.0-or-later
"""Redaction by shape: whatever the password is, however it is written."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from tests.bed import hostile

MARKER = "Zq7Marker"
MASKER = Masker("one run")
_marked = hostile.text.map(lambda text: text[: len(text) // 2] + MARKER + text[len(text) // 2 :])
passwords = st.one_of(_marked, _marked.map(lambda text: quote(text, safe="")))

URLS = [
    "http://user:{}@proxy.example.com:8080",
    "https://{}@host/main",
    "http://{}:pw@host",
    "socks5h://user:{}@[2001:db8::1]:1080/",
    "http//user:{}@host:9/chan",  # conda loses the colon in an error
    "//user:{}@host",
    '  http: "http://user:{}@host"',
    '  "https://repo.anaconda.com": "http://user:{}@host:1" # note',
    "https://conda.anaconda.org: http://user:{}@host:1",
    "channels: [https://a/b, https://user:{}@host/c]",
    "export http_proxy='http://user:{}@host'",
    "setenv https_proxy http://user:{}@host",
    'DefaultEnvironment="http_proxy=http://user:{}@host"',
    "InvalidURL: Failed to parse: http://user:{}@127.0.0.1:99999",
]


@pytest.mark.parametrize("form", URLS)
@given(password=passwords)
def test_userinfo_of_urls(form: str, password: str) -> None:
    assert MARKER not in MASKER.text(form.format(password))
    assert MARKER not in MASKER.text("before\n" + form.format(password) + "\nafter")


@pytest.mark.parametrize("form", ["user:{}@host:8080", "'user:{}@host' is not a host", "proxy=user:{}@host"])
@given(password=st.text("aZ09.-_#%$!*", max_size=9))
def test_userinfo_without_a_scheme(form: str, password: str) -> None:
    assert MARKER not in MASKER.text(form.format(MARKER + password))
    assert MARKER not in MASKER.text(form.format("p" + password + MARKER))


@given(token=st.text("aZ09-_.~%@:+=!$&'()*,;", max_size=9))
def test_tokens_of_channels(token: str) -> None:
    text = f"- https://host.example.com/t/{MARKER}{token.replace(chr(39), '')}/channel # a channel"
    masked = MASKER.text(text)
    assert MARKER not in masked
    assert masked.startswith("- https://")


ASSIGNMENTS = [
    "password: {}", "password={}", '"password": "{}"', "PASSWORD = '{}'", "proxy_password: {}", "conda_proxy_password: {}",
    "my.secret={}", "anaconda_token: {} # note", "api-key: {}", "apikey={}", "client_secret: {}\r\nnext: 1", "passwd:{}",
    "password:\n  {}", "password: |\n  {}\n\n  {}\nnext: 1", "password: >-\n  {}", "ssl_key_passphrase: {}",
    "b'machine chan login user password {}\\n'", "machine a login b account {} password c", "login b\tpassword {}",
]  # fmt: skip


@pytest.mark.parametrize("form", ASSIGNMENTS)
@given(password=_marked.filter(lambda text: text.strip() == text))
def test_assignments(form: str, password: str) -> None:
    assert MARKER not in MASKER.text(form.replace("{}", password))


@pytest.mark.parametrize(
    "text", ["true-" + MARKER, "#" + MARKER, "false" + MARKER, "#!final" + MARKER, "\u00a0" + MARKER]
)
def test_a_password_that_looks_like_something_else(text: str) -> None:
    for form in ("password: {}", "password={}", "http_password = {}", "token:{}"):
        assert MARKER not in MASKER.text(form.format(text))


@pytest.mark.parametrize("header", ["Proxy-Authorization: Basic {}", "authorization: bearer {}", "'Basic {}'"])
def test_headers(header: str) -> None:
    assert MARKER not in MASKER.text(header.format(MARKER + "=="))


READABLE = [
    "add_anaconda_token: true",
    "add_anaconda_token: false #!final",
    "channels: #!final",
    "password: #!final",
    "  - https://conda.anaconda.org/conda-forge",
    '  "https://repo.anaconda.com": ""',
    "ssl_verify: /etc/ssl/certs/ca-certificates.crt",
    "# ask ada.lovelace@example.com",
    "no_proxy=localhost,127.0.0.1,::1,.example.com",
    "custom_channels:\n  internal: https://host.example.com:8443/conda",
    "",
]


@pytest.mark.parametrize("text", READABLE)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert MASKER.text(text) == text


@pytest.mark.parametrize(
    "key", ['"https://repo.anaconda.com"', "https://repo.anaconda.com", "'http://[2001:db8::1]'", "http", '"https"']
)
def test_keys_that_are_urls_stay_readable(key: str) -> None:
    masked = MASKER.text(f'  {key}: "http://user:{MARKER}@proxy:8080"')
    assert masked == f'  {key}: "http://{MASKER.secret("user:" + MARKER)}@proxy:8080"'


@given(password=hostile.text, other=hostile.text)
def test_rotation_is_visible_and_sameness_too(password: str, other: str) -> None:
    def line(value: str) -> str:
        return f"http: http://user:{quote(value, safe='')}@host"

    assert MASKER.text(line(password)) == Masker("one run").text(line(password))
    assert MASKER.text(line(password)) != Masker("another run").text(line(password))
    assert (MASKER.text(line(password)) == MASKER.text(line(other))) == (password == other)
    assert (
        MASKER.text(f"{line(password)}\n# and\n{line(password)}").count(
            MASKER.secret("user:" + quote(password, safe=""))
        )
        == 2
    )


@given(text=st.one_of(hostile.text, st.text()))
def test_masking_never_fails(text: str) -> None:
    MASKER.text(text)
    MASKER.foreign(text, [text])


@pytest.mark.parametrize("write", [
    str, repr, ascii, json.dumps, lambda text: quote(text, safe=""), quote, lambda text: repr(text.encode()),
    lambda text: quote(text.encode().decode("latin-1"), safe=""), lambda text: json.dumps(text, ensure_ascii=False),
])  # fmt: skip
@given(password=hostile.text.filter(lambda text: len(text) > 3))
def test_foreign_text_hides_a_known_secret_in_every_form(write: object, password: str) -> None:
    secret = MARKER + password
    text = "UnicodeEncodeError: " + write(secret) + " is not in " + write("x" + secret + "y")  # type: ignore[operator]
    assert MARKER not in MASKER.foreign(text, [secret])


@pytest.mark.parametrize("secret", ["etc", "1", "ab", "é"])
def test_short_secrets_withhold_foreign_text(secret: str) -> None:
    withheld = MASKER.foreign(f"cannot open /{secret}/conda", [secret, "long enough"])
    assert "withheld" in withheld
    assert withheld == MASKER.foreign(f"another {secret} text", [secret])
    assert MASKER.foreign("nothing of it here", ["0", secret if secret != "é" else "0"]) == "nothing of it here"
    # our own files are masked by shape and stay whole
    assert MASKER.text(f"envs_dirs: [/{secret}/1]\nhttp: http://u:{secret}@h") == (
        f"envs_dirs: [/{secret}/1]\nhttp: http://{MASKER.secret('u:' + secret)}@h"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a:b " * 250_000, "a:b " * 250_000 + "@", "a-" * 500_000, "token-" * 160_000, "user " * 200_000, "//" * 500_000,
        "machine password" * 60_000, "token" + " " * 1_000_000, "token:" + " \n" * 400_000, "x@y:z\n" * 160_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_megabyte_is_masked(text: str) -> None:
    """It would not come to an end, if each possible begin of a secret were tried up to the end of the line."""
    assert Masker("key").text("password: hunter2\n" + text).startswith("password: ***")
