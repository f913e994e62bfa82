# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, on the stand-in, as earlier releases left it: what this release makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.play import Player
from tests.bed.released import RELEASES, Released
from tests.bed.windows import MACHINE_ENVIRONMENT, USER_ENVIRONMENT, WindowsStandIn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Json = dict[str, Any]

pytestmark = pytest.mark.parametrize("release", RELEASES)

MARKER = "condafleet_revision"
ROTATED = {".condarc", "http_proxy", "https_proxy"}


@pytest.fixture
def machine(tmp_path: Path) -> WindowsStandIn:
    return WindowsStandIn(tmp_path / "windows")


@pytest.fixture
def lay_out(
    ansible_run: Callable[..., Any], tmp_path: Path, machine: WindowsStandIn
) -> Callable[..., tuple[Player, Json]]:
    """Lays a fixture out; gives a player with its settings, and the machine as it was before us."""

    def lay(release: str, name: str) -> tuple[Player, Json]:
        fixture = Released(release, f"windows/{name}")
        fixture.on_windows(fixture.before, machine)
        before = machine.snapshot()
        fixture.on_windows(fixture.after, machine)
        variables = fixture.settings(tmp_path)
        return Player(ansible_run, tmp_path, {"pc": machine.host_vars()}, variables, machine.env()), before

    return lay


def seen(machine: WindowsStandIn) -> Json:
    """The machine; a release may write another form of the state, and each change has another number in the marker."""
    found = machine.snapshot()
    for path, node in found["files"].items():
        if "\\condafleet\\" in path:
            del node["data"]
    for key in found["registry"].values():
        if MARKER in key["values"]:
            del key["values"][MARKER]["data"]
    return found


@pytest.mark.parametrize("name", ["system", "user"])
def test_what_is_there_is_known(
    release: str, name: str, lay_out: Callable[..., tuple[Player, Json]], machine: WindowsStandIn
) -> None:
    player, before = lay_out(release, name)
    key = {"system": MACHINE_ENVIRONMENT, "user": USER_ENVIRONMENT}[name]
    found, laid_out = machine.snapshot(), seen(machine)
    assert machine.value(key, MARKER)
    checked = player.play("site", "--check")
    assert checked.changes("pc") == {}, checked.output
    assert machine.snapshot() == found
    assert player.play("site").result("pc")["changed"] is False
    assert seen(machine) == laid_out
    assert machine.broadcasts == []

    password = "rotated " + player.variables["conda_proxy_password"]
    rotated = player.play("site", conda_proxy_password=password)
    changes = {path.rpartition("\\")[2]: row for path, row in rotated.changes("pc").items()}
    assert changes == dict.fromkeys(ROTATED, ("update", ("rotated",))), rotated.output
    assert (machine.value(key, "https_proxy") or ("", "", ""))[2].startswith("http://ada:rotated%20")
    assert len(machine.broadcasts) == 1
    assert player.play("remove").returncode == 0
    assert machine.snapshot() == before


@pytest.mark.parametrize("name", ["system", "system_interrupted", "user"])
def test_it_is_taken_back(
    release: str, name: str, lay_out: Callable[..., tuple[Player, Json]], machine: WindowsStandIn
) -> None:
    player, before = lay_out(release, name)
    removed = player.play("remove")
    assert removed.returncode == 0, removed.output
    assert machine.snapshot() == before


def test_a_run_that_was_cut_off(
    release: str, lay_out: Callable[..., tuple[Player, Json]], machine: WindowsStandIn, tmp_path: Path
) -> None:
    player, before = lay_out(release, "system_interrupted")
    found = machine.snapshot()
    checked = player.play("site", "--check")
    changes = {path.rpartition("\\")[2] for path in checked.changes("pc")}
    assert changes == ROTATED | {"no_proxy"}, checked.output
    assert any("an earlier run was interrupted" in note for note in checked.result("pc")["warnings"])
    assert machine.snapshot() == found
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert applied.changes("pc") == checked.changes("pc")

    other, whole = WindowsStandIn(tmp_path / "whole"), Released(release, "windows/system")
    whole.on_windows(whole.after, other)
    assert seen(machine) == seen(other)
    assert player.play("site").result("pc")["changed"] is False
    assert player.play("remove").returncode == 0
    assert machine.snapshot() == before
