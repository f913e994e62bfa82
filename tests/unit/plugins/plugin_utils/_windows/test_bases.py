# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bases a Windows host has, and which of them are run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.bases import find_bases, python_version
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine
from tests.bed.windows import ADA, ADMINISTRATORS, HOME, initial
from tests.bed.windows_remote import DirectRemote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine

UNINSTALL = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\"


@pytest.fixture
def state() -> dict[str, Any]:
    return initial(administrator=True)


def plant(state: dict[str, Any], prefix: str, owner: str = ADMINISTRATORS) -> str:
    machine = Machine(state)
    machine.edit("put_file", prefix + "\\Scripts\\conda.exe", "")
    machine.set_owner(prefix, owner)
    return prefix


def find(state: dict[str, Any], given: str = "", home: str = HOME) -> list[Base]:
    remote = DirectRemote(state)
    return find_bases(remote, WindowsMachine(remote, WINDOWS.system_state, system=True), home, given)


@pytest.mark.parametrize(
    "prefix",
    [
        "C:\\ProgramData\\miniconda3",
        "C:\\tools\\Anaconda3",
        "C:\\Program Files\\miniforge3",
        HOME + "\\mambaforge",
        HOME + "\\AppData\\Local\\miniconda3",
    ],
)
def test_the_usual_places_whatever_their_case(prefix: str, state: dict[str, Any]) -> None:
    plant(state, prefix)
    (base,) = find(state)
    assert base.prefix.lower() == prefix.lower()
    assert base.python.lower() == prefix.lower() + "\\python.exe"
    assert base.refusal == ""


def test_a_directory_without_conda_is_no_base(state: dict[str, Any]) -> None:
    Machine(state).edit("put_folder", "C:\\ProgramData\\miniconda3\\Scripts")
    assert find(state) == []


@pytest.mark.parametrize(("home", "count"), [(HOME, 1), ("", 0)])
def test_a_profile_counts_where_there_is_one(home: str, count: int, state: dict[str, Any]) -> None:
    plant(state, HOME + "\\miniconda3", ADA)
    assert len(find(state, home=home)) == count


@pytest.mark.parametrize(
    ("prefix", "owner", "refused"),
    [
        ("C:\\ProgramData\\miniconda3", ADMINISTRATORS, False),
        ("C:\\ProgramData\\miniconda3", ADA, True),
        (HOME + "\\miniconda3", ADA, False),
    ],
)
def test_what_others_put_there_is_not_run(prefix: str, owner: str, refused: bool, state: dict[str, Any]) -> None:
    plant(state, prefix, owner)
    (base,) = find(state)
    assert bool(base.refusal) is refused
    assert not refused or prefix in base.refusal


@pytest.mark.parametrize("given", ["C:\\ProgramData\\miniconda3", "C:/ProgramData/miniconda3/"])
def test_a_given_one_counts_alone_whoever_owns_it(given: str, state: dict[str, Any]) -> None:
    plant(state, "C:\\ProgramData\\miniconda3", ADA)
    plant(state, HOME + "\\miniconda3", ADA)
    assert find(state, given) == [Base("C:\\ProgramData\\miniconda3", "C:\\ProgramData\\miniconda3\\python.exe")]


@pytest.mark.parametrize("given", ["C:\\nothing", "/opt/conda", "miniconda3"])
def test_a_given_one_that_is_none_is_refused_by_its_name(given: str, state: dict[str, Any]) -> None:
    plant(state, HOME + "\\miniconda3", ADA)
    (base,) = find(state, given)
    assert given in base.refusal


@pytest.mark.parametrize(
    ("name", "value", "text", "found"),
    [
        ("Miniconda3 py311", "InstallLocation", "C:\\else where\\", True),
        ("Anaconda3", "UninstallString", '"C:\\else where\\Uninstall-Anaconda3.exe" /S', True),
        ("Miniforge3 24.3", "UninstallString", "C:\\else where\\Uninstall.exe", True),
        ("Mambaforge", "InstallLocation", '"C:\\else where"', True),
        ("Anaconda3", "InstallLocation", "relative\\conda", False),
        ("Other", "InstallLocation", "C:\\else where", False),
    ],
)
def test_the_list_of_programs(name: str, value: str, text: str, found: bool, state: dict[str, Any]) -> None:
    machine = Machine(state)
    plant(state, "C:\\else where")
    machine.set_value(UNINSTALL + name, value, "string", text)
    assert [base.prefix for base in find(state)] == (["C:\\else where"] if found else [])


@pytest.mark.parametrize(
    ("record", "version"), [("python-3.11.9-h1_0.json", "3.11.9"), ("python-dateutil-2.9-py_0.json", None), ("", None)]
)
def test_the_python_that_conda_recorded(record: str, version: str | None, state: dict[str, Any]) -> None:
    prefix = plant(state, "C:\\ProgramData\\miniconda3")
    Machine(state).edit("put_folder", prefix + "\\conda-meta")
    if record:
        Machine(state).edit("put_file", f"{prefix}\\conda-meta\\{record}", "")
    assert python_version(DirectRemote(state), Base(prefix, prefix + "\\python.exe")) == version
