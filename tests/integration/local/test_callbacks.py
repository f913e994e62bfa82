# SPDX-License-Identifier: GPL-3.0-or-later
"""The callbacks as users have them: ansible.cfg, a terminal, ara, ansible-runner, a playbook of one's own."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed import cores
from tests.bed.paths import CHECKOUT, VENV_BIN
from tests.bed.play import LOCAL, ONE_RING
from tests.bed.secrets import PASSWORD, leaks
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOWN = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
OWN_PLAYBOOK = """
- hosts: all
  gather_facts: true
  tasks:
    - name: Push
      condafleet.proxy.conda_proxy:
        scope: user
        home: "{{ home }}"
        http: http://proxy.invalid:3128
        username: ada
        password: "{{ password }}"
        verify: none
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Four hosts that are this machine with a home each, one that is down, and one whose home is a file."""
    hosts: dict[str, Any] = {f"h{number}": dict(LOCAL) for number in range(1, 5)}
    hosts |= {"down": dict(DOWN), "odd": dict(LOCAL)}
    for name in hosts:
        hosts[name]["conda_proxy_home"] = str(tmp_path / "homes" / name)
        (tmp_path / "homes" / name).mkdir(parents=True)
    (tmp_path / "homes/odd/.condarc").mkdir()
    variables = {
        "conda_proxy_scope": "user",
        "conda_proxy_http": "http://proxy.invalid:3128",
        "conda_proxy_username": "ada",
        "conda_proxy_password": PASSWORD,
        "conda_proxy_verify": "none",
    }
    path = tmp_path / "inventory.yml"
    text = yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}, allow_unicode=True)
    path.write_text(text.replace("conda_proxy_password: ", "conda_proxy_password: !unsafe "), encoding="utf-8")
    return path


def in_a_terminal(argv: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Run a command whose output is a terminal; return its code and what the terminal was sent."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(argv, env=env, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower)
    os.close(follower)
    sent = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the last process closed it
            break
        if not block:
            break
        sent += block
    os.close(leader)
    return process.wait(), sent.decode(errors="replace")


def as_seen(sent: str) -> list[str]:
    """Return the lines that stay on the terminal."""
    lines, fresh = [""], False
    for piece in re.split(r"(\r\n|\r|\n|\x1b\[K)", sent):
        if piece in ("\r\n", "\n"):
            lines.append("")
        elif piece == "\r":
            fresh = True
            continue
        elif piece == "\x1b[K":
            lines[-1] = ""
        else:
            text = re.sub(r"\x1b\[[0-9;]*m", "", piece)
            lines[-1] = text + lines[-1][len(text) :] if fresh else lines[-1] + text
        fresh = False
    return lines


@pytest.mark.parametrize("core", ["ours", "oldest", "newest"])
def test_a_terminal(ansible_env: dict[str, str], inventory: Path, core: str) -> None:
    if core != "ours" and (reason := cores.missing(core)):
        unavailable(reason)
    program = (VENV_BIN if core == "ours" else cores.venv(core) / "bin") / "ansible-playbook"
    env = ansible_env | {"ANSIBLE_STDOUT_CALLBACK": "condafleet.proxy.fleet", "TERM": "xterm"}
    argv = [str(program), "-i", str(inventory), "condafleet.proxy.site", *ONE_RING]
    code, sent = in_a_terminal(argv, env)
    lines = as_seen(sent)
    seen = "\n".join(lines)
    assert code == 4, seen
    assert "6 of 6 hosts: 4 changed, 1 failed, 1 not reached" in lines, seen
    for line in (r"not reached: \[down\]: .*ssh.*", r"failed: \[odd\]: .*\.condarc.*"):
        assert len([one for one in lines if re.fullmatch(line, one)]) == 1, seen
    assert not [line for line in lines if line.startswith(("ok:", "changed:", "fatal:", "[ERROR]"))], seen
    assert seen.count("CONDA FLEET") == 1
    assert "conda fleet: " not in seen, "progress once, in place"
    assert leaks(sent) == set()

    # under ansible-runner, which calls its output a terminal, and with -v: what the default callback prints
    for more, arguments in (({"AWX_ISOLATED_DATA_DIR": "/x"}, []), ({}, ["-v"])):
        _code, sent = in_a_terminal([*argv, *arguments], env | more)
        assert "\x1b[K" not in sent
        assert "fatal: [down]: UNREACHABLE!" in sent
        assert "ok: [h1]" in sent


def test_ansible_cfg_names_the_directories_and_progress_is_whole_lines(
    ansible_run: Callable[..., Any], ansible_env: dict[str, str], inventory: Path, tmp_path: Path
) -> None:
    del ansible_env["CONDA_PROXY_REPORT_DIR"]  # it would come first
    config = tmp_path / "ansible.cfg"
    config.write_text(
        f"[condafleet]\nreport_dir = {tmp_path}/reports\nmetrics_dir = {tmp_path}/metrics\nreport_proof = true\n"
        "report_progress = 1\n"
    )
    env = {"ANSIBLE_CONFIG": str(config), "ANSIBLE_STDOUT_CALLBACK": "condafleet.proxy.fleet", "ANSIBLE_FORKS": "1"}
    done = ansible_run("condafleet.proxy.site", *ONE_RING, inventory=inventory, env=env)
    assert sorted(path.name for path in (tmp_path / "metrics").iterdir()) == ["condafleet.prom"]
    names = "history.jsonl hosts.json junit.xml remaining.txt report.html report.json"
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == names.split()
    # no terminal: the stdout callback prints what the default one prints
    assert "ok: [h1]" in done.stdout
    assert "\r" not in done.stdout
    assert re.search(r"^conda fleet: \d of 6 hosts done, \d not in order, \d left", done.stdout, re.MULTILINE)
    assert re.search(r"^  host +user +conda +channel +verdict$", done.stdout, re.MULTILINE)
    assert f"report: {tmp_path}/reports/report.html" in done.stdout


def test_a_playbook_of_ones_own_also_reports_hosts_that_failed_before_our_task(
    ansible_run: Callable[..., Any], inventory: Path, tmp_path: Path
) -> None:
    playbook = tmp_path / "own.yml"
    playbook.write_text(
        OWN_PLAYBOOK.replace("{{ home }}", "{{ conda_proxy_home }}").replace("password }}", "conda_proxy_password }}")
    )
    reports = tmp_path / "reports"
    env = {"ANSIBLE_CALLBACKS_ENABLED": "condafleet.proxy.fleet_report", "CONDA_PROXY_REPORT_DIR": str(reports)}
    done = ansible_run(playbook, inventory=inventory, env=env)
    found = json.loads((reports / "report.json").read_text())
    states = {row["host"]: row["state"] for row in found["hosts"]}
    assert states == {"down": "unreachable", "odd": "failed", **dict.fromkeys(("h1", "h2", "h3", "h4"), "changed")}
    assert (reports / "remaining.txt").read_text().split() == ["down", "odd"]
    assert leaks(done.stdout + done.stderr) == set()


def test_beside_ara(ansible_run: Callable[..., Any], inventory: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-m", "ara.setup.callback_plugins"]
    callbacks = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    env = {
        "ANSIBLE_CALLBACK_PLUGINS": callbacks,
        "ARA_BASE_DIR": str(tmp_path / "ara"),
        "ARA_API_CLIENT": "offline",
        "CONDA_PROXY_REPORT_DIR": str(tmp_path / "reports"),
    }
    done = ansible_run("condafleet.proxy.site", *ONE_RING, inventory=inventory, env=env)
    assert done.stdout.count("CONDA FLEET") == 1
    database = next((tmp_path / "ara").rglob("*.sqlite"))
    with sqlite3.connect(database) as connection:
        recorded = {row[0] for row in connection.execute("SELECT name FROM hosts")}
        results = connection.execute("SELECT count(*) FROM results").fetchone()[0]
    assert recorded >= {"h1", "down", "odd"}, done.stdout + done.stderr
    assert results > 6
    assert leaks(database.read_bytes().decode("latin-1")) == set()


def test_under_ansible_runner(ansible_env: dict[str, str], inventory: Path, tmp_path: Path) -> None:
    data = tmp_path / "runner"
    (data / "inventory").mkdir(parents=True)
    (data / "inventory/hosts.yml").write_text(inventory.read_text(encoding="utf-8"), encoding="utf-8")
    (data / "project").mkdir()
    reports = tmp_path / "reports"
    env = ansible_env | {"CONDA_PROXY_REPORT_DIR": str(reports)}
    argv = [
        str(VENV_BIN / "ansible-runner"),
        "run",
        str(data),
        "-p",
        "condafleet.proxy.site",
        "--cmdline",
        shlex.join(ONE_RING),
        "--ident",
        "one",
    ]
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "CONDA FLEET" in done.stdout
    assert "\x1b[K" not in done.stdout
    assert json.loads((reports / "report.json").read_text())["totals"]["unreachable"] == 1
    artifacts = [path for path in (data / "artifacts").rglob("*") if path.is_file()]
    assert len(artifacts) > 10
    assert leaks("".join(path.read_text(encoding="utf-8", errors="replace") for path in artifacts)) == set()
