# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each consumer has as proxy and CA bundle: those that are run, by their own start-up.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils import _assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, process, trust
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script

Row = t.Dict[str, t.Any]
Environment = t.Mapping[str, str]
Files = t.Sequence[t.Tuple[str, str]]

RUN = "run"
READ = "read from files"
FIELDS = ("http_proxy", "https_proxy", "no_proxy", "ca_bundle")
_ALL = ("all_proxy", "ALL_PROXY")
# who reads which variable, in the order in which the first that is set wins
ANY: t.Mapping[str, t.Sequence[str]] = {
    "http_proxy": ("http_proxy", "HTTP_PROXY", *_ALL),
    "https_proxy": ("https_proxy", "HTTPS_PROXY", *_ALL),
    "no_proxy": ("no_proxy", "NO_PROXY"),
    "ca_bundle": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
}
# the start-up files of a shell, in the order in which they are read
PAM = ("/etc/environment",)
_SH_LOGIN = ("/etc/profile", "/etc/profile.d/*.sh")
_BASHRC = ("/etc/bash.bashrc", "/etc/bashrc", "{home}/.bashrc")
_ZSHENV = ("/etc/zshenv", "/etc/zsh/zshenv", "{home}/.zshenv")
_ZLOGIN = ("/etc/zprofile", "/etc/zsh/zprofile", "{home}/.zprofile", "/etc/zlogin", "/etc/zsh/zlogin", "{home}/.zlogin")
_FISH = (
    "/etc/fish/conf.d/*.fish",
    "/etc/fish/config.fish",
    "{home}/.config/fish/conf.d/*.fish",
    "{home}/.config/fish/config.fish",
)
CSH = ("/etc/csh.cshrc", "/etc/csh.login", "{home}/.tcshrc", "{home}/.cshrc", "{home}/.login")
_BASH_LOGINS = ("{home}/.profile", "{home}/.bash_login", "{home}/.bash_profile")
_COMMAND = {"bash": _BASHRC, "zsh": _ZSHENV, "fish": _FISH, "csh": CSH, "tcsh": CSH}
_LOGIN = {"zsh": _ZSHENV + _ZLOGIN, "fish": _FISH, "csh": CSH, "tcsh": CSH, "bash": _SH_LOGIN + _BASHRC + _BASH_LOGINS}
_MANAGER = (
    "/usr/lib/systemd/system.conf.d/*.conf",
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d/*.conf",
)
_USER_MANAGER = (
    *PAM,
    "/usr/lib/environment.d/*.conf",
    "/etc/environment.d/*.conf",
    "{home}/.config/environment.d/*.conf",
    "/etc/systemd/user.conf",
    "/etc/systemd/user.conf.d/*.conf",
)
_SSH = {"SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22", "SSH_CLIENT": "127.0.0.1 1 22"}
_SYSTEMD = "/run/systemd/system"
_CONDA_SECONDS = 30.0
_CONNECT_SECONDS = 5.0


class Subject(t.NamedTuple):
    """Whose view it is, and for which channel. C(login): the variables of a fresh login shell."""

    account: Account
    login: dict[str, str]
    channel: str

    def files(self, *patterns: str) -> Files:
        return _assignments.read_all(pattern.replace("{home}", self.account.home) for pattern in patterns)

    def login_files(self) -> Files:
        shell = os.path.basename(self.account.shell)
        return self.files(*PAM, *_LOGIN.get(shell, _SH_LOGIN + _BASH_LOGINS[:1]))


def pick(environment: Environment, names: t.Sequence[str]) -> tuple[str, str]:
    """The first of C(names) that is set, and its value."""
    return next(((name, environment[name]) for name in names if environment.get(name)), ("", ""))


def place(name: str, value: str, files: Files) -> str:
    """Where a variable was set, as far as it can be told."""
    return _assignments.find(name, value, files) or f"environment: {name}"


def row_of(
    consumer: str,
    how: str,
    environment: Environment,
    files: Files,
    rules: t.Mapping[str, t.Sequence[str]] | None = None,
) -> Row:
    """The row of a consumer that reads variables by C(rules), which are ANY by default."""
    row: Row = {"consumer": consumer, "how": how, "base": "", "decided_by": {}, "note": ""}
    for field in FIELDS:
        name, row[field] = pick(environment, (rules or ANY)[field])
        if name:
            row["decided_by"][field] = place(name, row[field], files)
    return row


def failed(consumer: str, note: str, base: str = "") -> Row:
    """The row of a consumer that gave no answer."""
    return {**row_of(consumer, RUN, {}, ()), "note": note, "base": base}


def shells(subject: Subject) -> list[Row]:
    """The login shell, and a command as sshd runs it."""
    account = subject.account
    rows = [row_of("login shell", RUN, subject.login, subject.login_files())]
    session = dict(login_shell.session_environment(account.home, account.shell, account.name), **_SSH)
    seen = login_shell.environment_of(login_shell.shell_argv(account.shell, "env", login=False), session)
    if seen is None:
        return [*rows, failed("ssh command", "the shell did not end in time")]
    files = subject.files(*PAM, *_COMMAND.get(os.path.basename(account.shell), ()))
    return [*rows, row_of("ssh command", RUN, seen, files)]


def sudo_environment(login: Environment, account: Account) -> dict[str, str] | None:
    """What a command has that is started by sudo from a login shell; None when sudo is not there or refuses.

    May run as root: so no program is searched for in the user's own PATH, neither here nor by sudo.
    """
    program = shutil.which("sudo", path=process.PATH)
    if program is None:
        return None
    mine = login_shell.session_environment(account.home, account.shell, account.name)
    return login_shell.environment_of([program, "-n", "--", "/usr/bin/env"], {**mine, **login, "PATH": process.PATH})


def sudo(subject: Subject, seen: Environment | None) -> Row:
    """C(seen): what sudo_environment said."""
    if not seen:
        return failed("sudo", "sudo is not there, or wants a password")
    return row_of("sudo", RUN, seen, subject.login_files())


def systemd(subject: Subject) -> list[Row]:
    """The managers of the system and of the user, where they run."""
    rows = []
    if os.path.isdir(_SYSTEMD):
        seen = login_shell.environment_of(["systemctl", "show-environment"], {"PATH": process.PATH})
        rows.append(_manager("systemd system", seen, subject.files(*_MANAGER)))
    runtime = f"/run/user/{subject.account.uid}"
    if answers(f"{runtime}/systemd/private"):
        environment = {"PATH": process.PATH, "HOME": subject.account.home, "XDG_RUNTIME_DIR": runtime}
        seen = login_shell.environment_of(["systemctl", "--user", "show-environment"], environment)
        rows.append(_manager("systemd user", seen, subject.files(*_USER_MANAGER)))
    return rows


def answers(path: str) -> bool:
    """Whether somebody listens at a socket: a manager that was killed leaves its own behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        return connection.connect_ex(path) == 0


def _manager(consumer: str, seen: Environment | None, files: Files) -> Row:
    if seen is None:
        return failed(consumer, "systemctl did not end in time")
    return row_of(consumer, RUN, {name: undollar(value) for name, value in seen.items()}, files)


def undollar(value: str) -> str:
    """A value as systemctl shows it, C($'...') where it has special characters."""
    if not (value.startswith("$'") and value.endswith("'")):
        return value
    inner = value[2:-1]
    for escaped, plain in (("\\'", "'"), ('\\"', '"'), ("\\$", "$"), ("\\`", "`"), ("\\!", "!"), ("\\\\", "\\")):
        inner = inner.replace(escaped, plain)
    return inner


def conda(subject: Subject, base: Base) -> list[Row]:
    """What conda of a base uses for packages and for C(*.json.zst)."""
    host = urlsplit(subject.channel).netloc.rpartition("@")[2]
    path = urlsplit(subject.channel).path
    urls = {scheme: f"{scheme}://{host}{path}" for scheme in ("http", "https")}
    variables = {name: value for name, value in subject.login.items() if name != "PATH"}
    text = script.program(script.VIEW, {"environment": variables, "urls": urls})
    try:
        account = trust.account_for(base, subject.account.home)
    except trust.NotAsRootError as exc:
        return [failed("conda packages", str(exc), base.prefix)]
    output, in_time, problem = process.run(base.python, text, account, _CONDA_SECONDS)
    if not in_time:
        problem = "its Python did not end in time"
    try:
        answer = json.loads(output.decode("ascii"))
    except ValueError:
        answer = {"error": problem or "no answer that can be read"}
    if "error" in answer:
        return [failed("conda packages", "conda says nothing: {}".format(answer["error"]), base.prefix)]
    files = condarc_precedence.search_path(subject.account.home, base.prefix, subject.login)
    winners = condarc_precedence.decide([condarc_precedence.read(file) for file in files])
    known = subject.login_files()
    return [
        _conda_row(style, answer, winners, subject, known, base.prefix)
        for style in ("packages", "zst")
        if f"{style}.https" in answer
    ]


def _conda_row(
    style: str,
    answer: Row,
    winners: t.Mapping[str, condarc_precedence.Setting],
    subject: Subject,
    files: Files,
    prefix: str,
) -> Row:
    row = {**row_of(f"conda {style}", RUN, {}, ()), "base": prefix}
    sources = set()
    for scheme in ("http", "https"):
        seen, field = answer[f"{style}.{scheme}"], f"{scheme}_proxy"
        row[field] = seen["proxy"]
        sources.add(seen["from"])
        if seen["from"] == "condarc":
            winner = winners.get("{}.{}".format(condarc_precedence.PROXIES, seen["key"]))
            row["decided_by"][field] = winner.place if winner else "condarc: proxy_servers.{}".format(seen["key"])
        elif seen["from"] == "environment":
            name, value = pick(subject.login, ANY[field])
            row["decided_by"][field] = place(name, value, files)
    if "environment" in sources:
        name, row["no_proxy"] = pick(subject.login, ANY["no_proxy"])
        if name:
            row["decided_by"]["no_proxy"] = place(name, row["no_proxy"], files)
    elif "condarc" in sources:
        row["note"] = "no_proxy is ignored, as the condarc names the proxy"
    row["ca_bundle"] = answer["verify"]
    if answer["verify_from"] == "environment":
        name, value = pick(subject.login, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        row["decided_by"]["ca_bundle"] = place(name, value, files)
    elif condarc_precedence.VERIFY in winners:
        row["decided_by"]["ca_bundle"] = winners[condarc_precedence.VERIFY].place
    return row
