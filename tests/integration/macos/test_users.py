# SPDX-License-Identifier: GPL-3.0-or-later
"""The Darwin column in user scope: root for several users, a user alone, hostile passwords, who sees what."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.company import CHANNEL_HOST
from tests.bed.play import Player
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.secrets import PASSWORD, leaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.macos.machine import MacMachine

pytestmark = [pytest.mark.conda, pytest.mark.macos]

PLIST = "Library/LaunchAgents/condafleet.proxy.environment.plist"
DATA = ".local/state/condafleet/environment"
USERS = {"ada": "bash", "bob": "zsh", "eve": "tcsh", "fay": "fish"}
FILES = {".condarc", ".conda/condafleet-ca.pem", ".profile", ".bashrc", ".zshenv", ".cshrc", PLIST, DATA}


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that compares bytes, which squid's password file cannot hold for all passwords."""
    behaviour = Behaviour(username=b"ada.b", password=PASSWORD.encode(), hosts={CHANNEL_HOST: "127.0.0.1"})
    with Proxy(behaviour) as running:
        yield running


@pytest.fixture
def users_player(mac: MacMachine, mac_player: Player, proxy: Proxy) -> Player:
    mac_player.variables |= {
        "conda_proxy_scope": "user",
        "conda_proxy_users": list(USERS),
        "conda_proxy_http": proxy.url(),
        "conda_proxy_username": "ada.b",
        "conda_proxy_password": PASSWORD,
    }
    return mac_player


