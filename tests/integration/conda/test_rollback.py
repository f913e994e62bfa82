# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was healthy stays healthy: real conda, a real proxy, settings that would cut it off."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.company import CHANNEL_HOST
from tests.bed.play import Player
from tests.bed.processes import family
from tests.bed.proxy import Proxy
from tests.bed.tree import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels

pytestmark = pytest.mark.conda


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".condarc").write_text("# mine\nalways_yes: true\n")
    (folder / ".condarc").chmod(0o640)
    (folder / ".profile").write_text("echo hello")
    return folder


@pytest.fixture
def player(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    home: Path,
    conda: Callable[..., Path],
    channels: Channels,
    proxy: Proxy,
    authority: Authority,
) -> Player:
    variables = {
        "conda_proxy_scope": "user",
        "conda_proxy_home": str(home),
        "conda_proxy_http": proxy.url(),
        "conda_proxy_ca_bundle_src": str(authority.pem),
        "conda_proxy_channels": [channels.https.url("main", CHANNEL_HOST)],
        "conda_proxy_prefix": str(conda()),
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    return Player(ansible_run, tmp_path, {"here": local}, variables)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "dead proxy": ({"conda_proxy_http": "http://127.0.0.1:9"}, "refused_proxy"),
    "proxy host that does not resolve": ({"conda_proxy_http": "http://proxy.invalid:8080"}, "dns_proxy"),
    "wrong channel": ({"conda_proxy_channels": [f"https://{CHANNEL_HOST}:1/x"]}, "proxy_upstream"),
    "no CA": ({"conda_proxy_ca_bundle_src": None, "conda_proxy_ssl_verify": "true"}, "tls_unknown_ca"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cuts_a_healthy_machine_off_is_put_back(player: Player, home: Path, name: str) -> None:
    assert player.play("site").returncode == 0
    healthy = snapshot(home)
    settings, verdict = BAD[name]
    for verify in ("rollback", "require"):
        played = player.play("site", "--diff", conda_proxy_verify=verify, **settings)
        assert played.returncode == 2
        result = played.result("here")
        assert result["rolled_back"] is True
        assert result["changed"] is False
        assert f"({verdict})" in result["msg"]
        assert result["msg"].endswith("all changes were rolled back")
        assert [row["verdict"] for row in result["proof"]] == [verdict]
        assert snapshot(home) == healthy
    kept = player.play("site", conda_proxy_verify="report", **settings)
    assert kept.returncode == 0
    assert kept.result("here")["changed"] is True
    assert player.play("site").returncode == 0
    assert snapshot(home).keys() == healthy.keys()


def test_the_first_run_on_a_machine_that_needed_no_proxy(
    player: Player, home: Path, channels: Channels, authority: Authority
) -> None:
    """It reached its channel directly; the settings would send it through a dead proxy."""
    (home / ".condarc").write_text(f"channels: [{channels.https.url('main')}]\nssl_verify: {authority.pem}\n")
    before = snapshot(home)
    played = player.play("site", conda_proxy_http="http://127.0.0.1:9", conda_proxy_no_proxy=[])
    assert played.returncode == 2
    assert played.result("here")["rolled_back"] is True
    assert snapshot(home) == before


def test_a_channel_that_never_worked_is_no_licence(player: Player, home: Path, channels: Channels) -> None:
    """One of two channels is missing all the time: the other one may not be lost."""
    player.variables["conda_proxy_channels"] += [channels.https.url("nothing-here", CHANNEL_HOST)]
    first = player.play("site")
    assert first.returncode == 2
    assert first.result("here")["rolled_back"] is False
    assert "; the changes stay, as conda did not reach it before them either" in first.result("here")["msg"]
    assert first.result("here")["resources"], "the recap counts a failed task as unchanged"
    healthy = snapshot(home)
    played = player.play("site", conda_proxy_http="http://127.0.0.1:9")
    result = played.result("here")
    assert played.returncode == 2
    assert result["rolled_back"] is True
    lost = player.variables["conda_proxy_channels"][0]
    assert f"conda does not reach {lost} (refused_proxy)" in result["msg"]
    assert snapshot(home) == healthy


def test_without_conda_the_proxy_is_what_must_not_be_lost(player: Player, home: Path, channels: Channels) -> None:
    """Python alone asks the channels that conda would ask, in the way in which conda would."""
    player.variables.update(
        conda_proxy_prefix=None,
        conda_proxy_channels=["main"],
        conda_proxy_channel_alias=channels.https.url("", CHANNEL_HOST),
    )
    # a file of the machine's own, from which Python alone reads nothing: before the first run nothing is reached
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    (row,) = applied.result("here")["proof"]
    assert (row["verdict"], row["proxy_verdict"]) == ("no_conda", "ok"), row
    assert row["url"] == channels.https.url("main", CHANNEL_HOST)
    healthy = snapshot(home)
    for settings in ({"conda_proxy_http": "http://127.0.0.1:9"}, {"conda_proxy_no_proxy": [CHANNEL_HOST]}):
        played = player.play("site", **settings)
        result = played.result("here")
        assert played.returncode == 2, played.output
        assert result["rolled_back"] is True
        verdict = "refused_proxy" if "conda_proxy_http" in settings else "dns_channel"
        assert f"({verdict})" in result["msg"]
        assert "install it" not in result["msg"]
        assert snapshot(home) == healthy


def test_the_proof_alone_writes_nothing_and_is_never_empty(player: Player, home: Path, silent: Proxy) -> None:
    assert player.play("site").returncode == 0
    assert len(player.play("verify", conda_proxy_verify="none").result("here")["proof"]) == 1
    killed_in_the_after_proof(player, silent, lambda: None)
    torn = snapshot(home)
    played = player.play("verify", conda_proxy_verify_deadline=5)
    assert played.returncode == 2, "it goes through the silent proxy"
    assert played.result("here")["changed"] is False
    assert any("in progress or was interrupted" in note for note in played.result("here")["warnings"])
    assert snapshot(home) == torn
    mended = player.play("site")
    assert mended.returncode == 0, mended.output
    assert mended.result("here")["changed"] is True
    assert player.play("site").result("here")["changed"] is False


def test_verify_does_what_conda_connectivity_does(player: Player, channels: Channels) -> None:
    """By the same options, as variables: a package of each channel, `conda info`, its own times."""
    assert player.play("site").returncode == 0
    more = {"conda_proxy_verify_packages": True, "conda_proxy_verify_info": True}
    result = player.play("verify", **more, conda_proxy_verify_read_timeout=20.5).result("here")
    (row,) = result["proof"]
    assert row["package"].startswith(channels.https.url("main", CHANNEL_HOST) + "/noarch/"), row
    (info,) = result["conda_info"]
    assert (info["user"], info["base"]) == (row["user"], row["base"])
    assert "conda version : 24.7.1" in info["text"]
    plain = player.play("verify").result("here")
    assert "conda_info" not in plain
    assert plain["proof"][0]["package"] is None
    misspelled = player.play("verify", conda_proxy_verify_package=True)
    assert misspelled.returncode == 2
    assert "conda_proxy_verify_packages" in misspelled.result("here")["msg"]


def test_a_password_that_the_machine_keeps_in_a_variable(player: Player, home: Path, proxy: Proxy) -> None:
    """Whatever its name is: conda expands it, so the proof sees it too."""
    proxy.behaviour.username, proxy.behaviour.password = b"ada", b"Zq7 of ada"
    with (home / ".profile").open("a") as stream:
        stream.write("\nexport CORPORATE_PW='Zq7%20of%20ada'\n")
    settings = {
        "conda_proxy_username": "ada",
        "conda_proxy_password": "${CORPORATE_PW}",
        "conda_proxy_sections": ["condarc"],
    }
    applied = player.play("site", "-vvv", "--diff", **settings)
    assert applied.returncode == 0, applied.output
    assert [row["verdict"] for row in applied.result("here")["proof"]] == ["ok"]
    assert "Zq7" not in applied.output
    (home / ".profile").write_text("")
    missing = player.play("site", **settings)
    assert missing.returncode == 2
    assert "(config_invalid)" in missing.result("here")["msg"]


def test_a_machine_that_was_not_healthy_keeps_the_change_and_fails(player: Player, home: Path) -> None:
    played = player.play("site", conda_proxy_http="http://127.0.0.1:9")
    assert played.returncode == 2
    result = played.result("here")
    assert result["rolled_back"] is False
    assert result["changed"] is True
    assert "127.0.0.1:9" in (home / ".condarc").read_text()
    # and the next run, with the right settings, mends it
    assert player.play("site").returncode == 0


def probe_below_us() -> tuple[int, int]:
    """The probe that one of our descendants started, and the module that did it."""
    processes = family()
    for number, (parent, arguments) in processes.items():
        if arguments[1:] == ["-B", "-"]:
            ancestor = parent
            while ancestor in processes and ancestor != os.getpid():
                ancestor = processes[ancestor][0]
            if ancestor == os.getpid():
                return number, parent
    raise AssertionError("no probe is under way")


@pytest.fixture
def silent() -> Iterator[Proxy]:
    """A proxy that takes every request and never answers."""
    with Proxy() as running:
        running.behaviour.mode = "silent"
        yield running


def killed_in_the_after_proof(player: Player, silent: Proxy, meanwhile: Callable[[], object]) -> None:
    """A run with the silent proxy whose module is killed while conda waits there; `meanwhile` happens before."""
    seen = silent.requests
    settings = {"conda_proxy_http": silent.url(), "conda_proxy_verify_deadline": 100}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(player.play, "site", **settings)
        while silent.requests == seen:
            assert not running.done(), running.result().output
            time.sleep(0.05)
        probe, module = probe_below_us()
        meanwhile()
        os.kill(module, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(probe, signal.SIGKILL)
        assert running.result().returncode != 0


@pytest.mark.parametrize("served_before", [True, False], ids=["served before", "first run"])
def test_a_kill_during_the_after_proof(player: Player, home: Path, silent: Proxy, served_before: bool) -> None:
    """Nothing is torn; the next run undoes and plans anew, and what the user wrote in between stays."""
    original = {name: (home / name).read_bytes() for name in (".condarc", ".profile")}
    if served_before:
        assert player.play("site").returncode == 0
    healthy = snapshot(home)

    def edit() -> None:
        with (home / ".profile").open("a") as stream:
            stream.write("export MINE=1\n")

    killed_in_the_after_proof(player, silent, edit)
    assert str(silent.port) in (home / ".condarc").read_text()
    assert str(silent.port) in (home / ".profile").read_text()
    torn = snapshot(home)
    checked = player.play("site", "--check")
    assert checked.result("here")["changed"] is True
    assert any("an earlier run was interrupted" in note for note in checked.result("here")["warnings"])
    assert snapshot(home) == torn

    mended = player.play("site")
    assert mended.returncode == 0, mended.output
    assert [row["verdict"] for row in mended.result("here")["proof"]] == ["ok"]
    for name, (_mode, data, *_owner) in snapshot(home).items():
        assert data is None or str(silent.port).encode() not in data, name
    assert "export MINE=1\n" in (home / ".profile").read_text()
    if served_before:
        now = snapshot(home)
        assert now.keys() == healthy.keys()
        assert {name for name in now if now[name] != healthy[name]} <= {
            ".profile",
            ".local/state/condafleet/state.json",
        }
    assert player.play("site").result("here")["changed"] is False
    assert player.play("remove").returncode == 0
    left = {name: (home / name).read_bytes() for name in original}
    assert left == {
        ".condarc": original[".condarc"],
        ".profile": original[".profile"] + b"\nexport MINE=1\n",
    }  # on a line of its own
    # the killed first run made its state folder before there was a state to name it: folders may stay, no file does
    assert {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()} == set(original)


def test_a_kill_and_then_the_same_settings_again(player: Player, home: Path, silent: Proxy, proxy: Proxy) -> None:
    """The proxy has woken up meanwhile: what was cut off is done once more and proven, not taken for done."""
    assert player.play("site").returncode == 0
    killed_in_the_after_proof(player, silent, lambda: None)
    silent.behaviour.mode = "normal"
    silent.behaviour.hosts = proxy.behaviour.hosts
    again = player.play("site", conda_proxy_http=silent.url())
    assert again.returncode == 0, again.output
    assert again.result("here")["changed"] is True
    (row,) = again.result("here")["proof"]
    assert (row["verdict"], row["proxy"]) == ("ok", silent.url())
    assert player.play("site", conda_proxy_http=silent.url()).result("here")["changed"] is False
