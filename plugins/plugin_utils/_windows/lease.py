# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The lock on a Windows host: a directory that one run makes, with the run's name and an end in it.

A lease, because nothing on the host lives as long as the run does: an interrupted run leaves it behind.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote

_SECONDS = 1800.0  # longer than any run; by the clock of the control nodes
_POLL = 2.0


class Lease:
    """The lease on the state in `directory`; `timeout` is how long to wait for another run, in seconds."""

    def __init__(self, remote: Remote, directory: str, run: str, timeout: float) -> None:
        self._remote = remote
        self._directory = directory + "\\lock"
        self._file = self._directory + "\\lease.json"
        self._run = run
        self._timeout = timeout
        self.held = False

    def take(self) -> None:
        """Take the lease. Raises MachineError that says who holds it."""
        deadline = time.monotonic() + self._timeout
        while not self._remote.module("win_file", path=self._directory, state="directory")["changed"]:
            holder = self._holder()
            late = time.monotonic() > deadline
            # a run that did not write its name in all that time was interrupted before it could
            if late if holder is None else _is_over(holder):
                if self._holder() == holder:  # else somebody else was quicker
                    self._remote.module("win_file", path=self._directory, state="absent")
            elif late:
                raise MachineError(
                    f"{self._directory} is held by another run ({_who(holder)}); wait for it to end, or remove the "
                    f"directory "
                    "when that run is gone"
                )
            else:
                time.sleep(min(_POLL, self._timeout))
        self._write()
        self.held = True

    def confirm(self) -> None:
        """Confirm it a moment after it was taken: of two that took it at the same time, the later writer has it."""
        holder = self._holder()
        if holder is None or holder.get("run") != self._run:
            self.held = False
            raise MachineError(
                f"{self._directory} was taken by another run ({_who(holder)}) at the same time; run again"
            )

    def drop(self) -> None:
        if self.held:
            self._remote.module("win_file", path=self._directory, state="absent")
            self.held = False

    def _write(self) -> None:
        content = {"run": self._run, "node": _node(), "pid": os.getpid(), "until": time.time() + _SECONDS}
        self._remote.copy(json.dumps(content).encode(), self._file)

    def _holder(self) -> dict[str, t.Any] | None:
        try:
            text = base64.b64decode(self._remote.module("slurp", src=self._file)["content"])
            holder = json.loads(text)
            return holder if isinstance(holder, dict) else None
        except (ModuleFailed, ValueError):
            return None  # made, and not written yet


def _is_over(holder: t.Mapping[str, t.Any]) -> bool:
    """Has its time run out, or was it a run from this very control node that is no more?"""
    if float(holder.get("until", 0)) < time.time():
        return True
    if holder.get("node") != _node():
        return False
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, KeyError, ValueError):
        return False
    return False


def _node() -> str:
    """Where a process number means something: containers may share a name."""
    try:
        return f"{platform.node()} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return platform.node()


def _who(holder: t.Mapping[str, t.Any] | None) -> str:
    if holder is None:
        return "it did not record its identity"
    until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(float(holder.get("until", 0))))
    return "from {}, process {}, until {} at the latest".format(holder.get("node"), holder.get("pid"), until)
