# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy and CA bundle of sessions: run their own start-up."""

from __future__ import annotations

import os
import shutil
import socket

from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    FIELDS,
    RUN,
    SSH,
    ConsumerRow,
    Environment,
    Files,
    Subject,
    failed,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import (
    Agent,
    Consumer,
    Platform,
    Session,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import launchd, login_shell, process, shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.systemd import unquoted

_MANAGER = (
    "/usr/lib/systemd/system.conf.d/*.conf",
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d/*.conf",
)
_USER_MANAGER = (
    "/etc/environment",
    "/usr/lib/environment.d/*.conf",
    "/etc/environment.d/*.conf",
    "{home}/.config/environment.d/*.conf",
    "/etc/systemd/user.conf",
    "/etc/systemd/user.conf.d/*.conf",
)
_SYSTEMD = "/run/systemd/system"
_SHELL_NAMES = {"tcsh": "csh"}
_CONNECT_SECONDS = 5.0  # seconds


def own_shell(subject: Subject) -> list[ConsumerRow]:
    """Return the rows of the login shell and of a command as sshd runs it."""
    account = subject.account
    rows = [row_of("login shell", RUN, subject.login, subject.login_files())]
    session = dict(login_shell.session_environment(subject.platform.session, account), **SSH)
    seen = shells.ask(account.shell, session)
    return [*rows, _asked("ssh command", seen, subject.command_files())]


def other_shells(subject: Subject) -> list[ConsumerRow]:
    """Return the rows of the other shells of the platform, each as a login shell."""
    rows = []
    for shell in subject.platform.shells:
        if os.access(shell, os.X_OK):
            name = _SHELL_NAMES.get(os.path.basename(shell), os.path.basename(shell))
            account = subject.account._replace(shell=shell)
            environment = login_shell.session_environment(subject.platform.session, account)
            rows.append(_asked(name, shells.ask(shell, environment, login=True), subject.login_files(shell)))
    return rows


def csh(subject: Subject) -> ConsumerRow:
    """Return the row of csh, which a script or job starts."""
    directories = subject.login.get("PATH", process.PATH).split(":")
    paths = (os.path.join(directory, name) for directory in directories for name in ("tcsh", "csh"))
    program = next((path for path in paths if os.access(path, os.X_OK)), "/bin/csh")
    environment = login_shell.session_environment(subject.platform.session, subject.account)
    return _asked("csh", shells.ask(program, environment), subject.command_files(program))


def _asked(consumer: str, answer: shells.Answer, files: Files) -> ConsumerRow:
    return failed(consumer, answer.problem) if answer.problem else row_of(consumer, RUN, answer.variables, files)


def launchd_environment(platform: Platform, account: Account) -> dict[str, str] | None:
    """Return what programs from the Dock get of our variables; None where this process cannot ask, or nobody is there.

    May run as root, which alone can ask the session of another user.
    """
    agents = [one for one in platform.activations.values() if isinstance(one, Agent)]
    if not agents or not launchd.logged_in(account.uid):
        return None
    names = dict.fromkeys(name for field in FIELDS for name in ANY[field])
    return launchd.session_environment(account.uid, account.name, names)


def screen(subject: Subject, seen: Environment | None) -> list[ConsumerRow]:
    """Return the row of the session at the screen. `seen`: the result of launchd_environment()."""
    agents = [one for one in subject.platform.activations.values() if isinstance(one, Agent)]
    if not agents:
        return []
    if seen is None:
        return [failed("launchd", "the user is not logged in at the screen, or only root can ask that session")]
    files = subject.files(*(row.paths[0] for row in _data_rows(subject.platform)))
    return [row_of("launchd", RUN, seen, files)._replace(note="programs from the Dock")]


def _data_rows(platform: Platform) -> list[Consumer]:
    return [row for row in (*platform.system, *platform.user) if row.dialect == "name_value"]


def sudo_environment(session: Session, login: Environment, account: Account) -> dict[str, str] | None:
    """Return what a command has that sudo starts from a login shell; None when sudo is not installed or refuses.

    May run as root: so no program is searched for in the user's own PATH, neither here nor by sudo.
    """
    program = shutil.which("sudo", path=process.PATH)
    if program is None:
        return None
    mine = login_shell.session_environment(session, account)
    seen = shells.answer_of([program, "-n", "--", *shells.PRINT], {**mine, **login, "PATH": process.PATH})
    return None if seen.problem else dict(seen.variables)


def sudo(subject: Subject, seen: Environment | None) -> ConsumerRow:
    """Return the row of sudo. `seen`: the result of sudo_environment()."""
    if not seen:
        return failed("sudo", "sudo is not installed or asks for a password")
    return row_of("sudo", RUN, seen, subject.login_files())


def systemd(subject: Subject) -> list[ConsumerRow]:
    """Return the rows of the managers of the system and of the user, where they run."""
    rows = []
    if os.path.isdir(_SYSTEMD):
        seen = shells.output_of(["systemctl", "show-environment"], {"PATH": process.PATH})
        rows.append(_manager("systemd system", seen, subject.files(*_MANAGER)))
    runtime = f"/run/user/{subject.account.uid}"
    if answers(f"{runtime}/systemd/private"):
        environment = {"PATH": process.PATH, "HOME": subject.account.home, "XDG_RUNTIME_DIR": runtime}
        seen = shells.output_of(["systemctl", "--user", "show-environment"], environment)
        rows.append(_manager("systemd user", seen, subject.files(*_USER_MANAGER)))
    return rows


def answers(path: str) -> bool:
    """Return whether somebody listens at a socket: a manager that was killed leaves its own behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        return connection.connect_ex(path) == 0


def _manager(consumer: str, seen: bytes | None, files: Files) -> ConsumerRow:
    if seen is None:
        return failed(consumer, "systemctl timed out")
    pairs = (line.partition("=") for line in seen.decode("utf-8", "surrogateescape").splitlines())
    return row_of(consumer, RUN, {name: unquoted(value) for name, _equals, value in pairs}, files)
