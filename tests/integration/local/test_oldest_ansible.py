# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest ansible-core that meta/runtime.yml promises runs the main job; all other tests run on the newest."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed.environ import download_env
from tests.bed.locks import file_lock
from tests.bed.paths import CACHE, CHECKOUT, VENV_BIN
from tests.bed.windows import MACHINE_ENVIRONMENT, WindowsStandIn

if TYPE_CHECKING:
    from pathlib import Path

PINS = CHECKOUT / "requirements/oldest.txt"
PASSWORD = "p:@/#{{ 7 * 7 }}%\u00fc"


@pytest.fixture(scope="module")
def oldest() -> Path:
    if sys.version_info >= (3, 13):
        pytest.skip("ansible-core 2.16 runs on Python 3.10 to 3.12")
    key = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    venv = CACHE / f"oldest-{key}"
    with file_lock(venv.with_suffix(".lock")):
        if not (venv / "ready").exists():
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            argv: list[str | Path] = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-input", "-r", PINS]
            subprocess.run(argv, check=True, env=download_env(), stdin=subprocess.DEVNULL)
            (venv / "ready").touch()
    return venv


class Oldest:
    """Plays on one host with the oldest Ansible; everything has to go well, and no password may be shown."""

    def __init__(self, venv: Path, env: dict[str, str], folder: Path, variables: dict[str, Any]) -> None:
        self._venv = venv
        self._env = env
        self._inventory = folder / "inventory.yml"
        variables = {
            "conda_proxy_http": "http://127.0.0.1:9",
            "conda_proxy_username": "ada",
            "conda_proxy_password": PASSWORD,
            "conda_proxy_channels": ["https://x.invalid/{{ '{{' }} 1 }}".replace(" ", "")],
            "conda_proxy_verify": "none",
        } | variables
        text = yaml.safe_dump({"all": {"hosts": {"here": variables}}}, allow_unicode=True)
        text = text.replace("conda_proxy_password: ", "conda_proxy_password: !unsafe ")
        self._inventory.write_text(text, encoding="utf-8")

    def play(self, playbook: str, *arguments: str) -> str:
        """The output of a run."""
        argv: list[str | Path] = [
            self._venv / "bin/ansible-playbook",
            "-i",
            self._inventory,
            f"condafleet.proxy.{playbook}",
            *arguments,
            *(("-e", "conda_proxy_remove=yes") if playbook == "remove" else ()),
        ]
        done = subprocess.run(argv, cwd=CHECKOUT, env=self._env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return str(done.stdout)


def test_main_job(oldest: Path, ansible_env: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "conda_proxy_scope": "user",
        "conda_proxy_home": str(home),
    }
    here = Oldest(oldest, ansible_env, tmp_path, variables)
    here.play("preflight")
    assert "changed=1" in here.play("site", "--check", "--diff", "-vvv")
    assert not list(home.iterdir())
    assert "changed=1" in here.play("site")
    condarc = yaml.safe_load((home / ".condarc").read_text(encoding="utf-8"))
    # "{{" in a value is text, not a template
    assert "%7B%7B%207%20%2A%207%20%7D%7D" in condarc["proxy_servers"]["https"]
    assert condarc["channels"] == ["https://x.invalid/{{1}}"]
    assert "changed=0" in here.play("site")
    assert "changed=1" in here.play("remove")
    assert not list(home.iterdir())


INLINE = """\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: condafleet.proxy.conda_proxy
      when: not bare
    - condafleet.proxy.conda_proxy:
        scope: user
        home: "{{ conda_proxy_home }}"
        http: !vault VAULTED_http
        username: !vault VAULTED_username
        password: !vault VAULTED_password
        channels: [!vault VAULTED_channel]
        sections: [condarc, environment, netrc]
        netrc: [{machine: mirror.example.com, login: ada, password: !vault VAULTED_password}]
        verify: none
      when: bare
    - condafleet.proxy.conda_connectivity:
        http: !vault VAULTED_http
        username: ada
        password: !vault VAULTED_password
        environment: {PW: !vault VAULTED_password}
        prefix: /nonexistent
        verify_deadline: 5
      when: bare
  vars:
    conda_proxy_scope: user
    conda_proxy_http: !vault VAULTED_http
    conda_proxy_username: !vault VAULTED_username
    conda_proxy_password: !vault VAULTED_password
    conda_proxy_channels: [!vault VAULTED_channel]
    conda_proxy_sections: [condarc, environment, netrc]
    conda_proxy_netrc: [{machine: mirror.example.com, login: ada, password: !vault VAULTED_password}]
    conda_proxy_verify: none
"""
INLINE_VALUES = {
    "http": "http://127.0.0.1:9",
    "username": "ada",
    "password": "Zq7marker:@/#%",
    "channel": "https://mirror.example.com/t/Zq7marker/x",
}


@pytest.mark.parametrize("version", ["oldest", "current"])
@pytest.mark.parametrize("bare", [False, True], ids=["role", "module"])
def test_an_inline_vault(
    request: pytest.FixtureRequest, ansible_env: dict[str, str], tmp_path: Path, version: str, bare: bool
) -> None:
    """`!vault` in the middle of other settings, for the role and for the modules: written, and never shown."""
    programs = VENV_BIN if version == "current" else request.getfixturevalue("oldest") / "bin"
    (tmp_path / "key").write_text("key\n", encoding="utf-8")
    (tmp_path / "home").mkdir()
    play = tmp_path / "play.yml"

    def run(program: str, *arguments: str | Path) -> str:
        argv: list[str | Path] = [programs / program, *arguments, "--vault-password-file", tmp_path / "key"]
        done = subprocess.run(argv, cwd=CHECKOUT, env=ansible_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    text = INLINE
    for name, value in INLINE_VALUES.items():
        lines = run("ansible-vault", "encrypt_string", value).splitlines()
        vaulted = [line.strip() for line in lines if line.startswith(" ")]
        # in double quotes YAML folds a line end to a space; the escapes keep them, also in a flow list
        text = text.replace("VAULTED_" + name, '"' + "\\n".join(vaulted) + '\\n"')
    play.write_text(text, encoding="utf-8")
    inventory = tmp_path / "hosts.yml"
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "conda_proxy_home": str(tmp_path / "home"),
        "bare": bare,
    }
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"here": variables}}}), encoding="utf-8")
    output = run("ansible-playbook", "-i", inventory, "-vvv", "--diff", play)
    assert "changed=1" in output
    assert "Zq7marker" not in output
    condarc = yaml.safe_load((tmp_path / "home/.condarc").read_text(encoding="utf-8"))
    assert condarc["proxy_servers"]["https"] == "http://ada:Zq7marker%3A%40%2F%23%25@127.0.0.1:9"
    assert condarc["channels"] == [INLINE_VALUES["channel"]]
    assert "password Zq7marker:@/#%" in (tmp_path / "home/.netrc").read_text(encoding="utf-8")


def test_windows(oldest: Path, ansible_env: dict[str, str], tmp_path: Path) -> None:
    machine = WindowsStandIn(tmp_path / "windows")
    before = machine.snapshot()
    variables = machine.host_vars(like_ssh=True) | {
        "conda_proxy_password_exposure": "allow",
        "conda_proxy_become": False,
    }
    pc = Oldest(oldest, ansible_env | machine.env(), tmp_path, variables)
    assert "changed=1" in pc.play("site", "--diff", "-vvv")
    value = machine.value(MACHINE_ENVIRONMENT, "https_proxy")
    assert value
    assert "%7B%7B%207%20%2A%207%20%7D%7D" in value[2]
    assert "changed=0" in pc.play("site", "-vvv")
    assert "changed=1" in pc.play("remove")
    assert machine.snapshot() == before
