# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Which conda bases a Windows host has. Nothing is started."""

from __future__ import annotations

import contextlib
import ntpath
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import NAMES, Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import recorded_python
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import ADMINISTRATORS, WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote

# where the installers of Miniconda, Anaconda and Miniforge put a base for all users, and Chocolatey's packages
_MACHINE_DIRECTORIES = (r"C:\ProgramData", "C:", r"C:\tools", r"C:\Program Files")
_USER_DIRECTORIES = (r"{home}", r"{home}\AppData\Local", r"{home}\AppData\Local\Continuum")
_UNINSTALL = r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
# a directory, or the directory of a program that may be in quotes and have options
_DIRECTORY = re.compile(r'(?i)^"?([A-Z]:\\[^"<>|?*]+?)\\?(?:\\[^\\"<>|?*]+\.exe\b.*|")?$')
_PRODUCT = re.compile(r"(?i)^(mini|ana)conda|^miniforge|^mambaforge")


def _base(prefix: str, refusal: str = "") -> Base:
    return Base(prefix, prefix + "\\python.exe", refusal=refusal)


def find_bases(remote: Remote, machine: WindowsMachine, home: str, given: str = "") -> list[Base]:
    """Return the bases of all users and of the connecting one, each once. With `given` only that one counts."""
    if given:
        prefix = ntpath.normpath(given)
        there = bool(ntpath.splitdrive(prefix)[0] and _with_conda(remote, [prefix]))
        return [
            _base(
                prefix,
                "" if there else f"conda_proxy_prefix is set to {given}, which contains no conda; correct the path",
            )
        ]
    places = [directory + "\\" + name for directory in _MACHINE_DIRECTORIES for name in NAMES]
    if home:
        places += [directory.replace("{home}", home) + "\\" + name for directory in _USER_DIRECTORIES for name in NAMES]
    found = _with_conda(remote, places)
    if not found:
        with contextlib.suppress(ModuleFailed):  # a directory on a drive that is gone
            found = _with_conda(remote, _installed(machine))
    return [_base(prefix, _refusal(remote, prefix, home)) for prefix in found]


def python_version(remote: Remote, base: Base) -> str | None:
    """Return the version of a base's Python, by conda's record of it."""
    answer = remote.module("win_find", paths=[base.prefix + r"\conda-meta"], patterns=["python-*.json"])
    return recorded_python(file["filename"] for file in answer["files"])


def _with_conda(remote: Remote, prefixes: t.Sequence[str]) -> list[str]:
    """Those of `prefixes` that hold a conda, in one execution."""
    if not prefixes:
        return []
    answer = remote.module("win_find", paths=[prefix + r"\Scripts" for prefix in prefixes], patterns=["conda.exe"])
    found = {file["path"].lower() for file in answer["files"]}
    return [prefix for prefix in prefixes if (prefix + r"\Scripts\conda.exe").lower() in found]


def _installed(machine: WindowsMachine) -> list[str]:
    """Return the directories that the uninstall keys name."""
    directories = []
    for hive in ("HKLM:", "HKCU:"):
        key = hive + _UNINSTALL
        for name in machine.sub_keys(key):
            if _PRODUCT.search(name):
                values = machine.key(key + "\\" + name)
                for value in ("installlocation", "uninstallstring"):
                    match = _DIRECTORY.match(str(values[value].seen) if value in values else "")
                    if match:
                        directories.append(match.group(1))
                        break
    return directories


def _refusal(remote: Remote, prefix: str, home: str) -> str:
    """Return why a base must not be run: an administrator runs nobody's conda but its own and the machine's."""
    if home and prefix.lower().startswith(home.lower() + "\\"):
        return ""
    if remote.module("win_owner", check_mode=True, path=prefix, user=ADMINISTRATORS).get("changed"):
        return f"{prefix} is not owned by the Administrators; set conda_proxy_prefix to it if it may be run"
    return ""
