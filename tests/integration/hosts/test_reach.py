# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the variables reach the shells of a real host, and who is named where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import hosts as bed_hosts
from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD, PROXY_USER, settings
from tests.bed.play import Player
from tests.bed.tree import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.hosts import Host
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.hosts, pytest.mark.conda]

NEW, OLD = "http://127.0.0.1:9", "http://192.0.2.107:5865"
NAMES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
# the part of a distribution's own profile that deals with proxies, written anew
SUSE_PROFILE = """
if test -s /etc/sysconfig/proxy; then . /etc/sysconfig/proxy; fi
if test "$PROXY_ENABLED" != "yes"; then
    unset http_proxy https_proxy ftp_proxy no_proxy NO_PROXY
fi
unset PROXY_ENABLED
"""
NO_TRACE = "XDG_CONFIG_HOME=/dev/null XDG_DATA_HOME=/dev/null"  # fish would create its directories
LOGINS = ["sh -lc", "bash -lc", "zsh -lc", "fish -lc", "tcsh -c"]


@pytest.fixture
def host(conda_hosts: list[Host]) -> Host:
    return conda_hosts[0]


@pytest.fixture
def player(ansible_run: Callable[..., Any], tmp_path: Path, host: Host) -> Iterator[Player]:
    variables = {"conda_proxy_http": NEW, "conda_proxy_sections": ["environment"], "conda_proxy_verify": "report"}
    player = Player(ansible_run, tmp_path, {host.name: host.inventory()}, variables)
    yield player
    player.play("remove")


@pytest.fixture
def company(
    player: Player, start_squid: Callable[..., Squid], host_channels: Channels, authority: Authority
) -> dict[str, Any]:
    """Settings with which conda reaches its channel."""
    squid = start_squid(username=PROXY_USER, password=PROXY_PASSWORD.encode(), address=bed_hosts.gateway())
    url = host_channels.https.url("main", CHANNEL_HOST)
    player.variables = settings(squid.url(), url, str(authority.pem)) | {"conda_proxy_prefix": "/opt/conda"}
    return player.variables


@pytest.fixture
def files(host: Host) -> Iterator[Callable[[str, str], None]]:
    """Writes a file on the host; afterwards it is as it was."""
    before: dict[str, str | None] = {}

    def write(path: str, text: str) -> None:
        there = host.run(["test", "-e", path], check=False).returncode == 0
        before.setdefault(path, host.read(path) if there else None)
        host.run(["mkdir", "-p", path.rpartition("/")[0]])
        host.write(path, text)

    yield write
    for path, text in before.items():
        if text is None:
            host.run(["rm", "-f", path])
        else:
            host.write(path, text)


def seen(host: Host, shell: str, user: str = "ada") -> str:
    """What a shell says by itself, as su starts it with nothing but HOME and PATH."""
    name = "echo $http_proxy"
    return host.run(
        f"su - {user} -s /bin/sh -c 'exec env -i HOME=$HOME PATH=$PATH {NO_TRACE} {shell} \"{name}\"'"
    ).stdout.strip()


def rows(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(row["consumer"], row["decided_by"], row["value"]) for row in result["overruled"]}


def test_what_was_there_first_does_not_win(host: Host, player: Player, files: Callable[[str, str], None]) -> None:
    files("/etc/profile.d/proxy.sh", "".join(f"{name}={OLD}\nexport {name}\n" for name in NAMES))
    files("/etc/profile.d/profile.sh", SUSE_PROFILE)
    files("/etc/sysconfig/proxy", '# about proxies\nPROXY_ENABLED="no"\nHTTP_PROXY=""\n')
    files("/etc/fish/conf.d/proxy.fish", f"set -gx http_proxy {OLD}\n")
    before = fingerprint(host)
    assert player.play("site", "--check").returncode == 0
    assert fingerprint(host) == before
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert applied.result(host.name)["overruled"] == []
    assert {shell: seen(host, shell) for shell in LOGINS} == dict.fromkeys(LOGINS, NEW)
    sourced = host.run(". /etc/sysconfig/proxy; echo $PROXY_ENABLED $HTTP_PROXY").stdout.split()
    assert sourced == ["yes", NEW]
    assert player.play("site").result(host.name)["changed"] is False
    assert player.play("remove").returncode == 0
    assert fingerprint(host) == before


