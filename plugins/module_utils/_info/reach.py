# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Ask every consumer, by its own start-up, whether the managed variables reach it."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.startup_file import early_exit
from ansible_collections.condafleet.proxy.plugins.module_utils._info import assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import SSH, Files, Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._info.sourced import with_sourced
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import ShellStart
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, shells
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled

_SOMEWHERE = "its start-up, in a place that cannot be told"
_PAM = "PAM session"
_TIMEOUTS = 2  # then no other shell is asked: they read the same files, and each would take as long


def overruled(subject: Subject, written: t.Collection[str], desired: t.Mapping[str, str]) -> list[Overruled]:
    """Return a row for each consumer and variable of `desired` that does not have the value.

    `written`: the names of the environment targets that hold the variables; only consumers that they feed are asked.
    After two start-ups that did not end, no other is asked.
    """
    rows = []
    if "pam" in written:
        session = login_shell.file_environment(subject.platform.session)
        rows += _rows(_PAM, shells.Answer(session), desired, subject.session_files)
    timeouts = 0
    for start in subject.platform.shell_starts:
        program = next((path for path in start.programs if os.access(path, os.X_OK)), "")
        if program and set(start.fed_by) & set(written) and timeouts < _TIMEOUTS:
            answer = _ask(subject, start, program)
            timeouts += answer.problem == shells.TIMED_OUT
            if any(answer.variables.get(name) != value for name, value in desired.items()):
                files = with_sourced(_files(subject, start, program), subject.account.home)
                rows += _rows(start.consumer, answer, desired, files)
    return rows


def _ask(subject: Subject, start: ShellStart, program: str) -> shells.Answer:
    environment = login_shell.session_environment(subject.platform.session, subject.account)
    if start.how == "command":
        environment.update(SSH)
    return shells.ask(program, environment, login=start.how == "login", interactive=start.how == "interactive")


def _files(subject: Subject, start: ShellStart, program: str) -> Files:
    """Return what a shell started like this reads, in order."""
    if start.how == "login":
        return subject.login_files(program)
    return subject.command_files(program) if start.how == "command" else subject.interactive_files(program)


def _rows(consumer: str, answer: shells.Answer, desired: t.Mapping[str, str], files: Files) -> list[Overruled]:
    found = []
    for name, wanted in desired.items():
        value = answer.variables.get(name, "")
        if value != wanted:
            decided = answer.problem or _decided_by(name, value, files)
            found.append(Overruled(consumer, "", decided, name, value))
    return found


def _decided_by(name: str, value: str, files: Files) -> str:
    """Return path and line of what gives a variable this value, or takes it away."""
    if value:
        return assignments.find(name, value, files) or _SOMEWHERE
    unset = re.compile(rf"\s*(?:unset|unsetenv|set\s+-\w*e\w*|export\s+-n)\b.*(?<!\w){name}(?!\w)")
    for path, text in reversed(files):
        lines = text.split("\n")
        for number in range(len(lines), 0, -1):
            if unset.match(lines[number - 1]):
                return f"{path}:{number}"
    for path, text in files:
        line = early_exit(text)
        if line is not None:
            return f"{path}:{line}"
    return _SOMEWHERE
