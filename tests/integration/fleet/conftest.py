# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of light machines behind a squid with a password."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import conda_base, light
from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD, PROXY_USER, settings
from tests.bed.light import LightMachine, keys_layer
from tests.bed.play import Player
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.fleet import Machines
    from tests.bed.squid import Squid

BASE = "/opt/conda"


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Machines]]:
    """`start(3)`: machines h01 to h03; the last of many has no conda."""
    if reason := light.missing() or conda_base.host_python_missing():
        unavailable(reason)
    base = conda_base.build_for_hosts()
    with ExitStack() as stack:

        def machines(count: int, bare: str = "", mounts: dict[str, dict[str, Path]] | None = None) -> Machines:
            found = {}
            folder = tmp_path_factory.mktemp("fleet")
            for number in range(1, count + 1):
                name = f"h{number:02}"
                own = {} if name == bare else {BASE: base}
                own |= (mounts or {}).get(name, {})
                machine = LightMachine.start(name, folder / name, layers=[keys_layer()], mounts=own)
                found[name] = stack.enter_context(machine)
            return found

        yield machines


@pytest.fixture
def squid(start_squid: Callable[..., Squid]) -> Squid:
    return start_squid(username=PROXY_USER, password=PROXY_PASSWORD.encode())


@pytest.fixture
def player_of(
    ansible_run: Callable[..., Any], tmp_path: Path, squid: Squid, channels: Channels, authority: Authority
) -> Callable[..., Player]:
    def player(machines: Machines, **own: dict[str, Any]) -> Player:
        hosts = {name: machine.inventory() | own.get(name, {}) for name, machine in machines.items()}
        variables = settings(squid.url(), channels.https.url("main", CHANNEL_HOST), str(authority.pem))
        return Player(ansible_run, tmp_path, hosts, variables)

    return player
