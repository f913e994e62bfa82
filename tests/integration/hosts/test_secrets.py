# SPDX-License-Identifier: GPL-3.0-or-later
"""A marker password is in no output of ours: -vvv, --diff, failures, the host's syslog and journal, process lists."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import conda as _conda
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from tests.bed.paths import CHECKOUT, VENV_BIN
from tests.bed.play import Player
from tests.bed.proof import conda_info, prove
from tests.bed.secrets import MARKER, PASSWORD, forms, leaks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.hosts import Host


def settings(tmp_path: Path, **more: Any) -> dict[str, Any]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "conda_proxy_scope": "user",
        "conda_proxy_home": str(home),
        "conda_proxy_http": "http://127.0.0.1:1",
        "conda_proxy_username": "ada",
        "conda_proxy_password": PASSWORD,
        "conda_proxy_channels": ["https://conda.bed.invalid/main"],
        "conda_proxy_verify_deadline": 10,
    } | more


@pytest.fixture
def player(ansible_run: Callable[..., Any], tmp_path: Path) -> Player:
    return Player(ansible_run, tmp_path, {"here": {}}, settings(tmp_path))


def test_good_settings(player: Player, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.joinpath(".condarc").write_text(f"proxy_servers:\n  http: http://old:{PASSWORD}@proxy:1\ntoken: {MARKER}\n")
    home.joinpath(".netrc").write_text(f"machine foreign login x password {MARKER}\n")
    entry = {"machine": "mirror.example.com", "login": "ada", "password": MARKER + "-netrc"}
    more = {"conda_proxy_sections": ["condarc", "environment", "netrc"], "conda_proxy_netrc": [entry]}
    for playbook, arguments in (
        ("preflight", ()),
        ("site", ("--check",)),
        ("site", ()),
        ("verify", ()),
        ("remove", ("--check",)),
        ("remove", ()),
    ):
        played = player.play(playbook, "--diff", "-vvv", *arguments, conda_proxy_verify="report", **more)
        assert played.returncode == 0 or playbook == "verify", played.output
        assert not leaks(played.output), (playbook, arguments)
        assert not leaks(str(played.entries)), (playbook, arguments)


MALFORMED: dict[str, dict[str, Any]] = {
    "in the URL": {
        "conda_proxy_http": f"http://ada:{PASSWORD}@127.0.0.1:1",
        "conda_proxy_password": None,
        "conda_proxy_username": None,
    },
    "newline": {"conda_proxy_password": PASSWORD + "\n"},
    "a list": {"conda_proxy_password": [PASSWORD]},
    "a mapping as URL": {"conda_proxy_http": {"url": PASSWORD}},
    "netrc as text": {"conda_proxy_netrc": PASSWORD, "conda_proxy_sections": ["netrc"]},
    "netrc entry incomplete": {
        "conda_proxy_netrc": [{"machine": "x", "password": PASSWORD}],
        "conda_proxy_sections": ["netrc"],
    },
    "netrc cannot hold it": {
        "conda_proxy_netrc": [{"machine": "x", "login": "y", "password": PASSWORD}],
        "conda_proxy_sections": ["netrc"],
    },
    "username": {"conda_proxy_username": PASSWORD},
    "channel": {"conda_proxy_channels": [f"https://ada:{PASSWORD}@host/x"]},
    "system scope": {"conda_proxy_scope": "system", "conda_proxy_home": None},
    "system scope, in extra": {
        "conda_proxy_scope": "system",
        "conda_proxy_home": None,
        "conda_proxy_username": None,
        "conda_proxy_password": None,
        "conda_proxy_extra": {"custom_multichannels": {"corp": [f"https://svc:{MARKER}@host/x"]}},
    },
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_settings(player: Player, name: str) -> None:
    played = player.play("site", "--diff", "-vvv", **MALFORMED[name])
    assert played.returncode != 0
    assert not leaks(played.output)
    assert not leaks(str(played.entries))


@pytest.mark.parametrize("by", ["extra", "template"])
def test_a_password_elsewhere_in_the_condarc_closes_the_file(player: Player, tmp_path: Path, by: str) -> None:
    """Neither in a variable for passwords nor in a channel's: in any further key, or in a template of the user's own."""
    url = f"https://svc:{MARKER}@mirror.example.com/x"
    more: dict[str, Any] = {"conda_proxy_extra": {"custom_multichannels": {"corp": [url]}}}
    if by == "template":
        (tmp_path / "own.j2").write_text(f"proxy_servers:\n  http: {url}\n")
        more = {"conda_proxy_condarc_template": "own.j2"}
    condarc = tmp_path / "home/.condarc"
    condarc.touch()
    condarc.chmod(0o644)
    without = {"conda_proxy_username": None, "conda_proxy_password": None, "conda_proxy_verify": "none"}
    played = player.play("site", "--diff", "-vvv", **without, **more)
    assert played.returncode == 0, played.output
    assert url in condarc.read_text()
    assert condarc.stat().st_mode & 0o777 == 0o600
    assert not leaks(played.output)


def test_broken_files_on_the_machine(player: Player, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.joinpath(".condarc").write_text(f"{{proxy_servers: {{http: 'http://ada:{PASSWORD}@x'}}}}\n")
    played = player.play("site", "--diff", "-vvv")
    assert played.returncode == 2
    assert "condarc.d" in played.result("here")["msg"]
    assert not leaks(played.output)


@pytest.mark.hosts
def test_nothing_in_the_hosts_logs_and_process_list(
    ansible_run: Callable[..., Any], tmp_path: Path, conda_hosts: list[Host]
) -> None:
    host = conda_hosts[0]
    variables = settings(
        tmp_path, conda_proxy_scope="system", conda_proxy_home=None, conda_proxy_password_exposure="allow"
    )
    variables |= {
        "conda_proxy_verify": "report",
        "conda_proxy_prefix": "/opt/conda",
    }
    del variables["ansible_connection"], variables["ansible_python_interpreter"]
    player = Player(ansible_run, tmp_path, {host.name: host.inventory()}, variables)
    look = "cat $p/cmdline $p/environ"
    loop = f"while [ ! -e /run/stop ]; do for p in /proc/[0-9]*; do {look}; done; done > /run/seen 2>/dev/null"
    watcher = f"nohup sh -c {shlex.quote(loop)} >/dev/null 2>&1 &"
    host.run(f"rm -f /run/stop /run/seen; {watcher}")
    try:
        # environment.d alone for the watched run: what a shell or a service exports is in its environ, and must be
        for playbook, targets in (
            ("site", ["environment_d"]),
            ("remove", []),
            ("site", ["profile", "systemd_manager", "sudoers"]),
        ):
            if "profile" in targets:
                host.run("touch /run/stop")
            played = player.play(playbook, "--diff", "-vvv", conda_proxy_environment_targets=targets)
            assert played.returncode == 0, played.output
            assert not leaks(played.output)
            if playbook == "site":
                journal = host.run(
                    "journalctl --no-pager -o json; cat /var/log/syslog /var/log/messages 2>/dev/null; true"
                ).stdout
                assert "conda_proxy_host" in journal or "ansible" in journal, (
                    "the module's own log line is not there to be searched"
                )
                assert not leaks(journal)
    finally:
        host.run("touch /run/stop")
        player.play("remove")
    for form in forms(PASSWORD):
        assert host.run(["grep", "-acF", form, "/run/seen"], check=False).stdout.strip() == "0", (
            "seen in argv or environ"
        )


@pytest.mark.conda
@pytest.mark.parametrize("version", ["24.7.1", "22.9.0"])
def test_what_conda_starts_does_not_inherit_a_password(
    version: str, conda: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """conda runs uname and lsb_release for its user agent; here these note what they were given."""
    note = tmp_path / "started"
    for program in ("uname", "lsb_release", "sh", "ldd"):
        spy = tmp_path / "bin" / program
        spy.parent.mkdir(exist_ok=True)
        spy.write_text(f'#!/bin/sh\ncat /proc/self/environ >> {note}\nexec /usr/bin/{program} "$@"\n')
        spy.chmod(0o755)
    monkeypatch.setattr(process, "PATH", f"{tmp_path}/bin:{process.PATH}")
    (tmp_path / ".condarc").write_text("channels: ['https://conda.bed.invalid/main']\n")
    proxy = f"http://ada:{quote(PASSWORD, safe='')}@127.0.0.1:1"
    environment: dict[str, str | None] = {"https_proxy": proxy, "http_proxy": proxy, "CONDA_PW": PASSWORD}
    bases = find_bases(str(tmp_path), "", str(conda(version)))
    rows = prove(bases, environment, tmp_path)
    assert [(row["verdict"], row["proxy_source"]) for row in rows] == [("refused_proxy", "environment")]
    assert "https_proxy: <set>" in conda_info(bases, environment, tmp_path)
    account = Account("ada", os.getuid(), os.getgid(), str(tmp_path), "/bin/sh")
    login = {name: value or "" for name, value in environment.items()}
    seen = _conda.conda(_rows.Subject(LINUX, account, login, "https://conda.bed.invalid/main"), bases[0])
    assert {row.https_proxy for row in seen} == {proxy}
    assert f"PATH={tmp_path}/bin" in note.read_text(), "conda started nothing: this test has lost its point"
    assert not leaks(note.read_text())


def test_what_ansible_itself_prints_is_clean_for_vaulted_secrets(
    ansible_run: Callable[..., Any], ansible_env: dict[str, str], tmp_path: Path
) -> None:
    """A failing task shows the lines around it; a secret in a vaulted file of its own is not among them."""
    vault = tmp_path / "vault.yml"
    vault.write_text(f'vault_password: "{MARKER}"\n', encoding="utf-8")
    key = tmp_path / "key"
    key.write_text("key\n", encoding="utf-8")
    argv: list[str | Path] = [VENV_BIN / "ansible-vault", "encrypt", "--vault-password-file", key, vault]
    subprocess.run(argv, env=ansible_env, check=True, capture_output=True)
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: localhost\n  gather_facts: false\n  vars_files: [vault.yml]\n  roles:\n    - role: condafleet.proxy.conda_proxy\n"
        "      vars:\n        conda_proxy_http: http://ada:{{ vault_password }}#@proxy:1\n",
        encoding="utf-8",
    )
    done = ansible_run(play, "-vvv", "--vault-password-file", key, cwd=CHECKOUT)
    assert done.returncode == 2
    assert MARKER not in done.stdout + done.stderr
