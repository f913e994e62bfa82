# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found out about a Windows host: whose it is, its bases, their roots and their netrc parser."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.host import WindowsHost, file_texts, profile
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine
from tests.bed.windows import HOME, VOLATILE_ENVIRONMENT, initial
from tests.bed.windows_remote import DirectRemote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine

SHELL_FOLDERS = "HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders"


@pytest.fixture
def state() -> dict[str, Any]:
    return initial(administrator=True)


def plant(state: dict[str, Any], path: str, text: str = "MZ") -> None:
    Machine(state).edit("put_file", path, base64.b64encode(text.encode()).decode())


def base(state: dict[str, Any], name: str, python: str = "", roots: str = "") -> str:
    """A conda in the profile."""
    prefix = f"{HOME}\\{name}"
    plant(state, prefix + "\\Scripts\\conda.exe")
    if python:
        plant(state, f"{prefix}\\conda-meta\\python-{python}-h1_0.json")
    if roots:
        plant(state, prefix + "\\Lib\\site-packages\\certifi\\cacert.pem", roots)
    return prefix


def look(state: dict[str, Any], prefix: str = "", home: str = "") -> tuple[WindowsHost, DirectRemote]:
    remote = DirectRemote(state)
    return WindowsHost(remote, WindowsMachine(remote, WINDOWS.system_state, system=True), prefix, home), remote


def test_the_profile_is_the_session_s_and_names_the_user(state: dict[str, Any]) -> None:
    host, remote = look(state)
    assert (host.home, host.user) == (HOME, "Ada")
    assert (host.home, len(remote.log)) == (HOME, 1), "looked twice"
    given, remote = look(state, home="D:\\Bob")
    assert (given.home, given.user, remote.log) == ("D:\\Bob", "Bob", [])


@pytest.mark.parametrize(
    ("local", "home"),
    [
        ("D:\\Users\\Eve\\AppData\\Local", "D:\\Users\\Eve"),
        ("%USERPROFILE%\\AppData\\Local", HOME),
        ("D:\\Local", ""),
        (None, ""),
    ],
)
def test_a_session_that_does_not_name_it(local: str | None, home: str, state: dict[str, Any]) -> None:
    machine = Machine(state)
    machine.remove_value(VOLATILE_ENVIRONMENT, "USERPROFILE")
    if local:
        machine.set_value(SHELL_FOLDERS, "Local AppData", "string", local)
    host, _remote = look(state)
    found = profile(host.machine)
    assert found in (home, ""), "never a path with a variable in it"
    if "%" not in (local or ""):
        assert found == home
    assert host.user == (found.rpartition("\\")[2] or None)


def test_bases_are_looked_for_once(state: dict[str, Any]) -> None:
    prefix = base(state, "miniconda3")
    host, remote = look(state)
    assert [one.prefix for one in host.bases] == [prefix]
    count = len(remote.log)
    assert [one.prefix for one in host.bases] == [prefix]
    assert len(remote.log) == count


@pytest.mark.parametrize(
    ("versions", "escapes"),
    [((), None), (("3.11.9",), True), (("3.10.1",), False), (("3.11.9", "3.10.1"), None), (("",), None)],
)
def test_one_rule_for_all_netrc_parsers_or_none(
    versions: tuple[str, ...], escapes: bool | None, state: dict[str, Any]
) -> None:
    for name, version in zip(("miniconda3", "anaconda3"), versions, strict=False):
        base(state, name, version)
    assert look(state)[0].netrc_escapes() is escapes


def test_roots_come_with_the_first_base_that_has_some_and_may_be_run(state: dict[str, Any]) -> None:
    assert look(state)[0].roots() is None
    base(state, "miniconda3")
    base(state, "miniforge3", roots="ROOTS\n")
    assert look(state)[0].roots() == "ROOTS\n"
    assert look(state, prefix=HOME + "\\nothing")[0].roots() is None


def test_texts_of_files_that_can_be_read(state: dict[str, Any]) -> None:
    plant(state, HOME + "\\a", "A")
    host, _remote = look(state)
    Machine(state).edit("put_folder", HOME + "\\directory")
    assert list(file_texts(host.machine, [HOME + "\\a", HOME + "\\directory", HOME + "\\none"])) == ["A", ""]
