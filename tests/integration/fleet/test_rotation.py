# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/rotation.md, played: a new password on a canary, then everywhere, then the old one off. By a real squid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.company import PROXY_USER
from tests.bed.fleet import play, states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.fleet import Machines
    from tests.bed.play import Player
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.conda, pytest.mark.macos]
OLD, NEW = "old-Zq8password", "new-Zq8password"
CANARIES = {"conda_proxy_canaries": ["h01"], "conda_proxy_rings": ["100%"]}


@pytest.fixture
def squid(start_squid: Callable[..., Squid]) -> Squid:
    return start_squid(username=PROXY_USER, any_of=(OLD,))


def rotated(folder: Path) -> dict[str, list[str]]:
    """Host -> files that still have another password than the one requested."""
    hosts = json.loads((folder / "report.json").read_text())["hosts"]
    found = {
        row["host"]: [change["path"] for change in row["changes"] if change["reasons"] == "rotated"] for row in hosts
    }
    return {host: paths for host, paths in found.items() if paths}


def rejected(squid: Squid) -> int:
    """How often the proxy was asked with a password that it does not take."""
    return sum("TCP_DENIED/407" in line and f" {PROXY_USER} " in line for line in squid.access_log)


def test_a_password_is_rotated_by_a_canary_first(
    start: Callable[..., Machines], player_of: Callable[..., Player], squid: Squid, tmp_path: Path
) -> None:
    machines = start(3)
    player = player_of(machines)
    player.variables["conda_proxy_password"] = OLD
    reports = tmp_path / "reports"
    shown = []

    def run(playbook: str, *arguments: str, **extra: Any) -> int:
        played = play(player, playbook, reports, *arguments, **CANARIES, **extra)
        shown.append(played.output + "".join(path.read_text() for path in reports.iterdir()))
        return played.returncode

    assert run("site") == 0, shown[-1]
    assert set(states(reports).values()) == {"changed"}

    # the proxy takes both, and the vault has the new one: the canary gets it
    squid.accept(OLD, NEW)
    player.variables["conda_proxy_password"] = NEW
    assert run("site", "--limit", "h01") == 0, shown[-1]
    assert states(reports) == {"h01": "changed"}

    # who still has the old one: drift, and every file says why
    assert run("drift") == 2, shown[-1]
    assert states(reports) == {"h01": "in_order", "h02": "drift", "h03": "drift"}
    left = rotated(reports)
    assert list(left) == ["h02", "h03"]
    assert {"/etc/conda/.condarc", "/etc/environment"} <= set(left["h02"])

    # everywhere, then the old one is off
    assert run("site") == 0, shown[-1]
    assert states(reports) == {"h01": "in_order", "h02": "changed", "h03": "changed"}
    squid.accept(NEW)
    assert run("drift") == 0, shown[-1]
    assert rejected(squid) == 0, "nobody asked with a wrong password"

    # a password that the proxy rejects, for two channels, ends with the canary, which goes back to the one that works
    player.variables["conda_proxy_password"] = OLD
    (channel,) = player.variables["conda_proxy_channels"]
    player.variables["conda_proxy_channels"] = [channel, channel.replace("/main", "/extra")]
    assert run("site") == 2, shown[-1]
    assert states(reports) == {"h01": "rolled_back", "h02": "not_begun", "h03": "not_begun"}
    assert "proxy rejects the credentials" in shown[-1]
    assert rejected(squid) == 1, "one canary with one base, however many channels"
    player.variables["conda_proxy_password"] = NEW
    player.variables["conda_proxy_channels"] = [channel]
    assert run("drift") == 0, shown[-1]
    assert not [text for text in shown if OLD in text or NEW in text], "a password is shown"


def test_a_password_that_changed_at_once(
    start: Callable[..., Machines], player_of: Callable[..., Player], squid: Squid, tmp_path: Path
) -> None:
    """Without an overlap. `require` does not ask before the change, so nobody asks with the old password."""
    player = player_of(start(3))
    player.variables["conda_proxy_password"] = OLD
    reports = tmp_path / "reports"
    assert play(player, "site", reports, **CANARIES).returncode == 0
    squid.accept(NEW)
    player.variables["conda_proxy_password"] = NEW
    played = play(player, "site", reports, **CANARIES, conda_proxy_verify="require", conda_proxy_hosts=["h01", "h02"])
    assert played.returncode == 0, played.output
    assert states(reports) == {"h01": "changed", "h02": "changed"}
    assert rejected(squid) == 0
    # drift that only detects looks at every machine as it is, and each asks once
    played = play(player, "drift", reports)
    assert played.returncode == 2, played.output
    assert states(reports) == {"h01": "in_order", "h02": "in_order", "h03": "drift"}
    assert rejected(squid) == 1
