# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to machines between two runs; each was found by trying."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.bed.play import Player
from tests.bed.tree import contents

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".condarc").write_text("# mine\nchannels: [mine]\n")
    (folder / ".profile").write_text("echo hello\n")
    return folder


@pytest.fixture
def player(local_player: Player) -> Player:
    local_player.variables["conda_proxy_channels"] = ["conda-forge"]
    return local_player


def test_one_home_by_two_names(player: Player, home: Path, tmp_path: Path) -> None:
    before = contents(home)
    assert player.play("site").returncode == 0
    (tmp_path / "link").symlink_to(home)
    for name in (f"{home}/", f"{tmp_path}/./home", str(tmp_path / "link")):
        assert player.play("site", conda_proxy_home=name).result("here")["changed"] is False, name
    player.play("remove", conda_proxy_home=str(tmp_path / "link"))
    assert contents(home) == before


def test_a_dotfile_becomes_a_link_to_another(player: Player, home: Path) -> None:
    (home / ".bash_profile").write_text("echo profile\n")
    assert player.play("site").returncode == 0
    (home / ".bash_profile").unlink()
    (home / ".bash_profile").symlink_to(".profile")
    assert player.play("site", conda_proxy_environment_targets=["profile"]).returncode == 0
    assert "BEGIN condafleet" in (home / ".profile").read_text()
    assert player.play("site", conda_proxy_environment_targets=["profile"]).result("here")["changed"] is False


def test_what_cannot_be_taken_back_is_not_forgotten(player: Player, home: Path) -> None:
    original = (home / ".condarc").read_text()
    assert player.play("site").returncode == 0
    ours = (home / ".condarc").read_text()
    (home / ".condarc").write_text("{channels: [x], proxy_servers: {http: 'http://u:SEKRET99@x'}}\n")
    failed = player.play("remove")
    assert failed.returncode == 2
    assert "cannot separate the managed part" in failed.result("here")["msg"]
    assert "SEKRET99" not in failed.output
    (home / ".condarc").write_text(ours)
    assert player.play("remove").returncode == 0
    assert (home / ".condarc").read_text() == original
    assert (home / ".profile").read_text() == "echo hello\n"


def test_the_state_was_lost(player: Player, home: Path) -> None:
    before = contents(home)
    assert player.play("site", conda_proxy_sections=["environment"]).returncode == 0
    shutil.rmtree(home / ".local")
    told = player.play("remove")
    assert any("not recorded in the state" in note for note in told.result("here")["warnings"])
    # taken over again, our own text does not count as what was there before
    assert player.play("site", conda_proxy_sections=["environment"]).returncode == 0
    assert player.play("remove").returncode == 0
    assert contents(home) == before


@pytest.mark.parametrize("name", [".condarc", ".bashrc", ".local/state/condafleet/state.json"])
def test_a_folder_where_a_file_must_be(player: Player, home: Path, name: str) -> None:
    assert player.play("site").returncode == 0
    (home / name).unlink()
    (home / name).mkdir()
    played = player.play("site", conda_proxy_channels=["other"])
    assert played.returncode == 2
    assert played.result("here")["msg"].endswith(f"{home / name} is not a regular file; move it away")


def test_a_damaged_state(player: Player, home: Path) -> None:
    assert player.play("site").returncode == 0
    state = home / ".local/state/condafleet/state.json"
    for text in ("nonsense", "[]", '{"schema_version": "x"}', '{"schema_version": 1, "targets": {"/x": {}}}'):
        state.write_text(text)
        played = player.play("site")
        assert "state.json is damaged; move the file to another directory" in played.result("here")["msg"], text


def test_a_home_that_is_not_there(player: Player, tmp_path: Path) -> None:
    played = player.play("site", conda_proxy_home=str(tmp_path / "typo"))
    assert "does not exist; create it or correct" in played.result("here")["msg"]
    assert not (tmp_path / "typo").exists()


def test_without_a_proxy_no_empty_files(player: Player, home: Path) -> None:
    played = player.play("site", conda_proxy_http=None)
    assert {row["kind"] for row in played.result("here")["resources"]} == {"condarc"}
    assert any("conda_proxy_http is not set" in note for note in played.result("here")["warnings"])
    assert player.play("site").returncode == 0
    unset = player.play("site", conda_proxy_http=None)
    assert {row["action"] for row in unset.result("here")["resources"] if row["kind"] == "environment"} == {
        "remove",
        "update",
    }
    assert (home / ".profile").read_text() == "echo hello\n"


def test_a_start_up_file_that_prints_without_end(player: Player, home: Path) -> None:
    """It is given up; what it left running ends with it."""
    (home / ".profile").write_text("sleep 1000 &\nyes condafleet\n")
    (home / ".bash_profile").write_text("sleep 1000 &\nyes condafleet\n")
    played = player.play("site", conda_proxy_verify="report", conda_proxy_verify_deadline=3)
    assert played.returncode == 0, played.output


def test_files_beside_the_inventory_are_found(player: Player, tmp_path: Path, home: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/ca.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name in ("files/ca.pem", "ca.pem"):
        assert player.play("site", conda_proxy_ca_bundle_src=name).returncode == 0
    assert (home / ".conda/condafleet-ca.pem").exists()
    # Ansible reads each file of a directory of inventories, so the files are beside the directory
    (tmp_path / "inventories").mkdir()
    beside = Player(player._run, tmp_path / "inventories", player._hosts, player.variables)
    for name in ("files/ca.pem", "ca.pem"):
        assert beside.play("preflight", conda_proxy_ca_bundle_src=name).returncode == 0
    text = "{{ lookup('ansible.builtin.file', inventory_dir ~ '/files/ca.pem') }}"
    same = player.play("site", conda_proxy_ca_bundle_content=text)
    assert same.returncode == 0, same.output
    assert same.changes("here") == {}, "the same certificates as text change nothing"
    missing = player.play("preflight", conda_proxy_ca_bundle_src="nothing.pem")
    assert "conda_proxy_ca_bundle_src names a file that is not on the control node" in missing.output
