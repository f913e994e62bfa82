# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes as earlier releases left them: what this release makes of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.play import LOCAL, Player
from tests.bed.released import RELEASES, Released, in_home, is_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = dict[str, tuple[str, str, bytes]]

pytestmark = pytest.mark.parametrize("release", RELEASES)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lay_out(ansible_run: Callable[..., Any], tmp_path: Path, home: Path) -> Callable[..., tuple[Player, Files]]:
    """Lays a fixture out as `home`; gives a player with its settings, and the home as it was before us."""

    def lay(release: str, name: str) -> tuple[Player, Files]:
        fixture = Released(release, name)
        fixture.in_folder(fixture.before, tmp_path / "before")
        fixture.in_folder(fixture.after, home)
        variables = fixture.settings(tmp_path) | {"conda_proxy_home": str(home)}
        return Player(ansible_run, tmp_path, {"here": LOCAL}, variables), in_home(tmp_path / "before")

    return lay


def files(home: Path) -> Files:
    """What is in a home; a release may write another form of the state, but no other file and mode."""
    return {
        path: (kind, mode, b"" if is_state(path) else with_lf_block(data))
        for path, (kind, mode, data) in in_home(home).items()
    }


def with_lf_block(data: Any) -> Any:
    """1.0.0 wrote CRLF into a file that has it, which no shell takes for a line end; today's block has LF."""
    if not isinstance(data, bytes):
        return data
    return re.sub(
        rb"# BEGIN condafleet.*?# END condafleet.proxy\r?\n",
        lambda m: m[0].replace(b"\r\n", b"\n"),
        data,
        flags=re.DOTALL,
    )


def test_what_is_there_is_known(release: str, lay_out: Callable[..., tuple[Player, Files]], home: Path) -> None:
    player, before = lay_out(release, "user")
    found, laid_out = in_home(home), files(home)
    checked = player.play("site", "--check")
    crlf = {str(home / ".profile"): ("update", ("edited",))} if b"\r\n" in (home / ".profile").read_bytes() else {}
    assert checked.changes("here") == crlf, checked.output
    assert in_home(home) == found
    assert player.play("site").changes("here") == crlf
    assert files(home) == laid_out
    assert player.play("site").result("here")["changed"] is False

    password = "rotated " + player.variables["conda_proxy_password"]
    rotated = player.play("site", conda_proxy_password=password)
    assert rotated.changes("here") == {
        str(home / name): ("update", ("rotated",)) for name in (".condarc", ".profile", ".bashrc")
    }, rotated.output
    assert files(home).keys() == laid_out.keys()
    for name in (".condarc", ".profile", ".bashrc"):
        assert b"ada:rotated%20" in (home / name).read_bytes(), name
    assert player.play("remove").returncode == 0
    assert in_home(home) == before


@pytest.mark.parametrize("name", ["user", "user_interrupted"])
def test_it_is_taken_back(release: str, name: str, lay_out: Callable[..., tuple[Player, Files]], home: Path) -> None:
    player, before = lay_out(release, name)
    removed = player.play("remove")
    assert removed.returncode == 0, removed.output
    assert in_home(home) == before


def test_a_run_that_was_cut_off(
    release: str, lay_out: Callable[..., tuple[Player, Files]], home: Path, tmp_path: Path
) -> None:
    player, before = lay_out(release, "user_interrupted")
    found = in_home(home)
    checked = player.play("site", "--check")
    assert checked.changes("here").keys() == {
        str(home / name) for name in (".condarc", ".profile", ".bashrc", ".netrc")
    }, checked.output
    assert any("an earlier run was interrupted" in note for note in checked.result("here")["warnings"])
    assert in_home(home) == found
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert applied.changes("here") == checked.changes("here")

    whole = Released(release, "user")
    whole.in_folder(whole.after, tmp_path / "whole")
    assert files(home) == files(tmp_path / "whole")
    assert player.play("site").result("here")["changed"] is False
    assert player.play("remove").returncode == 0
    assert in_home(home) == before
