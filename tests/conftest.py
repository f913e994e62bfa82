# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test may use. What cannot run here is named in the summary; with CI=true it is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.bed.environ import SYSTEM_PATH, clean_env
from tests.bed.interpreters import find_interpreter
from tests.bed.paths import CHECKOUT, VENV_BIN, link_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    AnsibleRun = Callable[..., subprocess.CompletedProcess[str]]

link_collection()
IN_CI = os.environ.get("CI") == "true"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups of pytest-xdist hold what is expensive to start: one that is not kept together is started in each worker."""
    if session.config.getoption("loadgroup", False):
        lost = [item.nodeid for item in session.items if "xdist_group" in item.keywords and "@" not in item.nodeid]
        if lost:
            raise pytest.UsageError(f"this pytest-xdist does not know the groups of this pytest: {lost[0]}")


def unavailable(reason: str) -> NoReturn:
    """Skip for a user, fail in CI, where everything must be there."""
    if IN_CI:
        pytest.fail(f"CI must be able to run this: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def interpreter() -> Callable[[str], Path]:
    """`interpreter("3.8")` is a Python of that version which runs; without one the test is skipped (in CI: fails)."""

    def find(version: str) -> Path:
        found = find_interpreter(version)
        if found is None:
            unavailable(f"no python{version} runs on this machine")
        return found

    return find


@pytest.fixture
def ansible_env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A clean environment for Ansible's commands, with everything that it writes below the test's folder."""
    home = tmp_path / "ansible"
    home.mkdir()
    sockets = tempfile.mkdtemp(prefix="bed-")  # a socket's path has room for about 100 characters
    yield clean_env(
        home,
        PATH=f"{VENV_BIN}:{SYSTEM_PATH}",
        ANSIBLE_HOME=str(home / ".ansible"),
        ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH=str(link_collection()),
        ANSIBLE_LOCAL_TEMP=str(home / "tmp"),
        ANSIBLE_NOCOLOR="1",
        CONDA_PROXY_REPORT_DIR=str(home / "reports"),
        PYTHONDONTWRITEBYTECODE="1",
        ANSIBLE_SSH_CONTROL_PATH_DIR=sockets,
    )
    for name in os.listdir(sockets):  # the master connections that ssh keeps open
        subprocess.run(
            ["ssh", "-O", "exit", "-o", f"ControlPath={sockets}/{name}", "bed"], capture_output=True, check=False
        )
    shutil.rmtree(sockets, ignore_errors=True)


@pytest.fixture
def ansible_run(ansible_env: dict[str, str]) -> AnsibleRun:
    """`ansible_run(playbook, *arguments, inventory=..., env={...}, program="ansible-playbook")` -> rc, stdout, stderr.

    The playbook is a path or a name like `condafleet.proxy.site`; the inventory is a path or a host list with a comma.
    """

    def run(
        playbook: str | Path,
        *arguments: str | Path,
        inventory: str | Path = "localhost,",
        env: Mapping[str, str] | None = None,
        program: str = "ansible-playbook",
        cwd: Path = CHECKOUT,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VENV_BIN / program, "-i", str(inventory), str(playbook), *map(str, arguments)],
            cwd=cwd,
            env={**ansible_env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