def test_root_for_several_users_and_a_hostile_password(mac: MacMachine, users_player: Player) -> None:
    mac.login("bob")
    for user in USERS:
        mac.run("fish -lc true", user=user)  # fish makes its own folders
    before = mac.fingerprint()
    predicted = users_player.play("site", "--check", "--diff", "-vvv")
    assert mac.fingerprint() == before
    applied = users_player.play("site", "--diff", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.executions() == 1
    assert applied.changes(mac.name) == predicted.changes(mac.name)
    for played in (predicted, applied):
        assert not leaks(played.output)
    proof = applied.result(mac.name)["proof"]
    assert [(row["user"], row["verdict"]) for row in proof] == [(user, "ok") for user in USERS]
    for user in USERS:
        mine = {path for path in applied.changes(mac.name) if path.startswith(f"/Users/{user}/")}
        extra = {".config/fish/conf.d/zz-condafleet-proxy.fish"}
        assert mine == {f"/Users/{user}/{name}" for name in FILES | extra}
        private = [
            f"/Users/{user}/{name}" for name in (*FILES, *extra) if name not in (PLIST, ".conda/condafleet-ca.pem")
        ]
        assert set(mac.run(["stat", "-c", "%a %U", *private]).stdout.splitlines()) == {f"600 {user}"}
        seen = mac.run("env", user=user).stdout  # ssh host command, with each user's own shell
        assert f"https_proxy={proxy_url(users_player)}" in seen, user
        for shell in ("bash -lc", "zsh -c", "tcsh -c", "fish -c"):
            assert f"https_proxy={proxy_url(users_player)}" in mac.run(f"{shell} env", user=user).stdout, (user, shell)
    assert mac.from_the_dock("bob")["https_proxy"] == proxy_url(users_player)
    assert not leaks(mac.run("cat /Users/*/Library/LaunchAgents/*").stdout)
    assert users_player.play("site").result(mac.name)["changed"] is False

    dropped = users_player.play("site", conda_proxy_users=["ada", "eve"])
    assert dropped.returncode == 0, dropped.output
    assert "https_proxy" not in mac.from_the_dock("bob")
    removed = users_player.play("remove")
    assert removed.returncode == 0, removed.output
    assert no_shell_leftovers(mac.fingerprint()) == no_shell_leftovers(before)


def proxy_url(player: Player) -> str:
    """The URL in the environment: percent-encoded UTF-8."""
    from urllib.parse import quote

    address = str(player.variables["conda_proxy_http"]).removeprefix("http://").rstrip("/")
    return f"http://ada.b:{quote(PASSWORD, safe='')}@{address}"


def no_shell_leftovers(found: dict[str, str]) -> dict[str, str]:
    """Without what fish itself puts into a home."""
    names = ("/.config", "/.config/fish", "/.local", "/.local/state", "/.local/share", "fish_variables", "lock")
    return {path: line for path, line in found.items() if not path.endswith(names) and "/fish/" not in path}


def test_a_user_alone_needs_no_root(mac: MacMachine, users_player: Player) -> None:
    mac.login("bob")
    before = mac.fingerprint()
    alone = Player(
        users_player._run,
        users_player._folder,
        {mac.name: mac.inventory("bob")},
        users_player.variables | {"conda_proxy_users": []},
    )
    applied = alone.play("site", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.executions() == 1
    assert mac.from_the_dock("bob")["https_proxy"] == proxy_url(users_player)
    again = alone.play("site")
    assert again.result(mac.name)["changed"] is False
    assert alone.play("remove").returncode == 0
    assert "https_proxy" not in mac.from_the_dock("bob")
    assert mac.fingerprint() == before


def test_a_move_between_scopes_keeps_the_session(mac: MacMachine, users_player: Player) -> None:
    mac.login("bob")
    one = {"conda_proxy_users": ["bob"], "conda_proxy_verify": "none"}
    system = {"conda_proxy_scope": "system", "conda_proxy_users": [], "conda_proxy_verify": "none"}
    assert users_player.play("site", **one).returncode == 0
    moved = users_player.play("site", **system, conda_proxy_http="http://of-the-system.example.com:1")
    assert moved.returncode == 0, moved.output
    assert "of-the-system.example.com" in mac.from_the_dock("bob")["https_proxy"]
    back = users_player.play("site", **one)
    assert back.returncode == 0, back.output
    assert mac.from_the_dock("bob")["https_proxy"] == proxy_url(users_player)
    assert users_player.play("remove").returncode == 0
    assert "https_proxy" not in mac.from_the_dock("bob")


SCUTIL = """<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
  }
  HTTPEnable : 1
  HTTPPort : 3128
  HTTPProxy : of-the-mac.example.com
  HTTPSEnable : 1
  HTTPSPort : 3128
  HTTPSProxy : of-the-mac.example.com
}
"""


def test_who_sees_what(mac: MacMachine, users_player: Player, tmp_path: Any) -> None:
    mac.login("bob")
    mac.write("/private/var/standin/proxy.txt", SCUTIL)
    managed = "/private/var/db/ManagedConfigurationFiles/com.apple.bash/etc/profile"
    mac.write(managed, "export https_proxy=http://managed.example.com:1\n")
    assert users_player.play("site", conda_proxy_users=["bob"], conda_proxy_verify="none").returncode == 0
    book = tmp_path / "info.yml"
    book.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - condafleet.proxy.conda_proxy_info:\n        users: [bob]\n      register: seen\n"
        "    - ansible.builtin.copy:\n        content: '{{ seen | to_json }}'\n"
        f"        dest: {tmp_path}/seen.json\n        mode: '0600'\n      delegate_to: localhost\n"
    )
    played = users_player.play(str(book))
    assert played.returncode == 0, played.output
    import json

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert not leaks(json.dumps(seen, ensure_ascii=False))
    rows = {row["consumer"]: row for row in seen["consumers"]}
    assert {"login shell", "ssh command", "zsh", "bash", "fish", "csh", "launchd", "network settings"} <= set(rows)
    assert not {"systemd system", "systemd user"} & set(rows)
    assert rows["launchd"]["decided_by"]["https_proxy"].startswith(f"/Users/bob/{DATA}:")
    assert rows["zsh"]["decided_by"]["https_proxy"].startswith("/Users/bob/.zshenv:")
    assert rows["network settings"]["https_proxy"] == "http://of-the-mac.example.com:3128"
    assert rows["network settings"]["no_proxy"] == "*.local"
    assert not [row for row in seen["consumers"] if "/etc/environment" in str(row["decided_by"])]
    whats = [conflict["what"] for conflict in seen["conflicts"]]
    assert f"is not read: profile reads {managed} in its place" in whats
    assert os.path.exists(tmp_path)
