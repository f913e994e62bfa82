# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""One Windows host during one task."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import python
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.bases import find_bases, python_version
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import Remote

MakeRemote = t.Callable[[t.Callable[[str], str]], Remote]
_SESSION = r"HKCU:\Volatile Environment"
_SHELL_DIRECTORIES = r"HKCU:\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
_LOCAL = r"\AppData\Local"
_CERTIFI = r"\Lib\site-packages\certifi\cacert.pem"


class WindowsHost:
    """One host during one task. What is found out is remembered: each look is a remote execution."""

    def __init__(self, remote: Remote, machine: WindowsMachine, prefix: str, home: str = "") -> None:
        self.remote = remote
        self.machine = machine
        self._prefix = prefix
        self._home: str | None = home or None
        self._bases: list[Base] | None = None

    @property
    def home(self) -> str:
        """The connecting user's profile, as the session has it; empty when it has none."""
        if self._home is None:
            self._home = profile(self.machine)
        return self._home

    @property
    def user(self) -> str | None:
        """The connecting user, by the name of the profile; None without one. Finding the bases looks at it anyway."""
        return self.home.rpartition("\\")[2] or None

    @property
    def bases(self) -> list[Base]:
        if self._bases is None:
            self._bases = find_bases(self.remote, self.machine, self.home, self._prefix)
        return self._bases

    def netrc_escapes(self) -> bool | None:
        """Return how the netrc parser of the bases quotes; None when it is not known, or not one rule for all."""
        return python.common_escapes(python.netrc_escapes(python_version(self.remote, base)) for base in self.bases)

    def roots(self) -> str | None:
        """Return the CA roots that come with a base: Windows keeps its own in no file."""
        for base in self.bases:
            file = self.machine.read(base.prefix + _CERTIFI) if not base.refusal else File()
            if file.exists:
                return file.text
        return None


def profile(machine: WindowsMachine) -> str:
    """USERPROFILE of the connecting user; empty when it has none."""
    value = machine.key(_SESSION).get("userprofile")
    if value:
        return str(value.seen)
    # not every session over the network has that key; this one lies in the profile and is expanded by the session
    local = machine.key(_SHELL_DIRECTORIES).get("local appdata")
    path = str(local.seen) if local else ""
    return path[: -len(_LOCAL)] if path.endswith(_LOCAL) and "%" not in path else ""


def file_texts(machine: WindowsMachine, paths: t.Iterable[str]) -> t.Iterator[str]:
    """Return what stands in the files, where it can be read; conda says what is wrong with another one."""
    for path in paths:
        with contextlib.suppress(MachineError):
            yield machine.read(path).text or ""
