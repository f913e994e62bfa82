# SPDX-License-Identifier: GPL-3.0-or-later
"""User scope on a real host: root for a list of users, a user alone, netrc, hostile passwords, planted symlinks."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import hosts as bed_hosts
from tests.bed.company import CHANNEL_HOST
from tests.bed.play import Player
from tests.bed.proxy import Behaviour, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.hosts import Host

pytestmark = [pytest.mark.hosts, pytest.mark.conda]

CONDA = "/opt/conda/bin/conda"
USER = "ada.b"
PASSWORD = ":@/#?%\"'\\$ `\u00fc%40;!~{}[]^*&|<>"
NASTIEST = [
    PASSWORD,
    "%41%zz%",
    "$HOME${PATH}$(id)`id`",
    "!!!$$%%\\\\",
    "'\"'\"' \"",
    "; rm -rf /tmp/x #",
    "\u043f\u0430\u0440\u043e\u043b\u044c \u20ac",
    " leading and trailing ",
    "a=b&c=d+e,f",
    "\\n\\t%n\\u0041*?[a-z]",
]


@pytest.fixture
def proxy(conda_hosts: list[Host]) -> Iterator[Proxy]:
    """A proxy that compares bytes, which squid's password file cannot hold for all passwords."""
    behaviour = Behaviour(username=USER.encode(), password=PASSWORD.encode(), hosts={CHANNEL_HOST: bed_hosts.gateway()})
    with Proxy(behaviour, bed_hosts.gateway()) as running:
        yield running


@pytest.fixture
def player(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    conda_hosts: list[Host],
    proxy: Proxy,
    host_channels: Channels,
    authority: Authority,
) -> Iterator[Player]:
    host = conda_hosts[0]
    player = Player(
        ansible_run,
        tmp_path,
        {host.name: host.inventory()},
        {
            "conda_proxy_scope": "user",
            "conda_proxy_users": ["ada", "bob"],
            "conda_proxy_http": proxy.url(),
            "conda_proxy_username": USER,
            "conda_proxy_password": PASSWORD,
            "conda_proxy_ca_bundle_src": str(authority.pem),
            "conda_proxy_channels": [host_channels.https.url("main", CHANNEL_HOST)],
            "conda_proxy_prefix": "/opt/conda",
        },
    )
    yield player
    player.play("remove")


def homes(host: Host) -> str:
    script = (
        r"find /home/ada /home/bob /root -xdev \( -name .cache -o -name .ansible -o -name .ssh -o -name pkgs -o -name .zcompdump"
        r" -o -path '*/.local/share' -o -name '*_history' -o -name environments.txt \) -prune -o -printf '%p %y %m %U:%G ' -a"
        r" \( -type f -exec sha256sum {} \; -o -printf '-\n' \) | sort; ls -d /var/lib/condafleet"
    )
    return host.run(script, check=False).stdout


