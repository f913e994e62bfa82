# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux, macOS and Windows in one inventory and one play: all get theirs, and one that fails leaves the others done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import conda_base
from tests.bed.light import LightMachine, keys_layer
from tests.bed.macos.machine import MacMachine
from tests.bed.play import ONE_RING
from tests.bed.windows import MACHINE_ENVIRONMENT, WindowsStandIn
from tests.integration.macos.conftest import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.play import Player

pytestmark = [pytest.mark.conda, pytest.mark.macos]
CONDARC = "C:\\ProgramData\\conda\\.condarc"


@pytest.fixture
def linux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[LightMachine]]:
    mounts = {conda_base.HOST_PREFIX: conda_base.build_for_hosts()}
    folder = tmp_path_factory.mktemp("linux")
    with (
        LightMachine.start("linux1", folder / "1", layers=[keys_layer()], mounts=mounts) as first,
        LightMachine.start("linux2", folder / "2", layers=[keys_layer()], mounts=mounts) as second,
    ):
        yield [first, second]


def test_six_machines_of_three_systems(
    mac: MacMachine,
    mac_player: Player,
    linux: list[LightMachine],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    pcs = [WindowsStandIn(tmp_path / "pc1"), WindowsStandIn(tmp_path / "pc2")]
    pcs[1].write(CONDARC, b"{a: mapping in one line}\r\n")
    linux[1].run("rm -f /etc/environment; mkdir /etc/environment")
    with MacMachine.boot("mac2", tmp_path_factory.mktemp("mac2")) as broken:
        broken.run("mkdir /private/etc/zshenv")
        hosts: dict[str, Any] = {machine.name: machine.inventory() for machine in (*linux, mac, broken)}
        for number, pc in enumerate(pcs, 1):
            own = {"conda_proxy_verify": "none", "conda_proxy_become": False}
            more = {"conda_proxy_ca_bundle_src": "", "conda_proxy_prefix": ""}
            hosts[f"pc{number}"] = pc.host_vars(like_ssh=True) | own | more
        hosts["mac2"]["conda_proxy_prefix"] = ""  # it has no conda
        for machine in linux:
            hosts[machine.name]["conda_proxy_prefix"] = conda_base.HOST_PREFIX
        mac_player._hosts = hosts
        mac_player._env = pcs[0].env()
        played = mac_player.play("site", *ONE_RING)
    assert played.returncode == 2, played.output
    for name in ("linux1", mac.name):
        assert "proof" in played.result(name), played.output
        proof = played.result(name)["proof"]
        assert [row["verdict"] for row in proof] == ["ok"], played.output
    assert {row["base"] for row in played.result(mac.name)["proof"]} == {BASE}
    assert pcs[0].value(MACHINE_ENVIRONMENT, "https_proxy"), played.output
    for name, what in (
        ("linux2", "/etc/environment is not a regular file"),
        ("mac2", "/etc/zshenv is not a regular file"),
        ("pc2", CONDARC),
    ):
        message = played.result(name).get("msg", "")
        assert what in message, (name, message)
    again = mac_player.play("site", "--limit", "linux1,mac1,pc1")
    assert again.returncode == 0, again.output
    assert [again.result(name)["changed"] for name in ("linux1", "mac1", "pc1")] == [False] * 3
