# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: two real hosts over ssh, system scope, a squid with a password, a TLS channel behind it, real conda."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed import hosts as bed_hosts
from tests.bed.company import (
    CHANNEL_HOST,
    PROXY_PASSWORD,
    PROXY_PASSWORD_ENCODED,
    PROXY_USER,
    settings,
)
from tests.bed.play import Player
from tests.bed.tree import EVERYTHING, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.hosts import Host
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.hosts, pytest.mark.conda]

CONDA = "/opt/conda/bin/conda"


@pytest.fixture
def squid(start_squid: Callable[..., Squid], conda_hosts: list[Host]) -> Squid:
    return start_squid(username=PROXY_USER, password=PROXY_PASSWORD.encode(), address=bed_hosts.gateway())


@pytest.fixture
def player(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    conda_hosts: list[Host],
    squid: Squid,
    host_channels: Channels,
    authority: Authority,
) -> Iterator[Player]:
    """Plays with the settings of a company; whatever a test left is removed from the hosts afterwards."""
    player = Player(
        ansible_run,
        tmp_path,
        {host.name: host.inventory() for host in conda_hosts},
        settings(squid.url(), host_channels.https.url("main", CHANNEL_HOST), str(authority.pem))
        | {"conda_proxy_environment_targets": EVERYTHING, "conda_proxy_prefix": "/opt/conda"},
    )
    yield player
    player.play("remove")


def reaches_channel(host: Host, command: str, user: str = "root") -> None:
    """`conda search` and `conda create`, really downloading, started in the way that `command` says ({} is the rest)."""
    prefix = f"/tmp/env-{user}-{abs(hash(command))}"
    for arguments in ("search --json hello", f"create --yes --quiet --json -p {prefix} hello"):
        host.run(f"rm -rf {prefix} /home/{user}/.conda/pkgs /root/.conda/pkgs")
        done = host.run(command.format(f"{CONDA} {arguments}"), user=user, check=False)
        assert done.returncode == 0, f"{command} {arguments}: {done.stdout}{done.stderr}"
    host.run(f"rm -rf {prefix}")


def test_from_inventory_to_proof_and_back(
    player: Player, conda_hosts: list[Host], host_channels: Channels, squid: Squid
) -> None:
    for host in conda_hosts:
        host.write("/etc/conda/.condarc", "# ours since 2019\nchannels:\n  - old\nalways_yes: false # keep\n")
        host.write("/etc/environment", "TZ=UTC")
        host.run("umask 077; systemctl daemon-reload")
    before = {host.name: fingerprint(host) for host in conda_hosts}

    # check mode says exactly what the run then changes, and changes nothing
    predicted = player.play("site", "--check", "--diff")
    assert predicted.returncode == 0, predicted.output
    for host in conda_hosts:
        assert fingerprint(host) == before[host.name]
        assert {row["verdict"] for row in predicted.result(host.name)["proof"]} != {"ok"}

    applied = player.play("site", "--diff", "-vvv")
    assert applied.returncode == 0, applied.output
    for host in conda_hosts:
        assert applied.changes(host.name) == predicted.changes(host.name)
        assert len(applied.changes(host.name)) == 2 + len(EVERYTHING)
        proof = applied.result(host.name)["proof"]
        assert [(row["verdict"], row["base"]) for row in proof] == [("ok", "/opt/conda")], proof
        assert proof[0]["proxy_source"] == "condarc"
    # one remote execution per host, the proof included
    assert applied.executions() == len(conda_hosts)

    for host in conda_hosts:
        look(host, squid)
    reaches_channel(conda_hosts[0], "bash -lc '{}'", user="ada")
    reaches_channel(conda_hosts[0], "sudo {}", user="ada")
    reaches_channel(conda_hosts[1], "{}", user="bob")
    # conda wants a HOME, which a system service has not; its look for a graphics card leaves a process behind
    reaches_channel(
        conda_hosts[1],
        "systemd-run --quiet --wait --pipe --collect --setenv=HOME=/root --setenv=CONDA_OVERRIDE_CUDA= {}",
    )

    again = player.play("site")
    assert again.returncode == 0, again.output
    for host in conda_hosts:
        assert again.result(host.name)["changed"] is False
        assert len(json.dumps({**again.result(host.name), "proof": []})) < 4096

    removed = player.play("remove", "--diff")
    assert removed.returncode == 0, removed.output
    for host in conda_hosts:
        assert fingerprint(host) == before[host.name]
        assert "http_proxy" not in host.run(["systemctl", "show-environment"]).stdout
    for host in conda_hosts:
        host.run("rm -r /etc/conda; : > /etc/environment")


