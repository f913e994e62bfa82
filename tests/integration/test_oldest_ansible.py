# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest ansible-core that meta/runtime.yml promises runs the main job; all other tests run on the newest."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.bed.environ import download_env
from tests.bed.locks import file_lock
from tests.bed.paths import CACHE, CHECKOUT

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


def test_main_job(oldest: Path, ansible_env: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    inventory = tmp_path / "inventory.yml"
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "conda_proxy_scope": "user",
        "conda_proxy_home": str(home),
        "conda_proxy_http": "http://127.0.0.1:9",
        "conda_proxy_username": "ada",
        "conda_proxy_password": PASSWORD,
        "conda_proxy_channels": ["https://x.invalid/{{ '{{' }} 1 }}".replace(" ", "")],
        "conda_proxy_verify": "none",
    }
    text = yaml.safe_dump({"all": {"hosts": {"here": variables}}}, allow_unicode=True)
    inventory.write_text(text.replace("conda_proxy_password: ", "conda_proxy_password: !unsafe "), encoding="utf-8")

    def play(playbook: str, *arguments: str) -> str:
        argv: list[str | Path] = [
            oldest / "bin/ansible-playbook",
            "-i",
            inventory,
            f"condafleet.proxy.{playbook}",
            *arguments,
        ]
        done = subprocess.run(argv, cwd=CHECKOUT, env=ansible_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return str(done.stdout)

    play("preflight")
    assert "changed=1" in play("site", "--check", "--diff", "-vvv")
    assert not list(home.iterdir())
    assert "changed=1" in play("site")
    condarc = yaml.safe_load((home / ".condarc").read_text(encoding="utf-8"))
    # "{{" in a value is text, not a template
    assert "%7B%7B%207%20%2A%207%20%7D%7D" in condarc["proxy_servers"]["https"]
    assert condarc["channels"] == ["https://x.invalid/{{1}}"]
    assert "changed=0" in play("site")
    assert "changed=1" in play("remove")
    assert not list(home.iterdir())
