# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Bring the sessions at the screen of macOS up to date, and ask them for variables.

A session is the domain `gui/<uid>` of launchd; it is there while that user is logged in at the screen. `launchctl setenv`
and `getenv` act in the caller's own session: so an agent sets the variables, and root asks inside of the session.
Sources of the exit codes: docs/macos.md.
"""

from __future__ import annotations

import os
import re
import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Agent
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, process

_NOT_LOADED = (3, 113)
_NO_SESSION = (112, 125)
_SWITCHED_OFF = 119
_BUSY = (5, 37)  # bootstrap after a bootout, and an agent that is running
_FIRST_USER = 500  # ids of people begin there
_PAUSE = 0.25  # seconds
_ATTEMPTS = 40
_PID = re.compile(r"\d+")


def refresh(
    agent: Agent, managed: bool, desired: t.Mapping[str, str], clean: t.Callable[[str], str] = str
) -> list[str]:
    """Run the agent in every session that it is for, and return warnings. A user who is not logged in is no failure.

    `managed`: its property list is there; otherwise it unsets what it has set and is unloaded. `desired`: variables that
    a session must show afterwards, where this process may ask.
    """
    if agent.volume and os.path.isdir(agent.volume) and not _same_volume(agent):
        return [
            f"{agent.plist}: launchd accepts no property list on another volume; programs from the Dock see nothing"
        ]
    warnings = []
    for uid in _users() if agent.every_session else [os.geteuid()]:
        warnings += _Session(uid, agent, clean).refresh(managed, desired)
    return warnings


def session_environment(uid: int, name: str, variables: t.Iterable[str]) -> dict[str, str] | None:
    """Return those of `variables` that are set in the session of a user; None where this process cannot ask it.

    Root can ask every session, a user only the one that this process belongs to.
    """
    inside: list[str] = []
    if os.geteuid() == 0:
        # asuser changes the session and not the user
        inside = ["launchctl", "asuser", str(uid), "sudo", "-u", name]
    elif process.command(["launchctl", "managername"])[1] != "Aqua":
        return None
    found = {variable: process.command([*inside, "launchctl", "getenv", variable]) for variable in variables}
    return {variable: value for variable, (status, value) in found.items() if status == 0 and value}


def logged_in(uid: int) -> bool:
    """Return whether a user is logged in at the screen."""
    return process.command(["launchctl", "print", f"gui/{uid}"])[0] == 0


def _users() -> list[int]:
    """Return the ids of people who have processes; launchd knows which of them are at the screen."""
    _status, output = process.command(["ps", "-A", "-o", "uid="])
    uids = {int(word) for word in output.split() if word.isdigit()}
    return sorted(uid for uid in uids if _FIRST_USER <= uid < 1 << 31)


def _same_volume(agent: Agent) -> bool:
    place = os.path.dirname(agent.plist)
    while not os.path.exists(place):
        place = os.path.dirname(place)
    return os.stat(place).st_dev == os.stat(agent.volume).st_dev


class _Session:
    """The agent in one session."""

    def __init__(self, uid: int, agent: Agent, clean: t.Callable[[str], str]) -> None:
        account = accounts.owner(uid)
        self._uid = uid
        self._user = account.name if account else str(uid)
        self._agent = agent
        self._target = f"gui/{uid}/{agent.label}"
        self._clean = clean

    def refresh(self, managed: bool, desired: t.Mapping[str, str]) -> list[str]:
        if not managed:
            self._run_agent()
            process.command(["launchctl", "bootout", self._target])
            return []
        status, output = self._start()
        if status == 0:
            return self._compare(desired)
        if status in _NO_SESSION:
            return []  # at the next login
        if status == _SWITCHED_OFF:
            what = f"{self._user} has switched off {self._agent.label} in the Login Items"
            return [f"{what}, so programs from the Dock see nothing; it was left switched off"]
        reason = self._clean(output)
        return [
            f"launchd has not started {self._agent.plist} for {self._user} ({reason}); it tries again at the next login"
        ]

    def _start(self) -> tuple[int, str]:
        """Load the agent where it is not loaded, and run it. Never unload it first: launchd is busy for seconds then."""
        status, output = self._run_agent()
        # without a session some versions of macOS answer as if the agent were not loaded, or with 5
        if status in (*_NOT_LOADED, _BUSY[0]) and not logged_in(self._uid):
            return _NO_SESSION[0], output
        for _attempt in range(_ATTEMPTS):
            if status not in _NOT_LOADED:
                return status, output
            status, output = process.command(["launchctl", "bootstrap", f"gui/{self._uid}", self._agent.plist])
            if status not in (0, *_BUSY):
                return status, output
            if status != 0:
                time.sleep(_PAUSE)
            loaded, said = self._run_agent()
            if loaded not in _NOT_LOADED or status == 0:
                return loaded, said
            status = loaded
        return status, output

    def _run_agent(self) -> tuple[int, str]:
        """Run the loaded agent and wait until it has ended. One that is running is run again: it may have read old data."""
        for _attempt in range(_ATTEMPTS):
            status, output = process.command(["launchctl", "kickstart", "-p", self._target])
            if status == 0:
                _wait(int(number) for number in _PID.findall(output)[-1:])
            if status not in _BUSY[1:]:
                return status, output
            time.sleep(_PAUSE)
        return status, output

    def _compare(self, desired: t.Mapping[str, str]) -> list[str]:
        """Return a warning where the session does not show what it should. Never show a value."""
        if not desired or os.geteuid() != 0:
            return []
        shown = session_environment(self._uid, self._user, desired) or {}
        missing = [name for name, value in desired.items() if shown.get(name) != value]
        if not missing:
            return []
        return ["the session of {} does not show {} as set; log in there again".format(self._user, ", ".join(missing))]


def _wait(pids: t.Iterable[int]) -> None:
    for pid in pids:
        for _attempt in range(_ATTEMPTS):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            except PermissionError:
                pass
            time.sleep(_PAUSE)