def look(host: Host, squid: Squid) -> None:
    """What is there, seen by the readers themselves."""
    url = squid.url(PROXY_USER, PROXY_PASSWORD_ENCODED)
    sources = host.run(f"{CONDA} config --show-sources").stdout
    assert "==> /etc/conda/.condarc <==" in sources
    assert f"https: {url}" in sources
    assert "always_yes: False" in sources
    for shell in ("sh -lc env", "bash -lc env", "zsh -c env", "fish -c env", "tcsh -c env"):
        seen = dict(
            line.partition("=")[::2]
            for line in host.run(f"mkdir -p /tmp/reader; env -i HOME=/tmp/reader {shell}").stdout.splitlines()
        )
        assert (seen["https_proxy"], seen["HTTP_PROXY"], seen["REQUESTS_CA_BUNDLE"]) == (
            url,
            url,
            "/etc/conda/condafleet-ca.pem",
        ), shell
    assert f"https_proxy={url}" in host.run("env", user="bob").stdout, "PAM does not set it in an ssh command"
    assert url in host.run("sudo -u ada env | grep ^https_proxy", user="root").stdout
    assert f"http_proxy={url}" in host.run(["systemctl", "show-environment"]).stdout
    assert url in host.run("systemd-run --quiet --wait --pipe --collect env").stdout
    assert (
        f"http_proxy={url}"
        in host.run("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator").stdout
    )
    assert host.run("visudo -c").returncode == 0


DRIFT = {
    "condarc key edited": (
        "sed -i 's#:8080#:8081#; s#http://ada#http://eve#' /etc/conda/.condarc",
        "/etc/conda/.condarc",
        "edited",
    ),
    "condarc removed": ("rm /etc/conda/.condarc", "/etc/conda/.condarc", "missing"),
    "condarc unreadable": ("chmod 600 /etc/conda/.condarc", "/etc/conda/.condarc", "mode"),
    "block removed": ("sed -i '/BEGIN condafleet/,/END condafleet/d' /etc/environment", "/etc/environment", "missing"),
    "block edited": ("sed -i 's/^https_proxy=.*/https_proxy=x/' /etc/environment", "/etc/environment", "edited"),
    "whole file removed": (
        "rm /etc/profile.d/zz-condafleet-proxy.sh",
        "/etc/profile.d/zz-condafleet-proxy.sh",
        "missing",
    ),
    "whole file mode": (
        "chmod 600 /etc/profile.d/zz-condafleet-proxy.sh",
        "/etc/profile.d/zz-condafleet-proxy.sh",
        "mode",
    ),
    "whole file appended": (
        "echo 'unset http_proxy' >> /etc/fish/conf.d/zz-condafleet-proxy.fish",
        "/etc/fish/conf.d/zz-condafleet-proxy.fish",
        "edited",
    ),
    "zsh block": ("sed -i '/http_proxy/d' /etc/zsh/zshenv", "/etc/zsh/zshenv", "edited"),
    "csh file gone": ("sed -i '/BEGIN condafleet/,/END condafleet/d' /etc/csh.cshrc", "/etc/csh.cshrc", "missing"),
    "sudoers gone": ("rm /etc/sudoers.d/condafleet-proxy", "/etc/sudoers.d/condafleet-proxy", "missing"),
    "manager file gone": (
        "rm /etc/systemd/system.conf.d/zz-condafleet-proxy.conf && systemctl daemon-reload",
        "/etc/systemd/system.conf.d/zz-condafleet-proxy.conf",
        "missing",
    ),
    "ca bundle cut": ("truncate -s 100 /etc/conda/condafleet-ca.pem", "/etc/conda/condafleet-ca.pem", "edited"),
    "roots renewed": (
        "sed -i '$d' /etc/ssl/certs/ca-certificates.crt",
        "/etc/conda/condafleet-ca.pem",
        "roots_updated",
    ),
}


