# SPDX-License-Identifier: GPL-3.0-or-later
"""Real parts, started when a test first asks for them and gone when the session ends."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import conda_base, hosts, squid
from tests.bed.authority import Authority
from tests.bed.channel import make_channel
from tests.bed.company import CHANNEL_HOST, Channels, serve_channels
from tests.bed.interpreters import find_interpreter
from tests.bed.play import LOCAL, Player
from tests.bed.proxy import Proxy
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    HostFactory = Callable[..., hosts.Host]

_FIRST_GROUP = {"test_user_scope"}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with hosts make two groups of about the same length, so that both workers of pytest-xdist have hosts.

    A worker boots its own `conda_hosts`; xdist deals out the groups with most tests first.
    """
    for item in items:
        if "hosts" in item.keywords:
            group = "hosts-users" if item.path.stem in _FIRST_GROUP else "hosts-others"
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def conda() -> Callable[..., Path]:
    """`conda()` is a real conda base, `conda("22.9.0", python_version="3.10")` another; built once, then cached.

    `pysocks=True`: one that can use SOCKS proxies.
    """

    def base(version: str = "24.7.1", python_version: str | None = None, pysocks: bool = False) -> Path:
        python = Path(sys.executable)
        if python_version is not None:
            found = find_interpreter(python_version)
            if found is None:
                unavailable(f"no python{python_version} runs on this machine")
            python = found
        return conda_base.build_with_pysocks(version, python) if pysocks else conda_base.build(version, python)

    return base


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA that signs the TLS channels."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def interceptor(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of a company that opens TLS."""
    return Authority(tmp_path_factory.mktemp("interceptor"), "Condafleet interceptor")


@pytest.fixture(scope="session")
def channel_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Channels `main`, `extra` and `private` as files."""
    root = tmp_path_factory.mktemp("channels")
    for name in ("main", "extra", "private"):
        make_channel(root / name)
    return root


@pytest.fixture
def channels(channel_root: Path, authority: Authority) -> Iterator[Channels]:
    """The channels on loopback, http and https; `private` asks for the login ada / pw-of-channel."""
    with serve_channels(channel_root, authority, "127.0.0.1") as served:
        yield served


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Our own proxy on loopback; change `proxy.behaviour` to taste."""
    with Proxy() as running:
        running.behaviour.hosts[CHANNEL_HOST] = "127.0.0.1"
        yield running


@pytest.fixture
def start_squid() -> Iterator[Callable[..., squid.Squid]]:
    """`start_squid(username=..., password=..., intercept=..., address=...)`: real squids, ended after the test."""
    if reason := squid.missing():
        unavailable(reason)
    with ExitStack() as stack:

        def start(**options: object) -> squid.Squid:
            options.setdefault("hosts", {CHANNEL_HOST: options.get("address", "127.0.0.1")})
            return stack.enter_context(squid.Squid(**options))  # type: ignore[arg-type]

        yield start


@pytest.fixture(scope="session")
def start_host() -> Iterator[HostFactory]:
    """`start_host("name", mounts=[...])`: booted systemd hosts, removed when the session ends."""
    if reason := hosts.missing():
        unavailable(reason)
    with ExitStack() as stack:

        def start(name: str, mounts: tuple[str, ...] = ()) -> hosts.Host:
            return stack.enter_context(hosts.Host.start(name, mounts))

        yield start


@pytest.fixture(scope="session")
def conda_hosts(start_host: HostFactory) -> list[hosts.Host]:
    """Two hosts for the whole session with a real conda 24.7.1 at /opt/conda, mounted read-only."""
    if reason := conda_base.host_python_missing():
        unavailable(reason)
    base = conda_base.build_for_hosts()
    return [start_host(name, (f"{base}:{conda_base.HOST_PREFIX}:ro",)) for name in ("host1", "host2")]


@pytest.fixture
def host_channels(channel_root: Path, authority: Authority, conda_hosts: list[hosts.Host]) -> Iterator[Channels]:
    """The channels where the hosts see them; `conda_hosts` first, as the address comes with them."""
    with serve_channels(channel_root, authority, hosts.gateway()) as served:
        yield served


@pytest.fixture
def local_player(ansible_run: Callable[..., Any], tmp_path: Path, home: Path) -> Player:
    """Plays on this machine for the `home` of a test, with a proxy that is dead and without a proof."""
    variables = {
        "conda_proxy_scope": "user",
        "conda_proxy_home": str(home),
        "conda_proxy_http": "http://127.0.0.1:9",
        "conda_proxy_verify": "none",
    }
    return Player(ansible_run, tmp_path, {"here": LOCAL}, variables)
