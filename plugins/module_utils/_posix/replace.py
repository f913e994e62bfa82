# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Replace or remove a file only while it holds what was read, so that no edit of another program is lost.

The kernel exchanges two names in one step: renameat2(2) on Linux, renamex_np(2) on macOS. What was replaced is looked at
afterwards and put back if it is not what was expected. A lease (fcntl(2), Linux) tells of a program that has the file
open for writing, or is about to open it. A file system without these gets a comparison right before the rename.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import stat
import time
import typing as t

_AT_FDCWD = -100
_LINUX = {"keep": 1, "exchange": 2}  # RENAME_NOREPLACE, RENAME_EXCHANGE
_MACOS = {"keep": 4, "exchange": 2}  # RENAME_EXCL, RENAME_SWAP
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)
_BUSY_SECONDS = 2.0
_POLL = 0.02
_JUST_NOW = 0.5  # seconds; without a lease a file that was written just now may still be


class BusyError(Exception):
    """Error for a file that another program has open for writing."""


def put(temporary: str, path: str, old: bytes | None) -> bool:
    """Give a file the name `path` if what has that name holds `old` (None: nothing has it).

    Return whether it was done; if not, `path` is as it was. Raises BusyError and OSError.
    """
    if old is None:
        return _create(temporary, path)
    with _watched(path, old) as watch:
        if watch is None:
            return False
        if not _rename(temporary, path, "exchange"):
            os.rename(temporary, path)
            return True
        if watch.undisturbed(temporary):
            os.unlink(temporary)
            return True
        _rename(temporary, path, "exchange")
    return False


def take(path: str, temporary: str, old: bytes) -> bool:
    """Remove `path` if it holds `old`. `temporary` is a free name in its directory. As `put` otherwise."""
    with _watched(path, old) as watch:
        if watch is None:
            return False
        os.rename(path, temporary)
        if not watch.undisturbed(temporary):
            if not _create(temporary, path):
                os.unlink(temporary)  # a newer save of the same program is there already
            return False
        os.unlink(temporary)
    return True


class _Watch(t.NamedTuple):
    """An open file, and what it must hold."""

    descriptor: int
    leased: bool
    content: bytes

    def undisturbed(self, path: str) -> bool:
        """Return whether `path` is the file, holds what it did, and nobody is about to open it for writing."""
        if self.leased and fcntl.fcntl(self.descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK:
            return False
        return os.path.samestat(os.fstat(self.descriptor), os.lstat(path)) and self.unchanged()

    def unchanged(self) -> bool:
        return _holds(self.descriptor, self.content)


@contextlib.contextmanager
def _watched(path: str, old: bytes) -> t.Iterator[_Watch | None]:
    """Open the file that is to be replaced; None when it is another one or holds something else. Raises BusyError."""
    deadline = time.monotonic() + _BUSY_SECONDS
    with _without_sigio() as may_lease:
        while True:
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                yield None
                return
            try:
                leased = _lease(descriptor) if may_lease else None
                status = os.fstat(descriptor)
                emptied = not status.st_size and abs(time.time() - status.st_mtime) < _JUST_NOW
                writing = emptied if leased is None else not leased  # None: there are no leases here
                if not writing:
                    watch = _Watch(descriptor, bool(leased), old)
                    yield watch if stat.S_ISREG(status.st_mode) and watch.unchanged() else None
                    return
            finally:
                os.close(descriptor)  # this ends the lease too
            if time.monotonic() > deadline:
                raise BusyError
            time.sleep(_POLL)


def _lease(descriptor: int) -> bool | None:
    """Take a lease; return False when somebody has the file open for writing, None when there are none here."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as exc:
        return False if exc.errno == errno.EAGAIN else None
    return True


@contextlib.contextmanager
def _without_sigio() -> t.Iterator[bool]:
    """Ignore the signal that tells of a lease which somebody wants broken: it would end this process.

    Yield whether that is possible; only a main thread may.
    """
    try:
        before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    except ValueError:
        yield False
        return
    try:
        yield True
    finally:
        signal.signal(signal.SIGIO, before)


def _holds(descriptor: int, content: bytes) -> bool:
    """Return whether a file holds exactly this."""
    found = b""
    while len(found) <= len(content):
        block = os.pread(descriptor, len(content) + 1 - len(found), len(found))
        if not block:
            break
        found += block
    return found == content


def _create(temporary: str, path: str) -> bool:
    """Give a file a name that nothing has; return False when something has it."""
    try:
        if _rename(temporary, path, "keep"):
            return True
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # no hard links here
        if os.path.lexists(path):
            return False
        os.rename(temporary, path)
        return True
    os.unlink(temporary)
    return True


def _rename(source: str, target: str, how: str) -> bool:
    """Rename by one of the calls that Python does not have; return False where they do not exist. Raises OSError."""
    system = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(source), os.fsencode(target)
    if hasattr(system, "renamex_np"):
        status = system.renamex_np(*names, ctypes.c_uint(_MACOS[how]))
    elif hasattr(system, "renameat2"):
        status = system.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_LINUX[how]))
    else:
        return False
    if status == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), source, None, target)
