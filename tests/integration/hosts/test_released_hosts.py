# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in system scope as earlier releases left it: what this release makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import hosts
from tests.bed.play import Player
from tests.bed.released import RELEASES, Released
from tests.bed.tree import fingerprint
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.hosts import Host

    Lay = Callable[[Released], Player]

# 1.0.0 had names for these that other files were read after; old name -> today's
RENAMED = {
    "/etc/profile.d/condafleet-proxy.sh": "/etc/profile.d/zz-condafleet-proxy.sh",
    "/etc/fish/conf.d/condafleet-proxy.fish": "/etc/fish/conf.d/zz-condafleet-proxy.fish",
    "/etc/environment.d/60-condafleet-proxy.conf": "/etc/environment.d/zz-condafleet-proxy.conf",
    "/etc/systemd/system.conf.d/60-condafleet-proxy.conf": "/etc/systemd/system.conf.d/zz-condafleet-proxy.conf",
}
MOVED = {
    **dict.fromkeys(RENAMED.values(), ("create", ("missing",))),
    **dict.fromkeys(RENAMED, ("remove", ("unwanted",))),
}

pytestmark = [pytest.mark.hosts, pytest.mark.parametrize("release", RELEASES)]


@pytest.fixture
def host() -> Iterator[Host]:
    """One that nobody else uses: its roots are replaced, and a failure must not reach the next test."""
    if reason := hosts.missing():
        unavailable(reason)
    with hosts.Host.start("host1") as running:
        yield running


@pytest.fixture
def player(ansible_run: Callable[..., Any], tmp_path: Path, host: Host) -> Player:
    return Player(ansible_run, tmp_path, {"host1": host.inventory()}, {})


def files(host: Host) -> dict[str, str]:
    """What is on the host; a release may write another form of the state, but no other file and mode."""
    return {
        path: " ".join(seen.split()[:3]) if "/condafleet/" in path else seen for path, seen in fingerprint(host).items()
    }


def renamed(found: dict[str, str]) -> dict[str, str]:
    return {
        RENAMED.get(path, path): seen.replace(path, RENAMED[path]) if path in RENAMED else seen
        for path, seen in found.items()
    }


def manager(host: Host) -> str:
    """What systemd gives to services."""
    return host.run(["systemctl", "show-environment"]).stdout


def test_what_is_there_is_known(release: str, host: Host, player: Player, tmp_path: Path) -> None:
    fixture = Released(release, "system")
    player.variables = fixture.settings(tmp_path)
    fixture.on_host(fixture.before, host)
    before, environment = fingerprint(host), manager(host)
    fixture.on_host(fixture.after, host)
    found, laid_out = fingerprint(host), files(host)
    checked = player.play("site", "--check")
    assert checked.changes("host1") == MOVED, checked.output
    assert fingerprint(host) == found
    assert player.play("site").changes("host1") == MOVED
    assert files(host) == renamed(laid_out)
    assert player.play("site").result("host1")["changed"] is False

    password = "rotated " + player.variables["conda_proxy_password"]
    rotated = player.play("site", conda_proxy_password=password)
    written = {path: row for path, row in rotated.changes("host1").items() if row == ("update", ("rotated",))}
    assert written == rotated.changes("host1"), rotated.output
    # all that holds the password: neither the CA bundle nor a netrc, and of sudo only which variables it keeps
    assert {path.rpartition("/")[2] for path in written} == {
        ".condarc", "zz-condafleet-proxy.sh", "zshenv", "zz-condafleet-proxy.fish", "csh.cshrc", "environment",
        "zz-condafleet-proxy.conf",
    }  # fmt: skip
    assert "http_proxy=http://ada:rotated%20" in manager(host)
    assert files(host).keys() == renamed(laid_out).keys()
    removed = player.play("remove")
    assert removed.returncode == 0, removed.output
    assert fingerprint(host) == before
    assert manager(host) == environment


@pytest.mark.parametrize("name", ["system", "system_interrupted"])
def test_it_is_taken_back(release: str, name: str, host: Host, player: Player, tmp_path: Path) -> None:
    fixture = Released(release, name)
    player.variables = fixture.settings(tmp_path)
    fixture.on_host(fixture.before, host)
    before, environment = fingerprint(host), manager(host)
    fixture.on_host(fixture.after, host)
    assert manager(host) != environment
    removed = player.play("remove")
    assert removed.returncode == 0, removed.output
    assert fingerprint(host) == before
    assert manager(host) == environment


def test_a_rotation_that_was_cut_off(release: str, host: Host, player: Player, tmp_path: Path) -> None:
    """It is undone and done again; the old settings then give what was there before it."""
    whole, fixture = Released(release, "system"), Released(release, "system_interrupted")
    player.variables = fixture.settings(tmp_path)
    whole.on_host(whole.before, host)
    before = fingerprint(host)
    whole.on_host(whole.after, host)
    laid_out = files(host)
    fixture.on_host(fixture.after, host)
    found = fingerprint(host)
    checked = player.play("site", "--check")
    rotated = {path: change for path, change in checked.changes("host1").items() if path not in MOVED}
    assert {reasons for _action, reasons in rotated.values()} == {("rotated",)}, checked.output
    assert dict(checked.changes("host1"), **MOVED) == checked.changes("host1")
    assert any("an earlier run was interrupted" in note for note in checked.result("host1")["warnings"])
    assert fingerprint(host) == found
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert applied.changes("host1") == checked.changes("host1")
    assert files(host).keys() == renamed(laid_out).keys()
    assert "http_proxy=http://ada:rotated%20" in manager(host)
    assert player.play("site", "--check").result("host1")["changed"] is False

    player.variables = whole.settings(tmp_path)
    assert player.play("site").returncode == 0
    assert files(host) == renamed(laid_out)
    assert player.play("remove").returncode == 0
    assert fingerprint(host) == before


def test_a_rotation_that_was_cut_off_is_not_wanted_any_more(
    release: str, host: Host, player: Player, tmp_path: Path
) -> None:
    whole, fixture = Released(release, "system"), Released(release, "system_interrupted")
    player.variables = whole.settings(tmp_path)
    whole.on_host(whole.before, host)
    whole.on_host(whole.after, host)
    laid_out, environment = files(host), manager(host)
    fixture.on_host(fixture.after, host)
    undone = player.play("site")
    assert undone.returncode == 0, undone.output
    assert undone.changes("host1") == MOVED
    assert files(host) == renamed(laid_out)
    assert manager(host) == environment
