# SPDX-License-Identifier: GPL-3.0-or-later
"""The Darwin column on a machine that looks like a Mac: the files, the shells that read them, the session at the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bed.company import PROXY_PASSWORD_ENCODED, PROXY_USER

if TYPE_CHECKING:
    from tests.bed.macos.machine import MacMachine
    from tests.bed.play import Player
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.conda, pytest.mark.macos]

STATE = "/Library/Application Support/condafleet"
DATA = "/Library/Application Support/condafleet-environment/environment"
PLIST = "/Library/LaunchAgents/condafleet.proxy.environment.plist"
SYSTEM = {
    "/etc/conda/condafleet-ca.pem",
    "/etc/conda/.condarc",
    "/etc/profile",
    "/etc/zshenv",
    "/opt/homebrew/etc/fish/conf.d/condafleet-proxy.fish",
    "/etc/csh.cshrc",
    DATA,
    PLIST,
}


def test_from_inventory_to_proof_and_back(mac: MacMachine, mac_player: Player, squid: Squid) -> None:
    mac.login("bob")
    before = mac.fingerprint()
    predicted = mac_player.play("site", "--check", "--diff")
    assert predicted.returncode == 0, predicted.output
    assert mac.fingerprint() == before
    assert set(predicted.changes(mac.name)) == SYSTEM

    applied = mac_player.play("site", "--diff", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.changes(mac.name) == predicted.changes(mac.name)
    assert {row["verdict"] for row in applied.result(mac.name)["proof"]} == {"ok"}
    assert applied.executions() == 1
    url = squid.url(PROXY_USER, PROXY_PASSWORD_ENCODED)
    assert mac.from_the_dock("bob")["https_proxy"] == url

    again = mac_player.play("site")
    assert again.returncode == 0, again.output
    assert again.result(mac.name)["changed"] is False

    removed = mac_player.play("remove")
    assert removed.returncode == 0, removed.output
    assert mac.fingerprint() == before
    assert "https_proxy" not in mac.from_the_dock("bob")
