# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of a consumer, and who reads which variable.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _files
from ansible_collections.condafleet.proxy.plugins.module_utils._info import assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

SCHEMA_VERSION = 1


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
COMMAND_FILES = {"bash": _BASHRC, "zsh": _ZSHENV, "fish": _FISH, "csh": CSH, "tcsh": CSH}
_LOGIN = {"zsh": _ZSHENV + _ZLOGIN, "fish": _FISH, "csh": CSH, "tcsh": CSH, "bash": _SH_LOGIN + _BASHRC + _BASH_LOGINS}


class Subject(t.NamedTuple):
    """Whose view it is, and for which channel. C(login): the variables of a fresh login shell."""

    account: Account
    login: dict[str, str]
    channel: str

    def files(self, *patterns: str) -> Files:
        return _files.read_all(pattern.replace("{home}", self.account.home) for pattern in patterns)

    def login_files(self) -> Files:
        shell = os.path.basename(self.account.shell)
        return self.files(*PAM, *_LOGIN.get(shell, _SH_LOGIN + _BASH_LOGINS[:1]))


def pick(environment: Environment, names: t.Sequence[str]) -> tuple[str, str]:
    """The first of C(names) that is set, and its value."""
    return next(((name, environment[name]) for name in names if environment.get(name)), ("", ""))


def place(name: str, value: str, files: Files) -> str:
    """Where a variable was set, as far as it can be told."""
    return assignments.find(name, value, files) or f"environment: {name}"


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


BOTH = ("http_proxy", "https_proxy")
_KEY = re.compile(r"[ \t]*-{0,2}(?P<key>[A-Za-z0-9-]+)[ \t]*[ \t=:][ \t]*(?P<value>[^\r\n]+?)[ \t\r]*\Z")


def overlay(row: Row, files: Files, keys: t.Mapping[str, t.Sequence[str]]) -> Row:
    """Settings of a program's own file, which beat the variables."""
    for path, text in files:
        for number, line in enumerate(text.split("\n"), 1):
            match = None if line.lstrip().startswith(("#", ";", "[")) else _KEY.match(line)
            for field in keys.get(match.group("key"), ()) if match else ():
                row[field] = t.cast("re.Match[str]", match).group("value").strip("\"'")
                row["decided_by"][field] = f"{path}:{number}"
    return row


def masked(value: t.Any, masker: Masker) -> t.Any:
    """A row that may be shown."""
    if isinstance(value, dict):
        return {key: masked(each, masker) for key, each in value.items()}
    if isinstance(value, str):  # a value may hold bytes that are no text
        return masker.text(value).encode("utf-8", "backslashreplace").decode()
    return value