def test_who_wins_is_named_and_is_drift_until_it_is_known(
    host: Host, player: Player, files: Callable[[str, str], None], company: dict[str, Any]
) -> None:
    assert player.play("site").returncode == 0
    assert player.play("drift").returncode == 0
    late = "/etc/profile.d/zzz-late.sh"
    files(late, f"# by hand\nexport http_proxy={OLD}\n")
    drift = player.play("drift")
    assert rows(drift.result(host.name)) == {
        (consumer, f"{late}:2", OLD) for consumer in ("sh login shell", "bash login shell")
    }
    assert {row["known"] for row in drift.result(host.name)["overruled"]} == {False}
    assert drift.result(host.name)["changed"] is False
    assert drift.returncode != 0, "somebody has to look at it"
    warning = f"sh login shell, bash login shell: not the managed value of http_proxy, because of {late} (line 2)"
    assert any(warning in note for note in drift.result(host.name)["warnings"])
    assert f"{late}:2" in player.play("verify").output

    corrected = player.play("drift", "-vvv", "-e", "conda_proxy_drift=correct")
    assert corrected.returncode == 0, corrected.output
    assert corrected.executions() == 1
    known = player.play("drift")
    assert known.returncode == 0, known.output
    assert {row["known"] for row in known.result(host.name)["overruled"]} == {True}
    assert any(warning in note for note in known.result(host.name)["warnings"])


def test_they_are_taken_over_and_given_back(host: Host, player: Player, files: Callable[[str, str], None]) -> None:
    late, name = "/etc/profile.d/zzz-late.sh", host.name
    files(late, f"# by hand\nexport http_proxy={OLD}\n[ -n x ] && export https_proxy={OLD}\n")
    files("/etc/environment", f"TZ=UTC\nhttp_proxy={OLD}\n")
    files("/etc/bash.bashrc", f"# BEGIN ANSIBLE MANAGED BLOCK\nexport HTTP_PROXY={OLD}\n# END ANSIBLE MANAGED BLOCK\n")
    before = fingerprint(host)
    first = player.play("site", "--check")
    listed = {(row["path"], row["line"], row["removable"]) for row in first.result(name)["claims"]}
    assert listed == {
        (late, 2, True), (late, 3, False), ("/etc/environment", 2, True), ("/etc/bash.bashrc", 2, True),
    }  # fmt: skip
    assert fingerprint(host) == before
    checked = player.play("site", "--check", conda_proxy_takeover=True)
    applied = player.play("site", conda_proxy_takeover=True)
    assert applied.returncode == 0, applied.output
    assert applied.changes(name) == checked.changes(name)
    assert {row["consumer"] for row in applied.result(name)["overruled"]} == {"sh login shell", "bash login shell"}
    assert {row["variable"] for row in applied.result(name)["overruled"]} == {"https_proxy"}
    assert seen(host, "bash -lc") == NEW
    assert host.read("/etc/environment").startswith(f"TZ=UTC\n# condafleet.proxy took over: http_proxy={OLD}\n")
    assert player.play("site", conda_proxy_takeover=True).result(name)["changed"] is False
    host.run(f"echo export http_proxy={OLD} >> {late}")
    assert player.play("drift", conda_proxy_takeover=True).changes(name) == {late: ("update", ("edited",))}
    host.run(f"sed -i '$d' {late}")
    assert player.play("remove").returncode == 0
    assert fingerprint(host) == before


def test_zsh_is_followed_to_where_it_looks(host: Host, player: Player, files: Callable[[str, str], None]) -> None:
    player.variables |= {"conda_proxy_scope": "user", "conda_proxy_users": ["ada"]}
    files("/etc/zsh/zshenv", "export ZDOTDIR=$HOME/.config/zsh\n")
    files("/home/ada/.config/zsh/.zshenv", "export FROM=zdotdir\n")
    files("/home/ada/.cshrc", "umask 022\nif (! $?prompt) exit   # not interactive\n")
    files("/home/ada/.bash_profile", "[[ $- != *i* ]] && return\n")
    host.run("chown -R ada: /home/ada")
    before = fingerprint(host)
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    assert "/home/ada/.config/zsh/.zshenv" in applied.changes(host.name)
    assert "/home/ada/.zshenv" not in applied.changes(host.name)
    assert applied.result(host.name)["overruled"] == []
    assert {shell: seen(host, shell) for shell in LOGINS} == dict.fromkeys(LOGINS, NEW)
    assert player.play("remove").returncode == 0
    assert fingerprint(host) == before
