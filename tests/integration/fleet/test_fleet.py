# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of light machines over ssh: each host named rightly, rings that stop (conda_proxy_rollout), a second run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.bed import cores
from tests.bed.company import PROXY_PASSWORD
from tests.bed.fleet import play, states
from tests.bed.tree import fingerprint
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.fleet import Machines
    from tests.bed.play import Player

pytestmark = [pytest.mark.conda, pytest.mark.macos]
COUNT = 24


def test_24_hosts_of_which_six_are_not_in_order(
    start: Callable[..., Machines],
    player_of: Callable[..., Player],
    interpreter: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    python = interpreter("3.13")
    prefix = python.resolve().parents[1]
    machines = start(COUNT, bare="h05", mounts={"h06": {str(prefix): prefix}})
    machines["h02"].run(
        "mkdir -p /etc/conda && mount -t tmpfs -o size=4k none /etc/conda && head -c 4096 /dev/zero >/etc/conda/fill"
    )
    machines["h03"].run("mount --bind /etc/profile.d /etc/profile.d && mount -o remount,bind,ro /etc/profile.d")
    machines["h04"].stop()
    own = {
        "h06": {"ansible_python_interpreter": str(prefix / "bin/python3.13")},
        "h07": {"conda_proxy_password": "wrong"},
        "h08": {"conda_proxy_hold": "ticket 1 until 2999-01-01"},
    }
    player = player_of(machines, **own)
    reports = tmp_path / "reports"
    everything = {"conda_proxy_rings": ["100%"], "conda_proxy_canaries": ["h01"]}
    played = play(player, "site", reports, **everything)
    assert played.returncode == 4, played.output
    expected = dict.fromkeys(machines, "changed") | {
        "h02": "rolled_back",
        "h03": "failed",
        "h04": "unreachable",
        "h07": "failed",
        "h08": "held",
    }
    assert states(reports) == expected, played.output
    summary = played.output[played.output.index("CONDA FLEET") :]
    assert "24 hosts: 1 not reached, 1 rolled back, 2 failed, 1 held, 19 changed" in summary
    for name, what in (
        ("h02", "No space left on device"),
        ("h03", "/etc/profile.d is on a read-only file system"),
        ("h04", "ssh"),
        ("h07", "proxy_auth_re"),
        ("h08", "ticket 1"),
    ):
        (line,) = (line for line in summary.splitlines() if f" {name} " in line)
        assert what in line, line
    assert "without conda        h05" in summary
    assert (reports / "remaining.txt").read_text().split() == ["h02", "h03", "h04", "h07"]
    suite = ET.fromstring((reports / "junit.xml").read_text())  # noqa: S314
    assert {case.get("name") for case in suite if len(case)} == {"h02", "h03", "h04", "h07", "h08"}
    assert 'condafleet_hosts{state="unreachable"} 1' in (reports / "condafleet.prom").read_text()
    assert PROXY_PASSWORD not in "".join(path.read_text() for path in reports.iterdir()) + played.output

    # drift: found, and put right
    machines["h09"].run("sed -i /https_proxy/d /etc/environment")
    good = "h01:h09:h10:h05"
    # also on the first host alone, which would be the canary: the others are still looked at
    machines["h01"].run("sed -i /https_proxy/d /etc/environment")
    both = play(player, "drift", reports, "--limit", good)
    assert states(reports) == {"h01": "drift", "h05": "in_order", "h09": "drift", "h10": "in_order"}, both.output
    assert play(player, "site", reports, "--limit", "h01").returncode == 0
    found = play(player, "drift", reports, "--limit", good)
    assert found.returncode == 2, found.output
    assert states(reports) == {"h01": "in_order", "h05": "in_order", "h09": "drift", "h10": "in_order"}
    assert "h09  /etc/environment (edited)" in found.output
    corrected = play(player, "drift", reports, "--limit", good, conda_proxy_drift="correct")
    assert corrected.returncode == 0, corrected.output
    assert states(reports) == {"h01": "in_order", "h05": "in_order", "h09": "changed", "h10": "in_order"}
    assert play(player, "drift", reports, "--limit", good).returncode == 0

    # a second run takes the rest
    machines["h02"].run("umount /etc/conda")
    machines["h03"].run("umount /etc/profile.d")
    player._hosts["h07"] = machines["h07"].inventory()  # type: ignore[index]
    play(player, "site", reports, **everything, conda_proxy_hosts="h02:h03:h04:h07")
    again = play(player, "site", reports, "--limit", f"@{reports}/remaining.txt", **everything)
    assert states(reports) == {"h04": "unreachable"}, again.output


def test_what_stops_a_ring(start: Callable[..., Machines], player_of: Callable[..., Player], tmp_path: Path) -> None:
    machines = start(5)
    reports = tmp_path / "reports"
    before = {name: fingerprint(machine) for name, machine in machines.items()}
    wrong = {"conda_proxy_password": "wrong"}

    # by a canary that fails: one question with the wrong password, and no more
    stopped = play(player_of(machines, h01=wrong), "site", reports, conda_proxy_canaries=["h01"])
    assert stopped.returncode == 2, stopped.output
    assert "the proxy rejects the credentials (h01)" in stopped.output
    assert states(reports) == {"h01": "failed", **dict.fromkeys(("h02", "h03", "h04", "h05"), "not_begun")}
    # also when failures are allowed: 300 hosts must not lock the account
    allowed = play(
        player_of(machines, h01=wrong),
        "site",
        reports,
        conda_proxy_canaries=["h01", "h02"],
        conda_proxy_max_fail_percentage=100,
    )
    assert "the proxy rejects the credentials (h01)" in allowed.output
    assert {name: fingerprint(machines[name]) for name in ("h03", "h04", "h05")} == {
        name: before[name] for name in ("h03", "h04", "h05")
    }

    # by one that preflight refused: nothing is touched at all, and drift does the others
    bad = {"conda_proxy_https": "ftp://x"}
    refused = play(player_of(machines, h04=bad), "site", reports)
    assert refused.returncode == 2
    assert states(reports)["h04"] == "refused"
    assert set(states(reports).values()) == {"refused", "not_begun"}
    others = play(player_of(machines, h04=bad), "drift", reports, conda_proxy_drift="correct")
    assert others.returncode == 2, others.output
    assert states(reports) == {"h02": "in_order", "h04": "refused", **dict.fromkeys(("h01", "h03", "h05"), "changed")}

    # by a canary that is down: it proves nothing; beside one that is proven it stops nothing
    machines["h05"].stop()
    player = player_of(machines)
    down = play(player, "site", reports, conda_proxy_canaries=["h05"])
    assert down.returncode != 0
    assert "no host of the rings before was proven (h05)" in down.output
    beside = play(player, "site", reports, conda_proxy_canaries=["h05", "h01"])
    assert beside.returncode == 4, beside.output
    assert states(reports) == {
        "h04": "changed",
        "h05": "unreachable",
        **dict.fromkeys(("h01", "h02", "h03"), "in_order"),
    }


def test_what_is_refused_before_anything(
    start: Callable[..., Machines], player_of: Callable[..., Player], tmp_path: Path
) -> None:
    player = player_of(start(1), h01={"conda_proxy_rings": [5]})
    reports = tmp_path / "reports"
    assert "conda_proxy_rings is set in the inventory (host h01)" in play(player, "site", reports).output
    player = player_of(start(1))
    for rings in ([], 0, ["all"]):
        played = play(player, "site", reports, conda_proxy_rings=rings)
        assert played.returncode != 0
        assert "conda_proxy_rings has an entry" in played.output
    player = player_of(start(1), h01={"conda_proxy_drift": "correct"})
    assert "conda_proxy_drift is set in the inventory (host h01)" in play(player, "drift", reports).output
    player = player_of(start(1))
    assert (
        "conda_proxy_drift is neither detect nor correct"
        in play(player, "drift", reports, conda_proxy_drift="x").output
    )
    nobody = play(player, "site", reports, conda_proxy_hosts="nobody")
    assert nobody.returncode == 4
    assert "no host of the inventory matches nobody" in nobody.output
    removed = player._run("condafleet.proxy.remove", inventory=player._folder / "inventory.yml")
    assert removed.returncode == 2
    assert "conda_proxy_remove=yes" in removed.stdout + removed.stderr
    assert "not a reason" not in play(player, "preflight", reports, conda_proxy_hold="x until 2026-12-01").output
    assert "conda_proxy_hold does not give a reason" in play(player, "preflight", reports, conda_proxy_hold="x").output


@pytest.mark.parametrize("core", ["oldest", "newest"])
def test_rings_and_report_on_other_cores(
    start: Callable[..., Machines], player_of: Callable[..., Player], tmp_path: Path, core: str
) -> None:
    if reason := cores.missing(core):
        unavailable(reason)
    program = cores.venv(core) / "bin/ansible-playbook"
    machines = start(4)
    player = player_of(machines, h02={"conda_proxy_hold": "ticket 1 until 2999-01-01"})
    player.program = str(program)
    reports = tmp_path / "reports"
    played = play(player, "site", reports, conda_proxy_rings=[1, "100%"])
    assert played.returncode == 0, played.output
    assert states(reports) == {"h02": "held", **dict.fromkeys(("h01", "h03", "h04"), "changed")}
    assert played.output.count("CONDA FLEET") == 1
    machines["h03"].run("sed -i /https_proxy/d /etc/environment")
    found = play(player, "drift", reports)
    assert found.returncode == 2, found.output
    assert states(reports)["h03"] == "drift"
    assert play(player, "site", reports, conda_proxy_hosts=["nobody", "none"]).returncode == 4
    assert play(player, "site", reports, conda_proxy_hosts=["h04", "h01"]).returncode == 0
    assert states(reports) == {"h01": "in_order", "h04": "in_order"}
    stopped = play(player, "drift", reports, conda_proxy_drift="correct", conda_proxy_password="wrong")
    assert stopped.returncode == 2, stopped.output
    assert states(reports) == {"h01": "rolled_back", **dict.fromkeys(("h02", "h03", "h04"), "not_begun")}
