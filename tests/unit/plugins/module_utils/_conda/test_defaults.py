# SPDX-License-Identifier: GPL-3.0-or-later
"""conda's own defaults, and the parts of a channel."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import (
    DEFAULT_ALIAS,
    channel_host,
    channel_url,
)


def test_the_host_of_a_channel() -> None:
    for url, host in (
        ("https://U:p@Mirror.Example.com:8/x", "mirror.example.com"),
        ("http://[::1]:8/", "::1"),
        ("a", ""),
    ):
        assert channel_host(url) == host


def test_a_name_is_below_the_default_alias() -> None:
    assert channel_url("conda-forge") == DEFAULT_ALIAS + "/conda-forge"
    assert channel_url("https://mirror.example.com/x") == "https://mirror.example.com/x"
