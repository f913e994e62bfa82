# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find users of this machine, and run code with their rights."""

from __future__ import annotations

import json
import os
import pwd
import resource
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._records import from_json, to_json

T = t.TypeVar("T")


class Account(t.NamedTuple):
    """A user of this machine, from the password database."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


def own(home: str = "") -> Account:
    """Return the user that this process runs as; `home` overrides the password database."""
    try:
        account = _account(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise MachineError(
            f"this process runs as the user id {os.geteuid()}, which is not in the password database; add the "
            f"account or connect as another user"
        ) from None
    return account._replace(home=home) if home else account


def find(name: str) -> Account | None:
    """Return the user `name`, or None when this machine has no such user."""
    try:
        return _account(pwd.getpwnam(name))
    except KeyError:
        return None


def owner(uid: int) -> Account | None:
    """Return the user with the id `uid`, or None when this machine has no such user."""
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        return None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(
        entry.pw_name, entry.pw_uid, entry.pw_gid, os.path.normpath(entry.pw_dir), entry.pw_shell or "/bin/sh"
    )


def run_as(account: Account, function: t.Callable[[], T], read: t.Callable[[t.Any], t.Any]) -> T:
    """Run `function` with the rights of `account`; `read` makes its result of the JSON that comes back.

    In a forked child, so that whatever a user planted in the home is followed with that user's rights only. Everything
    that `function` needs must be imported before: the payload lies in a directory that the user cannot enter.

    Raises MachineError.
    """
    if account.uid == os.geteuid():
        return guarded(function)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # never returns, and runs none of the parent's exit handlers
        status = 1
        try:
            os.close(reader)
            _become(account)
            with os.fdopen(writer, "w", encoding="utf-8") as stream:
                json.dump(to_json(_answer(function)), stream)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        text = stream.read()
    _pid, status = os.waitpid(child, 0)
    if status != 0 or not text:
        raise MachineError(f"the process that ran as {account.name} ended without a result")
    answer = from_json(_Answer, json.loads(text))
    return t.cast("T", read(_result(answer)))


def guarded(function: t.Callable[[], T]) -> T:
    """Run `function` in this process. Raises MachineError for every failure, without text of other programs."""
    return t.cast("T", _result(_answer(function)))


class _Answer(t.NamedTuple):
    """What the child sends back."""

    result: t.Any = None
    error: str = ""
    needs: str = ""


def _result(answer: _Answer) -> t.Any:
    if answer.error:
        error = MachineError(answer.error)
        error.needs = answer.needs
        raise error
    return answer.result


def _become(account: Account) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # secrets are in memory
    drop_rights(account.name, account.uid, account.gid)
    os.umask(0o022)
    os.chdir("/")


def drop_rights(name: str, uid: int, gid: int) -> None:
    """Make this process one of the user's, with all groups, also where an account has more than setgroups(2) takes.

    initgroups(3) of macOS tells the kernel who asks, and that finds the groups beyond 16; setgroups would hide them.
    """
    try:
        os.initgroups(name, gid)
    except OverflowError:  # macOS takes a C int, and the group of nobody is -2
        os.initgroups(name, gid - (1 << 32))
    os.setgid(gid)
    os.setuid(uid)


def _answer(function: t.Callable[[], t.Any]) -> _Answer:
    try:
        return _Answer(function())
    except MachineError as exc:
        return _Answer(error=str(exc), needs=exc.needs)
    except Exception as exc:  # noqa: BLE001  # its text may hold a secret; type and place are enough
        frame = exc.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = "" if frame is None else f" at {os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}"
        return _Answer(error=f"unexpected {type(exc).__name__}{place}; please report it")
