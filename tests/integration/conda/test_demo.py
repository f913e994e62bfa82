# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo` in a copy of the checkout: it shows what it says, touches nothing else, and leaves no process."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bed import conda_base
from tests.bed.environ import clean_env, download_env
from tests.bed.paths import CACHE, CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.conda

_NOBODY = 65534
_LAST_STEP = "Remove"
_SYSTEM_PYTHON = "/usr/bin/python3"


def _copy(target: Path, reuse: bool = True) -> Path:
    """What git tracks or would track; with `reuse` also the venv and the conda that are built already."""
    subprocess.run([CHECKOUT / "tests/tools/copy-collection", target], check=True)
    checkout = target / "ansible_collections/condafleet/proxy"
    if reuse:
        conda_base.build()
        (checkout / ".cache").mkdir()
        (checkout / ".cache/conda").symlink_to(CACHE / "conda")
        (checkout / ".venv").symlink_to(CHECKOUT / ".venv")
    return checkout


@contextmanager
def _home(path: Path) -> Iterator[Path]:
    """A home with something in it, which is the same afterwards."""
    for name, text in {
        ".condarc": "channels: [mine]\n",
        ".bashrc": "# mine\n",
        ".config/x": "1",
        ".conda/y": "",
    }.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    before = _fingerprint(path)
    yield path
    assert _fingerprint(path) == before


def _fingerprint(folder: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [folder, *folder.rglob("*")]
    }


def _left_running(checkout: Path) -> list[str]:
    """Command lines of processes that have to do with this copy."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(checkout) in argv or str(checkout) in place:
            found.append(argv)
    return found


def _all_as_expected(output: str) -> None:
    assert "All as expected" in output
    last = next(line for line in reversed(output.splitlines()) if _LAST_STEP in line)
    assert last.rstrip().endswith("yes")


def test_make_demo(tmp_path: Path) -> None:
    checkout = _copy(tmp_path / "copy")
    with _home(tmp_path / "home") as home:
        done = subprocess.run(
            ["make", "demo"],
            cwd=checkout,
            env=clean_env(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    _all_as_expected(done.stdout)
    assert "3 hosts: 1 failed, 1 drift, 1 in order" in done.stdout
    page = (checkout / ".demo/report/report.html").read_text(encoding="utf-8")
    assert [state for state in ("failed", "drift", "in_order") if f'<tr data-state="{state}"' in page] == [
        "failed",
        "drift",
        "in_order",
    ]
    assert "password@corp" not in page
    assert "password@corp" not in "".join(
        path.read_text(encoding="utf-8") for path in (checkout / ".demo/logs").glob("*.log")
    )
    assert _left_running(checkout) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_running(ending: signal.Signals, tmp_path: Path) -> None:
    checkout = _copy(tmp_path / "copy")
    log = tmp_path / "output"
    with log.open("w") as stream:
        demo = subprocess.Popen(
            [checkout / "demo/run"], env=clean_env(tmp_path), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
    deadline = time.monotonic() + 120
    while "Apply" not in log.read_text(encoding="utf-8"):
        assert demo.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1.5)  # in the middle of a playbook
    demo.send_signal(ending)
    assert demo.wait(60) == 128 + ending
    assert _left_running(checkout) == []
    assert "Traceback" not in log.read_text(encoding="utf-8")


WORKER = """
import os, subprocess, sys, time
if os.fork() == 0:  # as Ansible's workers: a session of its own, and what it started
    os.setsid()
    child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"])
    time.sleep(600)
time.sleep(600)
"""
DEMO_CHILD = f"""
import sys, time
from pathlib import Path
from demo import children
children.adopt_orphans()
log = Path(sys.argv[1])
with children.child([sys.executable, "-c", {WORKER!r}], {{}}, log):
    while "up" not in log.read_text():
        time.sleep(0.05)
with children.child(["/bin/sh", "-c", "echo ended"], {{}}, log):
    pass
"""


def test_what_left_the_session_of_its_parent_is_ended_too(tmp_path: Path) -> None:
    checkout = _copy(tmp_path / "copy")
    subprocess.run(
        [checkout / ".venv/bin/python", "-B", "-c", DEMO_CHILD, tmp_path / "log"],
        cwd=checkout,
        env=clean_env(tmp_path),
        check=True,
    )
    assert _left_running(checkout) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run without root already")
def test_make_demo_from_nothing_as_an_unprivileged_user() -> None:
    """On a machine with git, make and Python with venv: builds the venv and conda, asks for no right."""
    folder = Path(tempfile.mkdtemp(prefix="condafleet-demo-"))  # pytest's own folders are root's alone
    try:
        checkout = _copy(folder / "copy", reuse=False)
        with _home(folder / "home") as home:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
            env = download_env(home)
            env.pop("PIP_CACHE_DIR", None)
            done = subprocess.run(
                ["make", "demo", f"PYTHON={_SYSTEM_PYTHON}"],
                cwd=checkout,
                env=env,
                user=_NOBODY,
                group=_NOBODY,
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        _all_as_expected(done.stdout)
        assert _left_running(checkout) == []
    finally:
        shutil.rmtree(folder)
