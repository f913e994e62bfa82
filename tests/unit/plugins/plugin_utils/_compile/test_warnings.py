# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about settings that passed."""

from __future__ import annotations

from typing import Any

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile import warnings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import PREFIX
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import parse_proxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls
from tests.bed.settings import NETRC, PROXY, SECRET, compiled


def test_warnings() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"http": "http://proxy.example.com"}, "has no port"),
        ({"http": PROXY, "ssl_verify": "truststore"}, "before 26.7"),
        ({"ssl_verify": "false"}, "anyone on the network path"),
        (
            {"http": PROXY, "sections": ["environment"], "channels": ["a"]},
            "the only section that writes conda_proxy_channels",
        ),
        ({"http": PROXY, "netrc": [NETRC]}, "add netrc to conda_proxy_sections"),
        ({"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, password=SECRET + "\\ ")]}, "Python 3.11"),
        (
            {"http": PROXY, "scope": "user", "username": "\u00fc", "password": "x", "sections": ["condarc"]},
            "outside ASCII",
        ),
    ]
    for settings, says in cases:
        notes = compiled(**settings).warnings
        assert [note for note in notes if says in note], (says, notes)
        assert SECRET not in str(notes)
    assert compiled(http=PROXY, channels=["a"]).warnings == []


def test_every_sentence_names_a_variable_of_the_role() -> None:
    """Only conda_proxy warns, so the names are the role's."""
    proxies = Proxies(parse_proxy("http", PROXY, True)[0])
    for tls in (Tls(verify="truststore"), Tls(verify=False)):
        notes = warnings._about_tls(tls, proxies)
        assert [note.startswith(f"{PREFIX}ssl_verify: ") for note in notes] == [True]
        assert f"{PREFIX}ca_bundle_src" in notes[0], "the better way"
    assert warnings._about_tls(Tls(verify="truststore"), None) == [], "without a proxy conda takes it"
