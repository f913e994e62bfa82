# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The row of a consumer, and the variables and files that consumers read."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _files
from ansible_collections.condafleet.proxy.plugins.module_utils._info import assignments
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._records import each, from_json, to_json
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

SCHEMA_VERSION = 1


Environment = t.Mapping[str, str]
Files = t.Sequence[t.Tuple[str, str]]

# what sshd sets for `ssh host command`, and bash decides by
SSH = {"SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22", "SSH_CLIENT": "127.0.0.1 1 22"}
RUN = "run"
READ = "read from files"
FIELDS = ("http_proxy", "https_proxy", "no_proxy", "ca_bundle")
_ALL = ("all_proxy", "ALL_PROXY")
# the variables of each field; the first that is set wins
ANY: t.Mapping[str, t.Sequence[str]] = {
    "http_proxy": ("http_proxy", "HTTP_PROXY", *_ALL),
    "https_proxy": ("https_proxy", "HTTPS_PROXY", *_ALL),
    "no_proxy": ("no_proxy", "NO_PROXY"),
    "ca_bundle": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
}


class Subject(t.NamedTuple):
    """The user and the channel of a view. `login`: the variables of a fresh login shell."""

    platform: Platform
    account: Account
    login: dict[str, str]
    channel: str = ""
    zdotdir: str = ""  # where zsh looks for the user's files; empty: in the home

    @property
    def session_files(self) -> Files:
        """The files that a session reads before a shell does."""
        return self.files(*self.platform.session.environment_files)

    def files(self, *patterns: str) -> Files:
        home = self.account.home
        zdotdir = self.zdotdir or home
        return _files.read_all(pattern.replace("{home}", home).replace("{zdotdir}", zdotdir) for pattern in patterns)

    def login_files(self, shell: str = "") -> Files:
        """Return what a login shell reads; by default the user's own shell."""
        startup = self.platform.startup
        name = os.path.basename(shell or self.account.shell)
        return [*self.session_files, *self.files(*startup.login.get(name, startup.other_login))]

    def command_files(self, shell: str = "") -> Files:
        """Return what a shell reads for `ssh host command`; by default the user's own shell."""
        name = os.path.basename(shell or self.account.shell)
        return [*self.session_files, *self.files(*self.platform.startup.command.get(name, ()))]

    def interactive_files(self, shell: str) -> Files:
        """Return what a shell reads in a terminal, where it is no login shell."""
        name = os.path.basename(shell)
        return [*self.session_files, *self.files(*self.platform.startup.interactive.get(name, ()))]


def pick(environment: Environment, names: t.Sequence[str]) -> tuple[str, str]:
    """Return the first of `names` that is set, and its value."""
    return next(((name, environment[name]) for name in names if environment.get(name)), ("", ""))


def place(name: str, value: str, files: Files) -> str:
    """Return where a variable was set, as far as it can be told."""
    return assignments.find(name, value, files) or f"environment: {name}"


class ConsumerRow(t.NamedTuple):
    """The proxy, no_proxy and CA bundle of one consumer, unmasked. Empty: none."""

    consumer: str
    how: str  # run, read from files, read from the registry
    base: str = ""  # prefix; only in rows of conda
    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: str = ""
    ca_bundle: str = ""
    decided_by: t.Mapping[str, str] = {}  # field: file and line, or key
    note: str = ""
    user: str | None = ""

    def value(self, field: str) -> str:
        """Return the value of one of FIELDS."""
        return str(getattr(self, field))

    def with_value(self, field: str, value: str, source: str = "") -> ConsumerRow:
        """Return the row with another value, which `source` decided."""
        decided = {name: where for name, where in self.decided_by.items() if name != field}
        return self._replace(**{field: value}, decided_by={**decided, field: source} if source else decided)

    def result(self, masker: Masker) -> dict[str, t.Any]:
        """Return the row as the result lists it."""
        return t.cast("dict[str, t.Any]", masked(to_json(self), masker))

    @classmethod
    def from_json(cls, data: t.Any) -> ConsumerRow:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class Conflict(t.NamedTuple):
    """Settings that contradict each other, unmasked."""

    path: str  # empty: a conflict between consumers
    what: str
    winner: str
    user: str | None = ""

    def result(self, masker: Masker) -> dict[str, t.Any]:
        """Return the conflict as the result lists it."""
        return t.cast("dict[str, t.Any]", masked(to_json(self), masker))

    @classmethod
    def from_json(cls, data: t.Any) -> Conflict:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class View(t.NamedTuple):
    """All rows and conflicts of one user."""

    consumers: tuple[ConsumerRow, ...]
    conflicts: tuple[Conflict, ...]

    @classmethod
    def from_json(cls, data: t.Any) -> View:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, consumers=each(ConsumerRow.from_json), conflicts=each(Conflict.from_json))


def row_of(
    consumer: str,
    how: str,
    environment: Environment,
    files: Files,
    rules: t.Mapping[str, t.Sequence[str]] | None = None,
) -> ConsumerRow:
    """Return the row of a consumer that reads variables by `rules`, which are ANY by default."""
    row = ConsumerRow(consumer, how)
    for field in FIELDS:
        name, value = pick(environment, (rules or ANY)[field])
        if name:
            row = row.with_value(field, value, place(name, value, files))
    return row


def failed(consumer: str, note: str, base: str = "") -> ConsumerRow:
    """Return the row of a consumer that could not be run."""
    return ConsumerRow(consumer, RUN, base=base, note=note)


BOTH = ("http_proxy", "https_proxy")
_KEY = re.compile(r"[ \t]*-{0,2}(?P<key>[A-Za-z0-9-]+)[ \t]*[ \t=:][ \t]*(?P<value>[^\r\n]+?)[ \t\r]*\Z")


def overlay(row: ConsumerRow, files: Files, keys: t.Mapping[str, t.Sequence[str]]) -> ConsumerRow:
    """Return the row with the settings of a program's own files, which override variables."""
    for path, text in files:
        for number, line in enumerate(text.split("\n"), 1):
            match = None if line.lstrip().startswith(("#", ";", "[")) else _KEY.match(line)
            for field in keys.get(match.group("key"), ()) if match else ():
                value = t.cast("re.Match[str]", match).group("value").strip("\"'")
                row = row.with_value(field, value, f"{path}:{number}")
    return row


def masked(value: t.Any, masker: Masker) -> t.Any:
    """Return a row that may be shown."""
    if isinstance(value, dict):
        return {key: masked(each, masker) for key, each in value.items()}
    if isinstance(value, str):  # a value may contain bytes that are not UTF-8
        return masker.text(value).encode("utf-8", "backslashreplace").decode()
    return value
