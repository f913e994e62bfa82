# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels: what is refused, and which URLs and hosts they are."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import (
    Channels,
    parse_channels,
)
from tests.bed.settings import PROXY, compiled, condarc, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "channel with a space": ({"channels": ["https://x/a b"]}, "conda_proxy_channels", "percent-encode"),
    "alias without a scheme": ({"channel_alias": "mirror"}, "conda_proxy_channel_alias", "https://host/path"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_condarc_has_a_key_for_every_known_host() -> None:
    result = compiled(
        http=PROXY,
        channels=["conda-forge", "https://mirror.internal.example.com/main", "http://10.1.2.3:8000/x"],
        channel_alias="https://alias.example.com/conda",
        custom_channels={"own": "https://own.example.org"},
        no_proxy=["localhost", "::1", ".internal.example.com", "10.0.0.0/8", "exact.example.com"],
    )
    servers = condarc(result)["proxy_servers"]
    for host in ("repo.anaconda.com", "conda.anaconda.org", "alias.example.com", "own.example.org"):
        assert (servers[f"https://{host}"], servers[f"http://{host}"]) == (PROXY, PROXY)
    for host in ("mirror.internal.example.com", "10.1.2.3", "exact.example.com", "localhost", "::1"):
        assert (servers[f"https://{host}"], servers[f"http://{host}"]) == ("", "")
    assert sum("CIDR" in note for note in result.warnings) == 1
    assert sum("wildcard" in note for note in result.warnings) == 1


def test_a_host_that_any_key_of_conda_names_counts() -> None:
    extra = {
        "custom_multichannels": {"conda-forge": ["https://multi.example.org/conda-forge", "local"]},
        "migrated_custom_channels": {"old": "https://old.example.org/x"},
        "channel_settings": [
            {"channel": "https://u:p@direct.internal.example.com/p", "auth": "http-basic"},
            {"channel": "https://*.example.net/*", "auth": "x"},
        ],
        "signing_metadata_url_base": "https://signed.example.org:8443",
        "envs_dirs": ["/opt/envs", "https:/no.url.example.org"],
    }
    servers = condarc(compiled(http=PROXY, scope="user", extra=extra, no_proxy=[".internal.example.com"]))[
        "proxy_servers"
    ]
    found = {key.partition("://")[2]: value for key, value in servers.items() if key.startswith("https://")}
    assert found == {
        **dict.fromkeys(("repo.anaconda.com", "conda.anaconda.org"), PROXY),
        **dict.fromkeys(("multi.example.org", "old.example.org", "signed.example.org"), PROXY),
        "direct.internal.example.com": "",
    }
    assert {key.partition("://")[2] for key in servers if key.startswith("http://")} == set(found)


def test_urls() -> None:
    channels = Channels(
        channels=("defaults", "conda-forge", "own/label", "https://x.example.com/y"),
        default_channels=("https://d.example.com/main",),
        channel_alias="https://alias.example.com/",
        custom_channels={"own": "https://own.example.org/"},
    )
    assert channels.urls() == [
        "https://d.example.com/main",
        "https://alias.example.com/conda-forge",
        "https://own.example.org/own/label",
        "https://x.example.com/y",
    ]
    assert Channels().urls() == ["https://repo.anaconda.com/pkgs/main"]


def test_conda_connectivity_has_channels_alone() -> None:
    assert parse_channels({"channels": ["a"]}) == Channels(("a",))
    assert parse_channels({"channels": None}) == Channels()
    assert parse_channels(validated()) == Channels()
