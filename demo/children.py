# SPDX-License-Identifier: GPL-3.0-or-later
"""Every process that the demo starts: with a clean environment whose paths all lie below .demo, and ended by its id."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from demo.console import Unexpected
from demo.machines import DEMO, HOMES
from tests.bed.environ import SYSTEM_PATH, clean_env
from tests.bed.paths import CHECKOUT, VENV_BIN, link_collection
from tests.bed.play import Played
from tests.bed.processes import family

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INVENTORY = CHECKOUT / "inventories" / "demo"
_ADDRESSES = DEMO / "addresses.yml"
_RESULTS = DEMO / "results.jsonl"
_CALLBACKS = CHECKOUT / "tests" / "bed" / "callback"
_START_SECONDS = 30
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_started: set[int] = set()


def adopt_orphans() -> None:
    """From now on what a child of ours leaves running becomes our own child, also out of another session."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_orphans() -> None:
    """Ansible's workers have sessions of their own and outlive it for a moment; so may what they started."""
    while orphans := {pid for pid, (parent, _argv) in family().items() if parent == os.getpid()} - _started:
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@contextmanager
def child(argv: list[str | Path], env: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, with all that it started gone at the end."""
    with output.open("wb") as stream:
        process = subprocess.Popen(
            argv,
            cwd=CHECKOUT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.add(process.pid)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _started.discard(process.pid)
        _end_orphans()


def _environment(home: Path, **extra: str) -> dict[str, str]:
    temporary = DEMO / "tmp"
    temporary.mkdir(exist_ok=True)
    return clean_env(home, TMPDIR=str(temporary), PYTHONDONTWRITEBYTECODE="1", **extra)


@contextmanager
def stage() -> Iterator[dict[str, Any]]:
    """The proxy with the password, and the TLS channel behind it; yields their addresses."""
    settings = yaml.safe_load((_INVENTORY / "group_vars/all.yml").read_text(encoding="utf-8"))
    state = DEMO / "stage"
    facts = state / "stage.json"
    state.mkdir()
    argv: list[str | Path] = [sys.executable, "-m", "tests.bed.stage", "serve", "--state", state]
    argv += ["--address", "127.0.0.1"]
    argv += ["--username", settings["conda_proxy_username"], "--password", settings["conda_proxy_password"]]
    log = DEMO / "logs/stage.log"
    with child(argv, _environment(DEMO / "control"), log) as process:
        deadline = time.monotonic() + _START_SECONDS
        while not facts.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unexpected("proxy and channel did not start", log.read_text(encoding="utf-8"))
            time.sleep(0.05)
        yield json.loads(facts.read_text(encoding="utf-8"))


def set_addresses(served: dict[str, Any], base: Path) -> None:
    """What inventories/demo cannot know beforehand; given to every playbook with -e."""
    addresses = {
        "demo_proxy": served["proxy"],
        "demo_channel": served["https"],
        "demo_ca": served["ca"],
        "demo_conda": str(base),
    }
    _ADDRESSES.write_text(yaml.safe_dump(addresses), encoding="utf-8")


def play(playbook: str, *arguments: str, log: str, report: Path | None = None) -> Played:
    """Run condafleet.proxy.<playbook> on inventories/demo. Ansible's output goes to .demo/logs/<log>.log."""
    control = DEMO / "control"
    env = _environment(
        control,
        PATH=f"{VENV_BIN}:{SYSTEM_PATH}",
        ANSIBLE_HOME=str(control / "ansible"),
        ANSIBLE_LOCAL_TEMP=str(control / "ansible/tmp"),
        ANSIBLE_REMOTE_TEMP=str(control / "ansible/remote"),
        ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH=str(link_collection()),
        ANSIBLE_CALLBACK_PLUGINS=str(_CALLBACKS),
        ANSIBLE_CALLBACKS_ENABLED="bed_results",
        ANSIBLE_NOCOLOR="1",
        CONDA_PROXY_REPORT_DIR=str(report or DEMO / "logs/report"),
        BED_RESULTS=str(_RESULTS),
    )
    _RESULTS.unlink(missing_ok=True)
    argv: list[str | Path] = [sys.executable, VENV_BIN / "ansible-playbook", "-i", _INVENTORY]
    argv += [f"condafleet.proxy.{playbook}", "-e", f"@{_ADDRESSES}", "--diff", *arguments]
    path = DEMO / f"logs/{log}.log"
    with child(argv, env, path) as process:
        returncode = process.wait()
    lines = _RESULTS.read_text(encoding="utf-8").splitlines() if _RESULTS.exists() else []
    return Played(returncode, path.read_text(encoding="utf-8"), [json.loads(line) for line in lines])


def conda(machine: str, command: str) -> tuple[int, str]:
    """A conda command as a person types it into a login shell on a machine."""
    env = _environment(
        HOMES / machine,
        CONDA_PKGS_DIRS=str(DEMO / "conda-packages"),
        CONDA_NUMBER_CHANNEL_NOTICES="0",  # conda would keep a cache of them in the home
    )
    path = DEMO / f"logs/conda-{command.split(maxsplit=1)[0]}.log"
    with child(["bash", "-lc", f"conda {command}"], env, path) as process:
        returncode = process.wait()
    return returncode, path.read_text(encoding="utf-8")
