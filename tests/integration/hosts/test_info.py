# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_info on a real host: every consumer by its own start-up, conflicts with their winner, nothing changed."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import conflicts
from tests.bed.company import PROXY_PASSWORD, PROXY_PASSWORD_ENCODED, PROXY_USER
from tests.bed.environ import clean_env
from tests.bed.play import Player
from tests.bed.tree import EVERYTHING, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.hosts import Host

CORPORATE = "proxy.bed.invalid:3128"
OURS = "/etc/conda/.condarc"
BUNDLE = "/etc/conda/condafleet-ca.pem"
OTHER_SECRET = "Zq7-of-ada"
PROFILE = f"""
export http_proxy=http://me:{OTHER_SECRET}@127.0.0.1:9
export CONDA_SSL_VERIFY=false CONDARC=/home/ada/mine.yml
export CONDA_EXE=/opt/conda/bin/conda CONDA_SHLVL=0 CONDA_AUTO_ACTIVATE_BASE=false
export REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
"""
CONDARC = f"channels:\n  - a\nproxy_servers:\n  http: http://me:{OTHER_SECRET}@other.invalid:1\n"
# Debian's own programs; the fake one stands for a micromamba
CONSUMERS = [
    "login shell",
    "ssh command",
    "sudo",
    "systemd system",
    "systemd user",
    "conda packages",
    "conda zst",
    "curl",
    "csh",
]
FROM_FILES = ["cron", "pip", "micromamba"]


@pytest.fixture
def play(tmp_path: Path) -> str:
    path = tmp_path / "info.yml"
    path.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - condafleet.proxy.conda_proxy_info:\n"
        "        users: '{{ info_users | default(omit) }}'\n        prefix: '{{ info_prefix | default(omit) }}'\n"
        "        channel: '{{ info_channel | default(omit) }}'\n"
    )
    return str(path)


@pytest.fixture
def player(
    ansible_run: Callable[..., Any], tmp_path: Path, conda_hosts: list[Host], authority: Authority
) -> Iterator[Player]:
    host = conda_hosts[0]
    player = Player(
        ansible_run,
        tmp_path,
        {host.name: host.inventory()},
        {
            "conda_proxy_http": f"http://{CORPORATE}",
            "conda_proxy_username": PROXY_USER,
            "conda_proxy_password": PROXY_PASSWORD,
            "conda_proxy_password_exposure": "allow",
            "conda_proxy_ca_bundle_src": str(authority.pem),
            "conda_proxy_environment_targets": EVERYTHING,
            "conda_proxy_verify": "none",
            "conda_proxy_prefix": "/opt/conda",
        },
    )
    host.run("touch /usr/local/bin/micromamba; chmod +x /usr/local/bin/micromamba")
    yield player
    player.play("remove")
    host.run(
        "rm -rf /usr/local/bin/micromamba /home/ada/.condarc /home/ada/mine.yml /home/ada/env /home/ada/.conda"
        " /home/ada/.netrc /home/ada/.curlrc; cp /etc/skel/.profile /home/ada/.profile; crontab -r -u ada;"
        # stopping it in order takes two minutes here
        " systemctl kill --signal=KILL user@$(id -u ada); sleep 1; systemctl reset-failed",
        check=False,
    )


def info(played: Any) -> dict[str, Any]:
    (entry,) = [entry for entry in played.entries if entry["action"] == "condafleet.proxy.conda_proxy_info"]
    result: dict[str, Any] = entry["result"]
    assert result["changed"] is False
    return result


def rows_of(result: dict[str, Any], user: str) -> dict[str, dict[str, Any]]:
    return {row["consumer"]: row for row in result["consumers"] if row["user"] == user}


def no_secret(output: str) -> None:
    for secret in (PROXY_PASSWORD, PROXY_PASSWORD_ENCODED, OTHER_SECRET):
        assert secret not in output


@contextmanager
def fresh_managers(host: Host) -> Iterator[None]:
    """Ada's systemd with what there is now, and none of bob: an earlier test's still has what there was then."""
    managers = "user@$(id -u ada) user@$(id -u bob)"
    deadline = time.monotonic() + 60
    # one that was about to start or to stop goes on with that, so once may not be enough
    while (states := host.run(f"systemctl is-active {managers}", check=False).stdout.split()) != ["inactive"] * 2:
        assert time.monotonic() < deadline, states
        host.run(f"systemctl kill --signal=KILL {managers}; sleep 0.5; systemctl reset-failed", check=False)
    # logind stops the manager of a user some time after the last session, were it of an earlier test; not a lingering one
    host.run("loginctl enable-linger ada && systemctl start user@$(id -u ada)")
    try:
        yield
    finally:
        host.run("loginctl disable-linger ada")


