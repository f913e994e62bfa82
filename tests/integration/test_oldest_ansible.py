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
from tests.bed.paths import CACHE, CHECKOUT
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
