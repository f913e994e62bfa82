# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Ask a shell for the variables that it has after its own start-up."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process

# Ends each variable with NUL, as a value may have several lines, and begins with one, as start-up files print too. An env
# that knows no -0 prints lines. sh, so that one text works in every shell.
PRINT = ("/bin/sh", "-c", 'printf "\\0"; /usr/bin/env -0 || /usr/bin/env')
_PRINT_LINE = "{} {} '{}'".format(*PRINT)
_WITH_LOGIN_FLAG = ("sh", "bash", "dash", "zsh", "ksh", "mksh", "fish")
_CSH = ("csh", "tcsh")
_VARIABLE = re.compile(r"(\w+)=(.*)\Z", re.DOTALL)
_TIMEOUT = 10.0  # seconds
_MOST = 1 << 18  # bytes of output, so that a start-up file cannot fill the memory of root's process

TIMED_OUT = "its start-up did not end within 10 s"
NO_COMMAND = "its start-up ended before the command"


class Answer(t.NamedTuple):
    """The variables of a shell. `problem`: why there are none."""

    variables: t.Mapping[str, str]
    problem: str = ""


def ask(
    shell: str, environment: t.Mapping[str, str], *, login: bool = False, interactive: bool = False, flags: str = ""
) -> Answer:
    """Return the variables of a command that `shell` runs, with the rights of this process. It leaves no file behind.

    A login shell whose start-up files start another shell (`exec zsh -l`) gets the command as its input, as a terminal
    would give it; so does an interactive csh, which with -c is none.
    """
    name = os.path.basename(shell)
    has_flag = name in _WITH_LOGIN_FLAG  # csh accepts -l only alone
    argv = [shell, *(["-l"] if login and has_flag else []), *(["-i"] if interactive else []), *flags.split()]
    added = _nowhere(environment) if name == "fish" else {}
    given = {**environment, **added}
    found = Answer({}, NO_COMMAND)
    if not (interactive and name in _CSH):
        found = answer_of([*argv, "-c", _PRINT_LINE], given)
    if found.problem == NO_COMMAND and (login or interactive):
        found = answer_of(argv, given, _PRINT_LINE.encode() + b"\n")
    return found._replace(variables={key: value for key, value in found.variables.items() if key not in added})


def _nowhere(environment: t.Mapping[str, str]) -> dict[str, str]:
    """Return variables with which fish creates none of its directories in a home that has none."""
    missing = {}
    for name, directory in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_CACHE_HOME", ".cache"),
    ):
        path = os.path.join(environment.get("HOME", "/"), directory, "fish")
        if name not in environment and not os.path.isdir(path):
            missing[name] = "/dev/null"
    return missing


def answer_of(argv: t.Sequence[str], environment: t.Mapping[str, str], stdin: bytes | None = None) -> Answer:
    """Return the variables that a command prints by PRINT."""
    done = process.run(argv, environment, seconds=_TIMEOUT, cap=_MOST, stdin=stdin)
    if done.status is None and not done.failure:
        return Answer({}, TIMED_OUT)
    variables = parse(done.output)
    return Answer(variables) if variables else Answer({}, done.failure or NO_COMMAND)


def parse(output: bytes) -> dict[str, str]:
    """Return the variables in the output of PRINT; none where it did not run."""
    _noise, found, printed = output.partition(b"\0")
    if not found:
        return {}
    entries = printed.split(b"\0")[:-1] or printed.splitlines()
    pairs = (_VARIABLE.match(entry.decode("utf-8", "surrogateescape")) for entry in entries)
    return {pair.group(1): pair.group(2) for pair in pairs if pair}


def output_of(argv: t.Sequence[str], environment: t.Mapping[str, str]) -> bytes | None:
    """Return what a command printed until it ended; None when it did not end in time or printed too much."""
    done = process.run(argv, environment, seconds=_TIMEOUT, cap=_MOST)
    return None if done.status is None else done.output