def test_root_for_a_list_of_users(
    player: Player, conda_hosts: list[Host], host_channels: Channels, proxy: Proxy
) -> None:
    host = conda_hosts[0]
    before = homes(host)
    applied = player.play("site", "--diff", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.executions() == 1
    assert [(row["user"], row["verdict"]) for row in applied.result(host.name)["proof"]] == [
        ("ada", "ok"),
        ("bob", "ok"),
    ]
    for user in ("ada", "bob"):
        owners = host.run(f"find /home/{user} -newer /etc/hostname ! -user {user}").stdout
        assert owners == "", "something in the home does not belong to the user"
        state = f"/home/{user}/.local/state/condafleet"
        assert host.run(f"stat -c %a /home/{user}/.condarc {state} {state}/state.json").stdout.split() == [
            "600",
            "700",
            "600",
        ]
        for arguments in ("search --json hello", "create --yes --quiet --json -p ~/env hello"):
            host.run(f"{CONDA} {arguments}", user=user)
        host.run("rm -r ~/env ~/.conda/pkgs ~/.conda/environments.txt", user=user)  # conda's own
    assert "bob" not in host.run("cat /home/ada/.condarc").stdout
    assert player.play("site").result(host.name)["changed"] is False

    # a user who is no longer named is taken back
    dropped = player.play("site", conda_proxy_users=["ada"])
    assert {row["user"] for row in dropped.result(host.name)["resources"]} == {"bob"}
    assert {reason for row in dropped.result(host.name)["resources"] for reason in row["reasons"]} == {"unwanted"}

    removed = player.play("remove")
    assert removed.returncode == 0, removed.output
    assert homes(host) == before


def test_a_user_alone_needs_no_root(player: Player, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    before = homes(host)
    hosts = {host.name: host.inventory("bob")}
    alone = Player(player._run, player._folder, hosts, player.variables | {"conda_proxy_users": []})
    applied = alone.play("site", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.executions() == 1
    assert alone.play("site").result(host.name)["changed"] is False
    refused = alone.play("site", conda_proxy_users=["ada"], conda_proxy_become=False)
    assert refused.result(host.name)["msg"] == ("the task requires root but runs as bob; set conda_proxy_become: true")
    assert alone.play("remove").returncode == 0
    assert homes(host) == before


def test_shells_of_a_user(player: Player, conda_hosts: list[Host], proxy: Proxy) -> None:
    """A login shell, a plain ssh command, sudo -i, a user's systemd: each sees the variables, by its own start-up."""
    host = conda_hosts[0]
    host.run("cp /etc/skel/.bashrc /home/ada/.bashrc; touch /home/ada/.tcshrc; chown ada: /home/ada/.*rc")
    assert player.play("site").returncode == 0
    url = host.run("bash -lc 'echo $https_proxy'", user="ada").stdout.strip()
    assert url.endswith(proxy.url().removeprefix("http://"))
    assert url.startswith("http://ada.b:")
    for command in (
        "echo $https_proxy",  # sshd starts bash, which reads .bashrc; Debian's returns early
        "env -i HOME=$HOME sh -lc 'echo $https_proxy'",
        "env -i HOME=$HOME zsh -c 'echo $https_proxy'",
        "env -i HOME=$HOME fish -c 'echo $https_proxy'",
        "env -i HOME=$HOME tcsh -c 'echo $https_proxy'",
        "env -i HOME=$HOME /usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator | sed -n 's/^https_proxy=//p'",
    ):
        assert host.run(command, user="ada").stdout.strip() == url, command
    assert host.run("sudo -iu ada env | sed -n 's/^https_proxy=//p'").stdout.strip() == url
    assert host.run("echo $https_proxy", user="bob").stdout.strip() == url
    curl = host.run(
        f"curl -sS -o /dev/null -w '%{{http_connect}}' --cacert $REQUESTS_CA_BUNDLE https://{CHANNEL_HOST}:1/; true",
        user="ada",
    )
    assert curl.stdout != "407"
    player.play("remove")
    host.run("rm /home/ada/.tcshrc")


def test_the_ten_nastiest_passwords(player: Player, conda_hosts: list[Host], proxy: Proxy) -> None:
    """Through ssh, sudo and systemd to a proxy that compares bytes, and never in what anybody can read."""
    host = conda_hosts[0]
    for password in NASTIEST:
        proxy.behaviour.password = password.encode()
        played = player.play("site", "--diff", "-vvv", conda_proxy_password=password, conda_proxy_users=["ada"])
        assert played.returncode == 0, (password, played.output)
        for command in (
            "bash -lc {}",
            "sudo -iu ada sh -c {}",
            "sudo systemd-run --quiet --wait --pipe --collect --uid=ada --setenv=HOME=/home/ada --setenv=CONDA_OVERRIDE_CUDA= sh -lc {}",
        ):
            seen = host.run(command.format(shlex.quote(f"{CONDA} search --json hello")), user="ada", check=False)
            assert seen.returncode == 0, (password, command, seen.stdout)
            curl = f"curl -sS -o /dev/null -w '%{{http_connect}}' --cacert $REQUESTS_CA_BUNDLE https://{CHANNEL_HOST}:1/; true"
            assert "407" not in host.run(command.format(shlex.quote(curl)), user="ada").stdout, (password, command)


def test_netrc(player: Player, conda_hosts: list[Host], host_channels: Channels) -> None:
    host = conda_hosts[0]
    mine = "# my own\nmachine other.example.com login me password mine\n"
    host.write("/home/ada/.netrc", mine, mode="0644", owner="ada")
    private = host_channels.https.url("private", CHANNEL_HOST)
    entry = {"machine": CHANNEL_HOST, "login": "ada", "password": "pw-of-channel"}
    player.variables |= {"conda_proxy_channels": [private], "conda_proxy_users": ["ada"]}
    without = player.play("site", "--diff", conda_proxy_verify="report")
    assert [row["verdict"] for row in without.result(host.name)["proof"]] == ["channel_unauthorized"]
    sections = ["condarc", "environment", "netrc"]
    applied = player.play("site", "--diff", conda_proxy_sections=sections, conda_proxy_netrc=[entry])
    assert applied.returncode == 0, applied.output
    assert "pw-of-channel" not in applied.output
    assert host.run("stat -c %a /home/ada/.netrc").stdout.strip() == "600"
    assert set(mine.splitlines()) < set(host.read("/home/ada/.netrc").splitlines())
    host.run(f"{CONDA} search --json hello", user="ada")
    host.run("rm /home/ada/.netrc; ln -s /etc/hostname /home/ada/.netrc")
    planted = player.play("site", conda_proxy_sections=sections, conda_proxy_netrc=[entry])
    assert "ada: /home/ada/.netrc is a symbolic link" in planted.result(host.name)["msg"]
    host.run("rm /home/ada/.netrc")
    host.write("/home/ada/.netrc", mine, mode="0644", owner="ada")
    player.play("site", conda_proxy_sections=sections, conda_proxy_netrc=[entry])
    player.play("remove")
    assert host.read("/home/ada/.netrc") == mine
    assert host.run("stat -c %a /home/ada/.netrc").stdout.strip() == "644"
    host.run("rm /home/ada/.netrc")


def test_condarc_alone(player: Player, conda_hosts: list[Host], host_channels: Channels) -> None:
    """Nothing but the condarc changes, and the proof holds while http_proxy points at a dead port."""
    host = conda_hosts[0]
    host.write(
        "/home/ada/.profile", "export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9\n", owner="ada"
    )
    before = homes(host)
    player.variables |= {"conda_proxy_users": ["ada"], "conda_proxy_sections": ["condarc"]}
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert {row["kind"] for row in applied.result(host.name)["resources"]} == {"condarc", "ca_bundle"}
    assert [row["verdict"] for row in applied.result(host.name)["proof"]] == ["ok"]
    changed = set(homes(host).splitlines()) ^ set(before.splitlines())
    assert all(
        any(part in line for part in (".condarc", "condafleet", ".conda", ".local", "/home/ada ")) for line in changed
    ), changed
    done = host.run(f"bash -lc '{CONDA} search --json hello'", user="ada")
    assert json.loads(done.stdout)["hello"]
    player.play("remove")
    host.run("cp /etc/skel/.profile /home/ada/.profile")


def test_one_users_failure_does_not_undo_another(player: Player, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    host.write("/home/bob/.condarc", "{channels: [a]}\n", owner="bob")
    played = player.play("site")
    result = played.result(host.name)
    assert played.returncode == 2
    assert "bob: /home/bob/.condarc: line 1:" in result["msg"]
    assert "condarc.d" in result["msg"]
    kinds = {user: {row["kind"] for row in result["resources"] if row["user"] == user} for user in ("ada", "bob")}
    assert kinds == {
        "ada": {"ca_bundle", "condarc", "environment"},
        "bob": {"ca_bundle", "environment"},
    }, "his other section is done"
    assert host.read("/home/bob/.condarc") == "{channels: [a]}\n"
    assert "proxy_servers" in host.read("/home/ada/.condarc")
    host.run("rm /home/bob/.condarc")


def test_a_user_that_is_gone_is_reported(player: Player, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    host.run("useradd --create-home carl")
    player.variables |= {"conda_proxy_verify": "none", "conda_proxy_users": ["carl"]}
    assert player.play("site").returncode == 0
    host.run("userdel carl")
    played = player.play("site", conda_proxy_users=["ada"])
    assert played.returncode == 0, played.output
    assert any(
        "user carl was managed earlier and no longer exists" in note for note in played.result(host.name)["warnings"]
    )
    unknown = player.play("site")
    assert unknown.result(host.name)["msg"].startswith(
        "conda_proxy_users contains carl, which does not exist on this machine"
    )
    removed = player.play("remove")
    assert removed.returncode == 0
    host.run("rm -r /home/carl; ! ls -d /var/lib/condafleet")


def test_nobody_is_forgotten_while_something_of_ours_is_there(player: Player, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    before = homes(host)
    player.variables |= {"conda_proxy_verify": "none", "conda_proxy_users": ["ada", "bob"]}
    entry = {"machine": "mirror.example.com", "login": "ada", "password": "secret"}
    assert player.play("verify", conda_proxy_verify="report").returncode == 0
    assert homes(host) == before, "verify changed something"
    assert player.play("site", conda_proxy_sections=["netrc"], conda_proxy_netrc=[entry]).returncode == 0
    assert player.play("site").returncode == 0
    # runs that do not name every section, and name fewer users
    assert player.play("site", conda_proxy_users=["ada"], conda_proxy_sections=["condarc"]).returncode == 0
    assert player.play("verify", conda_proxy_users=["ada"]).returncode == 0
    assert host.run("grep -c BEGIN /home/bob/.profile").stdout.strip() == "1"
    # another scope: what is not asked for any more is taken back, from everybody
    system = {"conda_proxy_scope": "system", "conda_proxy_users": [], "conda_proxy_password_exposure": "allow"}
    assert player.play("site", **system).returncode == 0
    assert host.run("grep -c BEGIN /home/ada/.profile /home/bob/.profile", check=False).stdout.split() == [
        "/home/ada/.profile:0",
        "/home/bob/.profile:0",
    ]
    assert "mirror.example.com" in host.read("/home/ada/.netrc")
    assert player.play("remove", **system).returncode == 0
    assert homes(host) == before


SYSTEM = {"conda_proxy_scope": "system", "conda_proxy_users": [], "conda_proxy_password_exposure": "allow"}
DEAD = {"conda_proxy_http": "http://127.0.0.1:9", "conda_proxy_username": None, "conda_proxy_password": None}


def system_files(host: Host) -> str:
    return host.run("find /etc/conda /etc/profile.d -type f -exec sha256sum {} +; cat /etc/environment").stdout


@pytest.mark.parametrize("lock", [False, True], ids=["", "locked"])
def test_a_move_between_scopes_keeps_everybody_connected(player: Player, conda_hosts: list[Host], lock: bool) -> None:
    host = conda_hosts[0]
    host.run("mkdir -p -m 2775 ~/.conda", user="ada")  # as conda makes it
    before = homes(host)
    pristine = host.run("find /etc/conda /etc/profile.d -type f 2>&1; cat /etc/environment", check=False).stdout
    ada = {"conda_proxy_users": ["ada"]}
    assert player.play("site", **SYSTEM, conda_proxy_lock=lock).returncode == 0
    everybody = system_files(host)

    # to user scope, with a proxy that is not there; a lock of the system's hides that until it is taken away
    failed = player.play("site", **ada, **DEAD)
    result = failed.result(host.name)
    assert failed.returncode == 2
    assert result["rolled_back"] is True
    assert "refused_proxy" in result["msg"]
    assert system_files(host) == everybody
    if lock:
        assert {row["user"] for row in result["resources"]} == {"ada"}, "hers was proven behind the lock"
    else:
        assert result["resources"] == []
        assert any("of the whole system were kept" in note for note in result["warnings"])
    host.run(f"{CONDA} search --json hello", user="ada")
    if lock:
        assert player.play("remove", **ada).returncode == 0
        return

    moved = player.play("site", **ada)
    assert moved.returncode == 0, moved.output
    result = moved.result(host.name)
    assert any("settings of the whole system are no longer requested" in note for note in result["warnings"])
    assert [(row["user"], row["verdict"]) for row in result["proof"]] == [("ada", "ok")]
    assert host.run("ls /etc/conda/.condarc", check=False).returncode != 0
    again = player.play("site", "-vvv", **ada)
    assert again.result(host.name)["changed"] is False
    assert len(again.result(host.name)["proof"]) == 1

    # and back: root never had anything, so the system's new settings stay, but ada keeps hers until they are proven
    failed = player.play("site", **(SYSTEM | DEAD))
    assert failed.returncode == 2
    assert any("settings in /home/ada were kept" in note for note in failed.result(host.name)["warnings"])
    host.run(f"{CONDA} search --json hello", user="ada")
    moved = player.play("site", **SYSTEM)
    assert moved.returncode == 0, moved.output
    assert any("settings in /home/ada are no longer requested" in note for note in moved.result(host.name)["warnings"])
    assert {(row["user"], row["verdict"]) for row in moved.result(host.name)["proof"]} == {
        ("root", "ok"),
        ("ada", "ok"),
    }
    host.run(f"{CONDA} search --json hello", user="ada")

    assert player.play("remove", **SYSTEM).returncode == 0
    assert homes(host) == before
    now = host.run("find /etc/conda /etc/profile.d -type f 2>&1; cat /etc/environment", check=False).stdout
    assert now == pristine
