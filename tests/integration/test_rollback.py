# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was healthy stays healthy: real conda, a real proxy, settings that would cut it off."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.play import Player
from tests.integration.conftest import CHANNEL_HOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.proxy import Proxy
    from tests.integration.conftest import Channels

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


def snapshot(home: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(home)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in home.rglob("*")
        if path.name != "lock"  # says who held it last
    }


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
        assert result["msg"].endswith("everything was put back as it was before")
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


def test_a_machine_that_was_not_healthy_keeps_the_change_and_fails(player: Player, home: Path) -> None:
    played = player.play("site", conda_proxy_http="http://127.0.0.1:9")
    assert played.returncode == 2
    result = played.result("here")
    assert result["rolled_back"] is False
    assert result["changed"] is True
    assert "127.0.0.1:9" in (home / ".condarc").read_text()
    # and the next run, with the right settings, mends it
    assert player.play("site").returncode == 0