@pytest.mark.hosts
@pytest.mark.conda
def test_who_sees_what(player: Player, play: str, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    applied = player.play("site")
    assert applied.returncode == 0, applied.output
    with fresh_managers(host):
        before = fingerprint(host)
        played = player.play(play, "-vvv", info_users=["ada", "bob"])
        assert played.returncode == 0, played.output
        assert played.executions() == 1
        assert fingerprint(host) == before
        no_secret(played.output)
        result = info(played)
        assert result["conflicts"] == []
        for user in ("ada", "bob"):
            rows = rows_of(result, user)
            wanted = [name for name in CONSUMERS if name != "systemd user" or user == "ada"] + FROM_FILES
            assert sorted(rows) == sorted(wanted)
            for name, row in rows.items():
                assert row["how"] == ("read from files" if name in FROM_FILES else "run")
                assert row["https_proxy"].startswith(f"http://{'***'}"), (user, row)
                assert row["https_proxy"].endswith("@" + CORPORATE), (user, row)
                assert row["http_proxy"] == row["https_proxy"] or name in ("conda packages", "conda zst"), (user, row)
                if name != "curl":  # it does not read REQUESTS_CA_BUNDLE
                    assert row["ca_bundle"] == BUNDLE, (user, row)
            decided = {name: row["decided_by"]["https_proxy"] for name, row in rows.items()}
            for name, path in {
                "systemd system": "/etc/systemd/system.conf.d/zz-condafleet-proxy.conf:",
                "conda packages": OURS + ":",
                "conda zst": OURS + ":",
                "micromamba": OURS + ":",
                "csh": "/etc/csh.cshrc:",
                "cron": "/etc/environment:",
                "login shell": "/etc/profile.d/zz-condafleet-proxy.sh:" if user == "ada" else "/etc/zsh/zshenv:",
                "ssh command": "/etc/environment:" if user == "ada" else "/etc/zsh/zshenv:",
                "curl": "/etc/profile.d/zz-condafleet-proxy.sh:" if user == "ada" else "/etc/zsh/zshenv:",
            }.items():
                assert decided[name].startswith(path), (user, name, decided[name])
            number = int(decided["csh"].split(":")[1])
            assert "https_proxy" in host.read("/etc/csh.cshrc").splitlines()[number - 1]
        assert rows_of(result, "ada")["systemd user"]["decided_by"]["https_proxy"].startswith("/etc/environment")


@pytest.mark.hosts
@pytest.mark.conda
def test_conflicts_and_their_winners(player: Player, play: str, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    assert player.play("site").returncode == 0
    host.run("cat >> /home/ada/.profile", stdin=PROFILE)
    host.write("/home/ada/.condarc", CONDARC, owner="ada")
    host.write("/home/ada/mine.yml", "ssl_verify: true\n", owner="ada")
    host.write("/home/ada/.netrc", f"default login x password {OTHER_SECRET}\n", mode="0600", owner="ada")
    host.write("/home/ada/env/.condarc", "ssl_verify: false\n", owner="ada")
    host.write("/home/ada/.conda/environments.txt", "/home/ada/env\n", owner="ada")
    host.run("echo 'https_proxy=http://cron.invalid:7' | crontab -u ada -")
    host.write("/home/ada/.curlrc", f"proxy = http://me:{OTHER_SECRET}@curl.invalid:4\n", owner="ada")
    before = fingerprint(host)
    # a host without keys of its own in our condarc
    played = player.play(play, "-vvv", info_users=["ada"], info_channel="https://mirror.invalid/main")
    assert played.returncode == 0, played.output
    assert played.executions() == 1
    assert fingerprint(host) == before
    no_secret(played.output)
    result = info(played)
    rows = rows_of(result, "ada")
    profile = host.read("/home/ada/.profile").splitlines()

    def line(text: str) -> str:
        return f"/home/ada/.profile:{next(n for n, each in enumerate(profile, 1) if text in each)}"

    assert rows["login shell"]["http_proxy"].endswith("@127.0.0.1:9")
    assert rows["login shell"]["decided_by"]["http_proxy"] == line("127.0.0.1:9")
    assert rows["ssh command"]["http_proxy"].endswith(CORPORATE)
    # one command, two proxies: the user's condarc for packages, the environment for what is asked for in style B
    assert rows["conda packages"]["http_proxy"].endswith("@other.invalid:1")
    assert rows["conda packages"]["decided_by"]["http_proxy"].startswith("/home/ada/.condarc:4: proxy_servers.http")
    assert rows["conda zst"]["http_proxy"].endswith("@127.0.0.1:9")
    assert rows["conda zst"]["decided_by"]["http_proxy"] == line("127.0.0.1:9")
    assert rows["conda zst"]["https_proxy"].endswith(CORPORATE)
    assert rows["conda packages"]["ca_bundle"] == "/etc/ssl/certs/ca-certificates.crt"
    assert rows["conda packages"]["decided_by"]["ca_bundle"] == line("REQUESTS_CA_BUNDLE")
    assert rows["cron"]["https_proxy"] == "http://cron.invalid:7"
    assert rows["cron"]["decided_by"]["https_proxy"].startswith("crontab:")
    assert rows["curl"]["https_proxy"].endswith("@curl.invalid:4")
    assert (rows["curl"]["how"], rows["curl"]["note"]) == ("run", "")
    assert rows["curl"]["decided_by"]["https_proxy"] == "/home/ada/.curlrc:1"
    found = {(row["path"], row["winner"]): row["what"] for row in result["conflicts"]}
    assert ("/home/ada/.condarc", "/home/ada/.condarc") in found
    assert OURS in found["/home/ada/.condarc", "/home/ada/.condarc"]
    assert (line("CONDARC"), "/home/ada/mine.yml") in found
    assert (line("CONDA_SSL_VERIFY"), "the environment: CONDA_SSL_VERIFY") in found
    assert not {
        name for name in ("CONDA_EXE", "CONDA_SHLVL", "CONDA_AUTO_ACTIVATE_BASE") if name in str(result["conflicts"])
    }
    assert (line("REQUESTS_CA_BUNDLE"), "the environment: REQUESTS_CA_BUNDLE") in found
    assert "default entry" in found["/home/ada/.netrc", "/home/ada/.netrc"]
    assert "while the environment /home/ada/env is active" in str(found)
    differing = [row["what"] for row in result["conflicts"] if not row["path"]]
    assert [what.partition(" ")[0] for what in differing] == ["http_proxy", "https_proxy"]
    assert "127.0.0.1:9 for login shell" in differing[0]
    assert "cron.invalid:7 for cron" in differing[1]
    assert "curl.invalid:4 for curl" in differing[1]


@pytest.mark.hosts
@pytest.mark.conda
def test_a_user_alone(player: Player, play: str, conda_hosts: list[Host]) -> None:
    host = conda_hosts[0]
    assert player.play("site").returncode == 0
    with fresh_managers(host):
        alone = Player(player._run, player._folder, {host.name: host.inventory("ada")}, {})
        played = alone.play(play, "-vvv")
        assert played.returncode == 0, played.output
        assert played.executions() == 1
        no_secret(played.output)
        rows = rows_of(info(played), "ada")
        assert sorted(rows) == sorted(CONSUMERS + FROM_FILES)
        assert all(row["https_proxy"].endswith("@" + CORPORATE) for row in rows.values()), rows
        refused = alone.play(play, info_users=["bob"])
        assert refused.returncode == 2
        assert "showing other users requires root, but the task runs as ada; set become: true" in refused.output


CATEGORIES = """
import json
from conda.base.context import context
names = [name for kind in ("Channel", "Network") for name in context.category_map[kind + " Configuration"]]
print(json.dumps([[name, *context.describe_parameter(name)["aliases"]] for name in names]))
"""
# what conda has in these two categories and what says nothing about who is asked
ELSE = {
    "fetch_threads",
    "repodata_threads",
    "repodata_fns",
    "use_only_tar_bz2",
    "local_repodata_ttl",
    "experimental",
    "no_lock",
}
NEWER = {"denylist_channels", "repodata_use_shards"}  # than the bases here
CLI = {"use_local"}  # conda counts it to the command line, and takes it from a variable all the same


@pytest.mark.conda
def test_which_variables_of_conda_count(conda: Callable[..., Path], tmp_path: Path) -> None:
    """The list is conda's own: nothing of the two categories is forgotten, and nothing is on it that conda does not know."""
    known: set[str] = set()
    for version in ("24.7.1", "22.9.0"):
        argv = [str(conda(version) / "bin/python"), "-c", CATEGORIES]
        done = subprocess.run(argv, env=clean_env(tmp_path), capture_output=True, text=True, check=True)
        known |= {name for names in json.loads(done.stdout) for name in names}
    assert known - ELSE | NEWER | CLI == conflicts.NETWORK


@pytest.mark.conda
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_without_a_host(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    play: str,
    conda: Callable[..., Path],
    interpreter: Callable[[str], Path],
    version: str,
) -> None:
    local = {"ansible_connection": "local", "ansible_python_interpreter": str(interpreter(version))}
    player = Player(ansible_run, tmp_path, {"here": local}, {})
    base = str(conda().resolve())
    played = player.play(play, info_prefix=base)
    assert played.returncode == 0, played.output
    rows = {row["consumer"]: row for row in info(played)["consumers"]}
    assert {"login shell", "ssh command", "sudo", "conda packages", "conda zst"} <= set(rows)
    assert rows["conda packages"]["base"] == base
    assert rows["conda packages"]["note"] == ""
    unknown = player.play(play, info_users=["nobody-of-that-name"])
    assert unknown.returncode == 2
    assert "nobody-of-that-name" in unknown.output or "need root" in unknown.output
