# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that looks like a Mac, a proxy with a password, a TLS channel behind it, real conda."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import conda_base, light
from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD, PROXY_USER, settings
from tests.bed.macos.machine import MacMachine, RealMac
from tests.bed.play import Player
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.squid import Squid

REAL = os.environ.get("CONDAFLEET_MAC") == "real"
BASE = "/opt/miniconda3" if REAL else "/opt/homebrew/Caskroom/miniconda/base"


@pytest.fixture
def mac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MacMachine]:
    """A fresh machine; at its end no process of the collection has started what no Mac has.

    With CONDAFLEET_MAC=real a real Mac, see RealMac.
    """
    if REAL:
        yield RealMac()
        return
    if reason := light.missing() or conda_base.host_python_missing():
        unavailable(reason)
    folder = tmp_path_factory.mktemp("mac")
    with MacMachine.boot("mac1", folder, {BASE: conda_base.build_for_hosts()}) as machine:
        yield machine
        strange = [entry for entry in machine.programs() if not entry.get("known")]
    assert not strange, strange


@pytest.fixture
def squid(start_squid: Callable[..., Squid]) -> Squid:
    return start_squid(username=PROXY_USER, password=PROXY_PASSWORD.encode())


@pytest.fixture
def mac_player(
    ansible_run: Callable[..., Any],
    tmp_path: Any,
    mac: MacMachine,
    squid: Squid,
    channels: Channels,
    authority: Authority,
) -> Iterator[Player]:
    """Plays on the machine as root, with the settings of a company."""
    player = Player(
        ansible_run,
        tmp_path,
        {mac.name: mac.inventory()},
        settings(squid.url(), channels.https.url("main", CHANNEL_HOST), str(authority.pem))
        | {"conda_proxy_prefix": BASE},
    )
    yield player
    if REAL:
        player.play("remove")
