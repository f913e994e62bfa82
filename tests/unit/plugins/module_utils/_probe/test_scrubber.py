# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are masked in every form in which a library quotes them."""

from __future__ import annotations

import base64
import re
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import scrubber as _scrubber

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x4FF, exclude_categories=["Cs", "Cc"]), min_size=4)


@given(SECRETS, st.sampled_from(["utf-8", "latin-1"]))
def test_a_password_is_gone_in_every_form(password: str, encoding: str) -> None:
    data = password.encode(encoding, "ignore")
    if data.decode(encoding) != password:
        return
    quoted = urllib.parse.quote(data, safe="")
    scrubber = _scrubber.Scrubber()
    scrubber.add_url(f"http://ada:{quoted}@proxy.example.com:8080")
    header = base64.b64encode(b"ada:" + data).decode()
    forms = [
        password,
        quoted,
        re.sub("%..", lambda found: found.group().lower(), quoted),
        repr(password)[1:-1],
        urllib.parse.quote_plus(data),
        header,
    ]
    for form in forms:
        text = scrubber.clean(f"Failed to parse \t{form}\t is not valid")
        assert text == _scrubber.WITHHELD or form not in text.replace("***", "").split("parse", 1)[1].split("is not")[0]


def test_a_short_password_withholds_the_text() -> None:
    scrubber = _scrubber.Scrubber()
    scrubber.add("etc")
    assert scrubber.clean("No such file: /etc/conda") == _scrubber.WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        "http://ada:Zq7pw@proxy:8080/x",
        "'http//ada:Zq7pw@proxy:1'",
        "http://ada:Zq7/x@proxy",
        "ada:Zq7pw@proxy",
        "https://chan/t/Zq7token/main",
        "url: /login?session=Zq7",
    ],
)
def test_shapes(text: str) -> None:
    assert "Zq7" not in _scrubber.Scrubber().clean(f"Cannot open {text} (Caused by x)")


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://ada:pw@proxy:8080", "http://***@proxy:8080"),
        ("http://ada:p/w@proxy:8080", "http://***@proxy:8080"),
        ("ada:pw@proxy:8080", "***@proxy:8080"),
        ("https://chan/t/secret/main?x=y#z", "https://chan/t/***/main"),
        ("http://proxy:8080", "http://proxy:8080"),
    ],
)
def test_mask_url(url: str, masked: str) -> None:
    assert _scrubber.mask_url(url) == masked


def test_variables_that_say_they_are_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "CONDA_MY_TOKEN": "/Zk3aaQ9+abc==",  # base64 may begin like a path
        "CONDA_CLIENT_SSL_CERT_KEY": str(tmp_path),
        "CONDA_ADD_ANACONDA_TOKEN": "True",
        "CONDA_AUTH_TRIES": "1",
        "CONDA_CHANNELS": "mine",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert set(_scrubber.secret_variables()) & set(given.values()) == {"/Zk3aaQ9+abc=="}
