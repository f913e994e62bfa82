# SPDX-License-Identifier: GPL-3.0-or-later
"""How a child is started, fed, bounded and ended."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, trust
from tests.bed.children import interpreter_that, open_to_all
from tests.bed.paths import CHECKOUT

OWN = process.RunAs(-1, -1, "", "/nonexistent")


def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/pid; sleep 60\n"
    answer = process.run_python(interpreter_that(tmp_path, script), b"", OWN, 0.5)
    assert not answer.in_time
    child = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    for _attempt in range(100):  # the kernel takes its moment
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("its child is still there")


def test_what_it_left_running_is_not_waited_for_and_ends(tmp_path: Path) -> None:
    done = process.run(["/bin/sh", "-c", "sleep 60 & echo $!"], {}, seconds=20, cap=1000)
    assert done.status == 0
    child = Path("/proc") / done.output.decode().strip() / "stat"
    for _attempt in range(100):
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("its child is still there")


@pytest.mark.parametrize(
    ("script", "output", "status"),
    [
        ("echo hello; exit 3", b"hello\n", 3),
        ("exec >&-; exit 4", b"", 4),
        ("cat", b"text", 0),
        ("exec <&-; echo deaf", b"deaf\n", 0),
    ],
)
def test_output_and_status(script: str, output: bytes, status: int) -> None:
    done = process.run(["/bin/sh", "-c", script], {}, seconds=20, cap=1000, stdin=b"text")
    assert (done.output, done.status, done.failure) == (output, status, "")


def test_bounds() -> None:
    endless = ["/bin/sh", "-c", "while :; do echo condafleet; done"]
    done = process.run(endless, {}, seconds=20, cap=10_000)
    assert done.status is None
    assert len(done.output) < 200_000
    assert process.run(["sleep", "60"], {}, seconds=0.2, cap=1000).status is None


def test_no_program() -> None:
    assert process.run(["/nonexistent/x"], {}, seconds=1, cap=1).failure == "No such file or directory"
    answer = process.run_python("/nonexistent/python", b"", OWN, 1)
    assert answer.failure == "/nonexistent/python cannot be started: No such file or directory."


def test_errors_only_where_they_are_wanted() -> None:
    argv = ["/bin/sh", "-c", "echo out; echo error >&2"]
    assert process.run(argv, {}, seconds=20, cap=1000).output == b"out\n"
    assert process.run(argv, {}, seconds=20, cap=1000, stderr=subprocess.STDOUT).output == b"out\nerror\n"


def test_nothing_secret_in_argv_or_environment(tmp_path: Path) -> None:
    script = f"tr '\\0' '\\n' </proc/$$/cmdline >{tmp_path}/seen; env >>{tmp_path}/seen; pwd >>{tmp_path}/seen\n"
    process.run_python(interpreter_that(tmp_path, script), b"https_proxy=http://a:Zq7@p", OWN, 20)
    seen = (tmp_path / "seen").read_text()
    assert "HOME=/nonexistent" in seen
    assert "Zq7" not in seen
    assert "proxy" not in seen.replace(str(CHECKOUT), "").replace(str(tmp_path), "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_rights_are_dropped_groups_included(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    open_to_all(tmp_path)
    python = interpreter_that(tmp_path, "echo `id -u` `id -G` $HOME\n")
    run_as = process.RunAs(nobody.pw_uid, nobody.pw_gid, "nobody", trust.NO_HOME)
    answer = process.run_python(python, b"", run_as, 20)
    assert answer.output.decode().split() == [str(nobody.pw_uid), str(nobody.pw_gid), "/nonexistent"]


def test_a_real_python_reads_its_program_from_stdin() -> None:
    answer = process.run_python(sys.executable, b"print('hello')", OWN, 20)
    assert answer.output == b"hello\n"
