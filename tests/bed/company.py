# SPDX-License-Identifier: GPL-3.0-or-later
"""A company's network as tests have it: channels that are served, a proxy's account."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bed.channel import ChannelServer, Rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.authority import Authority

CHANNEL_HOST = "conda.bed.invalid"  # resolves at the proxies only: what arrives came through one
PROXY_USER = "ada"
PROXY_PASSWORD = "p@ss:w/rd #1%"
PROXY_PASSWORD_ENCODED = "p%40ss%3Aw%2Frd%20%231%25"


@dataclass
class Channels:
    """One folder of channels, served on http and https. `rules` hold for both."""

    root: Path
    http: ChannelServer
    https: ChannelServer
    rules: Rules


def settings(proxy: str, channel: str, ca: str) -> dict[str, str | list[str]]:
    """The variables of a company for all machines."""
    return {
        "conda_proxy_http": proxy,
        "conda_proxy_username": PROXY_USER,
        "conda_proxy_password": PROXY_PASSWORD,
        "conda_proxy_password_exposure": "allow",
        "conda_proxy_ca_bundle_src": ca,
        "conda_proxy_channels": [channel],
    }


class serve_channels:  # noqa: N801 - called like a function
    """Serve on an address, for loopback or for hosts."""

    def __init__(self, root: Path, authority: Authority, address: str) -> None:
        self._stack = ExitStack()
        rules = Rules(logins={"private": ("ada", "pw-of-channel")})
        tls = authority.server_context(address, "localhost", CHANNEL_HOST)
        self._channels = Channels(
            root, ChannelServer(root, address, rules=rules), ChannelServer(root, address, tls=tls, rules=rules), rules
        )

    def __enter__(self) -> Channels:
        self._stack.enter_context(self._channels.http)
        self._stack.enter_context(self._channels.https)
        return self._channels

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()