def test_drift_of_each_kind_is_found_and_put_right(player: Player, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    host.run("cp /etc/ssl/certs/ca-certificates.crt /root/roots")
    player.variables["conda_proxy_hosts"] = host.name
    player.variables["conda_proxy_verify"] = "none"
    assert player.play("site").returncode == 0
    for name, (command, path, reason) in DRIFT.items():
        host.run(command)
        found = player.play("site", "--check")
        assert found.changes(host.name) == {path: (found.changes(host.name)[path][0], (reason,))}, name
        fixed = player.play("site")
        assert fixed.changes(host.name) == found.changes(host.name), name
    assert player.play("site", "--check").result(host.name)["changed"] is False
    host.run("cp /root/roots /etc/ssl/certs/ca-certificates.crt; rm /root/roots")
    assert f"//{PROXY_USER}:" in host.run("systemctl show-environment").stdout


def test_lock(player: Player, conda_hosts: list[Host], host_channels: Channels) -> None:
    """What a user's file and --override-channels -c cannot do."""
    host = conda_hosts[0]
    host.write("/etc/conda/.condarc", "# a comment at the end\n# switches a flag off that stands above it\n")
    host.write(
        "/home/ada/.condarc",
        "proxy_servers: {https: http://127.0.0.1:1}\nssl_verify: false\nchannels: [evil]\n",
        owner="ada",
    )
    played = player.play("site", "--limit", host.name, conda_proxy_lock=True)
    assert played.returncode == 0, played.output
    shown = json.loads(host.run(f"{CONDA} config --show --json", user="ada").stdout)
    assert shown["channels"] == [host_channels.https.url("main", CHANNEL_HOST)]
    assert shown["ssl_verify"] == "/etc/conda/condafleet-ca.pem"
    assert "127.0.0.1:1" not in str(shown["proxy_servers"])
    done = host.run(f"{CONDA} search --override-channels -c https://evil.invalid hello", user="ada", check=False)
    assert done.returncode != 0
    assert "Overriding channels has been disabled" in done.stdout + done.stderr
    reaches_channel(host, "{}", user="ada")
    host.run("rm /home/ada/.condarc")
    player.play("remove", "--limit", host.name)
    assert host.read("/etc/conda/.condarc").count("#") == 2
    host.run("rm -r /etc/conda")


def test_undo_and_drop_of_the_systemd_manager(player: Player, conda_hosts: list[Host]) -> None:
    """What was put back or dropped cannot be read back from systemd, and must not be asked for."""
    host = conda_hosts[0]
    player.variables |= {
        "conda_proxy_hosts": host.name,
        "conda_proxy_environment_targets": ["systemd_manager", "profile"],
    }
    before = fingerprint(host)
    bad = {"conda_proxy_verify": "require", "conda_proxy_channels": ["https://nowhere.invalid/x"]}
    played = player.play("site", **bad)
    result = played.result(host.name)
    assert result["rolled_back"] is True, result
    assert "conda does not reach https://nowhere.invalid/x" in result["msg"]
    assert fingerprint(host) == before
    assert "http_proxy" not in host.run("systemctl show-environment").stdout
    assert player.play("site").returncode == 0
    assert f"//{PROXY_USER}:" in host.run("systemctl show-environment").stdout
    rotated = player.play("site", conda_proxy_http="http://127.0.0.1:9", **bad)
    assert rotated.result(host.name)["rolled_back"] is True
    assert "127.0.0.1:9" not in host.run("systemctl show-environment").stdout
    dropped = player.play("site", conda_proxy_environment_targets=["profile"])
    assert dropped.returncode == 0, dropped.output
    assert "http_proxy" not in host.run("systemctl show-environment").stdout
