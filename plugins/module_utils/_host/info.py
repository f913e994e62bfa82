# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run the task of `conda_proxy_info` on a POSIX machine."""

from __future__ import annotations

import functools
import glob
import os
import secrets
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _files
from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence, defaults
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import common_escapes
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result, failure
from ansible_collections.condafleet.proxy.plugins.module_utils._host.preconditions import this_machine
from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    conda,
    conflicts,
    consumers,
    network_settings,
    sessions,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import SCHEMA_VERSION, Conflict, View
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, zdotdir
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Info


def run_info(task: Info) -> Result:
    """Return the result of the module `conda_proxy_info`."""
    masker = Masker(secrets.token_hex(16))
    result: Result = {"changed": False, "schema_version": SCHEMA_VERSION, "consumers": [], "conflicts": []}
    errors = []
    try:
        table = this_machine()
        accounts = _asked(task.users)
    except MachineError as exc:
        return dict(result, **failure(str(exc)))
    for account in accounts:
        try:
            view = _of_user(table, account, task)
        except MachineError as exc:
            errors.append(f"{account.name}: {exc}")
            continue
        result["consumers"] += [row._replace(user=account.name).result(masker) for row in view.consumers]
        result["conflicts"] += [one._replace(user=account.name).result(masker) for one in view.conflicts]
    if errors:
        result.update(failure("; ".join(errors)))
    return result


def _asked(users: t.Sequence[str]) -> list[Account]:
    own = _accounts.own()
    if not users:
        return [own]
    if os.geteuid() != 0 and list(users) != [own.name]:
        raise MachineError(f"showing other users requires root, but the task runs as {own.name}; set become: true")
    accounts = []
    for name in dict.fromkeys(users):
        account = _accounts.find(name)
        if account is None:
            raise MachineError(f"users contains {name}, which does not exist on this machine; correct the name")
        accounts.append(account)
    return accounts


class _Seen(t.NamedTuple):
    """What only root can ask for."""

    by_sudo: t.Mapping[str, str] | None
    at_the_screen: t.Mapping[str, str] | None


def _of_user(table: Platform, account: Account, task: Info) -> View:
    """Return the view of a user, read with that user's rights. Only sudo runs as root, so that it logs no refusal."""
    login = functools.partial(login_shell.login_environment, table.session, account, task.prefix)
    variables = _accounts.run_as(account, login, dict)
    seen = _Seen(
        sessions.sudo_environment(table.session, variables, account), sessions.launchd_environment(table, account)
    )
    subject = _rows.Subject(table, account, variables, defaults.channel_url(task.channel))
    return _accounts.run_as(account, functools.partial(_look, subject, seen, task.prefix), View.from_json)


def _look(subject: _rows.Subject, seen: _Seen, prefix: str) -> View:
    home, login = subject.account.home, subject.login
    subject = subject._replace(zdotdir=zdotdir.directory_for(subject.platform, subject.account))
    bases = find_bases(home, login.get("PATH", ""), prefix)
    rows = [
        *sessions.own_shell(subject),
        *sessions.other_shells(subject),
        sessions.sudo(subject, seen.by_sudo),
        *sessions.systemd(subject),
        *sessions.screen(subject, seen.at_the_screen),
        *network_settings.rows(subject),
    ]
    for base in bases:
        rows += conda.conda(subject, base)
    rows += consumers.rows(subject, bases)
    return View(tuple(rows), (*_settings(subject, bases), *conflicts.disagreements(rows)))


def _settings(subject: _rows.Subject, bases: t.Sequence[Base]) -> list[Conflict]:
    home, login = subject.account.home, subject.login
    startup = subject.login_files()
    found: list[Conflict] = []
    for root in [base.prefix for base in bases] or [""]:
        paths = condarc_precedence.search_path(home, root, login)
        files = [condarc_precedence.read(path) for path in paths]
        found += conflicts.unread(paths)
        found += conflicts.condarcs(files)
        found += conflicts.variables(
            login, lambda name, value: _rows.place(name, value, startup), condarc_precedence.decide(files)
        )
        found += conflicts.environments(_environments(home, root), files)
    escapes = common_escapes(base.netrc_escapes for base in bases)
    host = defaults.channel_host(subject.channel)
    found += conflicts.replaced(subject.platform)
    found += conflicts.netrc(home, login.get("NETRC", ""), _files.read_text, escapes, host)
    return [one for number, one in enumerate(found) if one not in found[:number]]


def _environments(home: str, root: str) -> list[str]:
    """Return the environments of a base and of the user."""
    named = (_files.read_text(os.path.join(home, ".conda/environments.txt")) or "").splitlines()
    inside = sorted(glob.glob(os.path.join(glob.escape(root), "envs", "*"))) if root else []
    paths = [*inside, *(line.strip() for line in named)]
    return [path for path in dict.fromkeys(paths) if os.path.isabs(path) and os.path.realpath(path) != root]
