# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a run costs beside `ansible all -m ping`: the same hosts, forks and ssh settings, cold connections each time.

    make venv && .venv/bin/python -m benchmarks.ratio          (as root, with podman)

Prints the median wall time and the controller's CPU seconds as ratios to ping, and the remote executions per host.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.bed.environ import SYSTEM_PATH, clean_env
from tests.bed.hosts import Host
from tests.bed.paths import CHECKOUT, VENV_BIN, link_collection

HOSTS = 4
ROUNDS = 3
PLAY = """
- hosts: all
  gather_facts: false
  roles: [condafleet.proxy.conda_proxy]
"""
COPIES = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {content: same, dest: "/tmp/copy{{ item }}", mode: "0644"}
      loop: [1, 2, 3, 4, 5, 6, 7, 8]
"""


def _run(argv: list[str], env: dict[str, str]) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds, output."""
    shutil.rmtree(env["ANSIBLE_SSH_CONTROL_PATH_DIR"], ignore_errors=True)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


def main() -> None:
    """Measure and print."""
    started: list[Host] = []
    with tempfile.TemporaryDirectory(prefix="cf-") as folder:
        try:
            started += [Host.start(f"bench{number}") for number in range(HOSTS)]
            _measure(Path(folder), started)
        finally:
            for host in started:
                host.stop()


def _measure(folder: Path, hosts: list[Host]) -> None:
    inventory, play, copies = folder / "inventory.yml", folder / "play.yml", folder / "copies.yml"
    variables = {
        "conda_proxy_http": "http://proxy.example.com:8080",
        "conda_proxy_channels": ["conda-forge"],
        "conda_proxy_verify": "none",
    }
    content = {"all": {"hosts": {host.name: host.inventory() for host in hosts}, "vars": variables}}
    inventory.write_text(yaml.safe_dump(content))
    play.write_text(PLAY)
    copies.write_text(COPIES)
    env = clean_env(
        folder,
        PATH=f"{VENV_BIN}:{SYSTEM_PATH}",
        ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH=str(link_collection()),
        ANSIBLE_SSH_CONTROL_PATH_DIR=str(folder / "cp"),
        ANSIBLE_SSH_ARGS="-o ControlMaster=auto -o ControlPersist=1s",
    )
    playbook = [str(VENV_BIN / "ansible-playbook"), "-i", str(inventory)]
    ping = [str(VENV_BIN / "ansible"), "-i", str(inventory), "all", "-m", "ping"]
    runs = {
        "ping": ping,
        "first apply": [*playbook, str(play)],
        "nothing to do": [*playbook, str(play)],
        "--check --diff": [*playbook, str(play), "--check", "--diff"],
        "8 unchanged copy tasks": [*playbook, str(copies)],
    }
    _run(runs["8 unchanged copy tasks"], env)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _round in range(ROUNDS):
        for host in hosts:
            host.run("rm -rf /var/lib/condafleet /etc/conda /etc/profile.d/zz-condafleet-proxy.sh")
        for name, argv in runs.items():
            wall, cpu, _output = _run(argv, env)
            results[name].append((wall, cpu))
    base = [statistics.median(column) for column in zip(*results["ping"], strict=True)]
    sys.stdout.write(f"{HOSTS} hosts, {os.cpu_count()} cores; ratios to ansible all -m ping\n")
    for name, values in results.items():
        wall, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        sys.stdout.write(f"{name:24} wall {wall / base[0]:5.2f}   controller CPU {cpu / base[1]:5.2f}\n")
    output = _run([*runs["nothing to do"], "-vvv"], env)[2]
    sys.stdout.write(f"remote executions per host: {output.count('SSH: EXEC ssh') / len(hosts):g}\n")


if __name__ == "__main__":
    main()
