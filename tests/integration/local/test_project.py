# SPDX-License-Identifier: GPL-3.0-or-later
"""The project that users copy: its playbooks run, with its own ansible.cfg and its own inventory."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed.paths import CHECKOUT
from tests.bed.play import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROJECT = CHECKOUT / "examples/project"
CA = (CHECKOUT / "inventories/files/company-ca.pem").read_text(encoding="utf-8")
HOSTS = ("app01.example.com", "app02.example.com", "app03.example.com", "build01.example.com")
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.com")
# what a vaulted file or a credential of AWX brings
VAULTED = {
    "vault_conda_proxy_username": "svc-conda",
    "vault_conda_proxy_password": "p@ss/w%rd",
    "vault_conda_netrc_login": "ada",
    "vault_conda_netrc_password": "not-a-real-one",
}


@pytest.fixture
def run(ansible_run: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., tuple[int, str]]:
    def play(playbook: str, *arguments: str, **extra: Any) -> tuple[int, str]:
        done = ansible_run(
            PROJECT / playbook,
            *arguments,
            "-e",
            json.dumps({**VAULTED, **extra}),
            inventory=PROJECT / "inventory",
            env={"ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg")},
            cwd=PROJECT,
        )
        return done.returncode, done.stdout + done.stderr

    return play


def test_preflight_accepts_it_without_a_connection(run: Callable[..., tuple[int, str]]) -> None:
    code, output = run("preflight.yml", "-vvv", "--diff")
    assert code == 0, output
    assert len(re.findall(r"ok=\d+ +changed=0 +unreachable=0 +failed=0", output)) == len(HOSTS), output
    assert "EXEC" not in output, "something ran on a machine"
    assert not re.findall(r"\[WARNING\](?!: conda_proxy_).*", output), "a warning of Ansible's"
    assert not [name for name, secret in VAULTED.items() if name.endswith("password") and secret in output]


def test_its_rings_and_its_ca_arrive(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    """On this machine, each host with a home of its own; three of them in the rings after the canary."""
    homes = tmp_path / "homes"
    for host in HOSTS:
        (homes / host).mkdir(parents=True)
    here = {
        **LOCAL,
        "conda_proxy_scope": "user",
        "conda_proxy_users": [],
        "conda_proxy_home": f"{homes}/{{{{ inventory_hostname }}}}",
        "conda_proxy_verify": "none",
    }
    code, output = run("site.yml", **here)
    assert code == 0, output
    assert output.count("TASK [Decide whether this ring may begin]") == 3, output
    for host in HOSTS:
        assert (homes / host / ".conda/condafleet-ca.pem").read_text().startswith(CA)
    assert "conda.internal.example.com" in (homes / HOSTS[-1] / ".netrc").read_text()
    code, output = run("drift.yml", **here)
    assert code == 0, output


def test_ansible_pull_takes_it(ansible_run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """As docs/scaling.md says: the inventory by an absolute path in the clone, with this machine under its own name."""
    repository, clone, home = tmp_path / "repository", tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    shutil.copytree(PROJECT, repository)
    hosts = {"all": {"children": {"servers": {"hosts": {platform.node(): None, "another.example.com": None}}}}}
    (repository / "inventory/hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    for command in (["init", "-q", "-b", "stable"], ["add", "-A"], [*AUTHOR, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    here = {"conda_proxy_scope": "user", "conda_proxy_users": [], "conda_proxy_verify": "none"}

    def pull() -> str:
        done = ansible_run(
            "site.yml",
            *("-U", f"file://{repository}", "-C", "stable", "-d", clone, "-c", "local", "--clean"),
            *("-e", json.dumps({**VAULTED, **here, "conda_proxy_home": str(home)})),
            inventory=clone / "inventory",
            program="ansible-pull",
            cwd=tmp_path,
        )
        output: str = done.stdout + done.stderr
        assert done.returncode == 0, output
        assert "another.example.com" not in output.partition("CONDA FLEET")[0]
        return output

    assert "1 host: 1 changed" in pull()
    assert (home / ".conda/condafleet-ca.pem").read_text().startswith(CA)
    (home / ".condarc").write_text("channels: [edited]\n")
    assert "1 host: 1 changed" in pull(), "drift is corrected although the repository did not change"
    assert "1 host: 1 in order" in pull()


def test_the_ca_is_the_one_of_the_example_inventory() -> None:
    variables = yaml.safe_load((PROJECT / "inventory/group_vars/all.yml").read_text(encoding="utf-8"))
    assert variables["conda_proxy_ca_bundle_content"] == CA


def test_rings_are_the_same_everywhere() -> None:
    """They cannot be in the inventory, so each playbook that goes ring by ring has them."""
    rings = [
        yaml.safe_load((PROJECT / f"{name}.yml").read_text(encoding="utf-8"))[0]["vars"]["conda_proxy_rings"]
        for name in ("site", "drift")
    ]
    assert rings[0] == rings[1]
