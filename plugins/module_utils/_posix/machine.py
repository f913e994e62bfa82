# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The Machine of POSIX systems: system calls with the rights of the process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import json
import os
import stat
import tempfile
import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import (
    MOST_BYTES,
    EditedError,
    File,
    GoneError,
    MachineError,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Activation, Agent
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import (
    attributes,
    foresight,
    launchd,
    process,
    replace,
    systemd,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.refusal import refusal

_TEMPORARY = ".condafleet-"
_LOCK_POLL = 0.2  # seconds


class PosixMachine:
    """The files of this machine, and the commands that check them and make them take effect.

    `checks` and `activations` are those of the platform; `environment` holds the variables that an activation must show;
    `clean` masks secrets in the output of other programs.
    """

    separator = "/"

    def __init__(
        self,
        lock_timeout: float = 60,  # seconds
        *,
        checks: t.Mapping[str, tuple[str, ...]] | None = None,
        activations: t.Mapping[str, Activation | Agent] | None = None,
        environment: t.Mapping[str, str] | None = None,
        clean: t.Callable[[str], str] = str,
    ) -> None:
        self._lock_timeout = lock_timeout
        self._checks = checks or {}
        self._activations = activations or {}
        self._environment = environment or {}
        self._clean = clean

    def read(self, path: str, follow: bool = True, most: int = MOST_BYTES) -> File:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
        except FileNotFoundError:
            if os.path.islink(path):
                raise MachineError(f"{path} is a broken symbolic link; remove or repair it") from None
            return File()
        except OSError as exc:
            if exc.errno == errno.ELOOP:
                what = (
                    "is a symbolic link, which is refused for a private file"
                    if not follow
                    else "is part of a loop of symbolic links"
                )
                raise MachineError(f"{path} {what}; replace it with a regular file") from None
            if exc.errno == errno.ENOTDIR:
                foresight.existing_directory(path, "cannot be read")
            raise refusal(path, "cannot be read", exc) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise MachineError(f"{path} is not a regular file; move it away")
        with os.fdopen(descriptor, "rb") as stream:
            # its size is asked first: what is too large is refused at once
            data = stream.read(most + 1) if status.st_size <= most else b""
        if max(status.st_size, len(data)) > most:
            raise MachineError(
                f"{path} has more than {most >> 20} MB, the most that is read; move it away or shorten it"
            )
        return File(data, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)

    def foresee(self, path: str, new: File, secret: bool = False) -> list[str]:
        return foresight.of_change(path, new, secret)

    def foresee_lock(self, directory: str, remove: bool = False) -> None:
        if remove:
            foresight.of_lock_removal(_lock_in(directory))
        else:
            os.close(_open_lock(directory, create=False))

    def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
        # keep a symbolic link: rewrite its target, with the rights of this process; messages name the path that users know
        real = os.path.realpath(path)
        directory, name = os.path.split(real)
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, suffix="." + name.lstrip("."), dir=directory)
        except OSError as exc:
            raise refusal(path, "cannot be written", exc) from None
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(t.cast("bytes", new.data))
                stream.flush()
                _dress(stream.fileno(), real, new, private)
                _sync(stream.fileno())
            if check:
                self._check(check, temporary, path)
            if old is None:
                os.rename(temporary, real)
            elif not replace.put(temporary, real, old.data):
                raise _edited(path, "is edited by another program again and again")
        except replace.BusyError:
            raise _edited(path, "is open in another program that writes to it") from None
        except OSError as exc:
            raise refusal(path, "cannot be written", exc, attributes.unlock_command(real)) from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        _sync_directory(directory)

    def _check(self, kind: str, temporary: str, path: str) -> None:
        argv = [word.replace("{file}", temporary) for word in self._checks[kind]]
        status, output = process.command(argv)
        if status != 0:
            raise MachineError(
                f"{path}: {argv[0]} rejects the new content ({self._clean(output.replace(temporary, path))})"
            )

    def remove(self, path: str, old: File | None = None) -> None:
        try:
            if old is None or old.data is None or os.path.islink(path):
                os.unlink(path)
            elif not replace.take(path, _free_name(path), old.data):
                if not os.path.lexists(path):
                    return
                raise _edited(path, "is edited by another program again and again")
        except replace.BusyError:
            raise _edited(path, "is open in another program that writes to it") from None
        except FileNotFoundError:
            return
        except OSError as exc:
            raise refusal(path, "cannot be removed", exc, attributes.unlock_command(path)) from None
        _sync_directory(os.path.dirname(path))

    def begin(self) -> None:
        """Do nothing: every read is a new one."""

    def sweep(self, path: str) -> None:
        directory, name = os.path.split(os.path.realpath(path))
        for left in glob.glob(os.path.join(glob.escape(directory), _TEMPORARY + "*." + glob.escape(name.lstrip(".")))):
            self.remove(left)

    def missing_directories(self, path: str) -> list[str]:
        missing: list[str] = []
        directory = os.path.dirname(path)
        while directory and not os.path.lexists(directory):
            missing.insert(0, directory)
            directory = os.path.dirname(directory)
        return missing

    def make_directory(self, path: str, private: bool = False) -> None:
        try:
            os.mkdir(path, 0o700 if private else 0o755)
            os.chmod(path, 0o700 if private else 0o755)  # a strict umask must not hide /etc/conda from its users
        except FileExistsError:
            return
        except OSError as exc:
            raise refusal(path, "cannot be created", exc) from None
        _sync_directory(os.path.dirname(path))

    def remove_directory(self, path: str) -> None:
        with contextlib.suppress(OSError):  # not empty, or it does not exist: both are fine
            os.rmdir(path)

    def real(self, path: str) -> str:
        return _as_stored(os.path.realpath(path))

    def activate(self, kind: str, read_back: bool, managed: bool) -> list[str]:
        activation = self._activations[kind]
        if isinstance(activation, Agent):
            return launchd.refresh(activation, managed, self._environment if read_back else {}, self._clean)
        if not os.path.exists(activation.only_if):
            return [activation.otherwise]
        status, output = process.command(activation.argv)
        if status != 0:
            raise MachineError("{} failed: {}".format(" ".join(activation.argv), self._clean(output)))
        if read_back and activation.read_back and self._environment:
            self._read_back(activation.read_back)
        return []

    def _read_back(self, argv: t.Sequence[str]) -> None:
        status, output = process.command(argv)
        if status != 0:
            raise MachineError("{} failed: {}".format(" ".join(argv), self._clean(output)))
        shown = systemd.variables(output)
        for name, value in self._environment.items():
            if shown.get(name) != value:  # never show the value: it may hold a password
                raise MachineError("{} does not show the new value of {}".format(" ".join(argv), name))

    def remove_lock(self, directory: str) -> None:
        self.remove(_lock_in(directory))

    @contextlib.contextmanager
    def lock(self, directory: str) -> t.Iterator[None]:
        path = _lock_in(directory)
        deadline = time.monotonic() + self._lock_timeout
        while True:
            descriptor = _open_lock(directory, create=True)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # the holder before us may have removed the directory (state: absent); then this lock is on nothing
                if os.path.exists(path) and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    break
            except OSError as exc:
                if exc.errno not in (errno.EACCES, errno.EAGAIN):
                    os.close(descriptor)
                    raise MachineError(
                        f"{path}: this file system does not support locks ({exc.strerror}); nothing was written; "
                        f"move it to a file system that supports fcntl locks"
                    ) from None
            if time.monotonic() > deadline:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise MachineError(f"{path} is held by another run ({holder}); wait until it has ended")
            os.close(descriptor)
            time.sleep(_LOCK_POLL)
        try:
            # for the message of another run that waits; a full disk must not matter here
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, json.dumps({"pid": os.getpid(), "host": os.uname().nodename}).encode())
            yield
        finally:
            os.close(descriptor)


def _dress(descriptor: int, real: str, new: File, private: bool) -> None:
    """Set owner, mode, and the extended attributes of the replaced file (such as SELinux label and POSIX ACL).

    The mode comes last, so that it limits an ACL that grants more. It comes first too: an attribute that follows the
    mode and cannot be set (NFSv4) is equal then.
    """
    now = os.fstat(descriptor)
    if new.uid >= 0 and (new.uid, new.gid) != (now.st_uid, now.st_gid):
        try:
            os.fchown(descriptor, new.uid, new.gid)
        except PermissionError:
            if new.uid != now.st_uid:  # foreseen, and a group that is none of the owner's is a warning
                raise
    os.fchmod(descriptor, new.mode | stat.S_IWUSR)  # to set an attribute takes the right to write
    attributes.copy(real, descriptor, private)
    os.fchmod(descriptor, new.mode)


def _lock_in(directory: str) -> str:
    return os.path.join(directory, "lock")


def _open_lock(directory: str, create: bool) -> int:
    """Return the open lock. Without `create`, only what is there is opened. Raises MachineError and GoneError."""
    path = _lock_in(directory)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise MachineError(f"{path} is not a regular file; move it away")
    except FileNotFoundError:
        if not os.path.isdir(directory):
            raise _no_directory(directory) from None
        foresight.of_directory(path, "cannot be locked", directory)
        if not create:
            return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise refusal(path, "cannot be locked", exc) from None
    try:
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(path, flags | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        raise _no_directory(directory) from None
    except OSError as exc:
        raise refusal(path, "cannot be locked", exc, attributes.unlock_command(path)) from None


def _no_directory(directory: str) -> MachineError:
    if os.path.islink(directory):
        return MachineError(f"{directory} is a broken symbolic link; remove or repair it")
    if os.path.lexists(directory):
        return MachineError(f"{directory} is not a directory; move it away")
    return GoneError(f"{directory} was removed by another run; run again")


def _free_name(path: str) -> str:
    """Return a name beside a file that nothing has, and that a sweep finds."""
    directory, name = os.path.split(os.path.realpath(path))
    return os.path.join(directory, f"{_TEMPORARY}{os.getpid()}.{name.lstrip('.')}")


def _as_stored(path: str) -> str:
    """Return a path in the letters that its directories have, where the file system ignores their case."""
    directory, name = os.path.split(path)
    if not name or not os.path.lexists(path):
        return path
    directory = _as_stored(directory)
    try:
        names = os.listdir(directory)
    except OSError:
        return os.path.join(directory, name)
    if name not in names:
        alike = (each for each in names if each.casefold() == name.casefold())
        name = next((each for each in alike if os.path.samefile(os.path.join(directory, each), path)), name)
    return os.path.join(directory, name)


def _holder(descriptor: int) -> str:
    try:
        content = json.loads(os.pread(descriptor, 1000, 0).decode())
        return "process {} on {}".format(int(content["pid"]), content["host"])
    except (ValueError, KeyError, TypeError, OSError):  # whatever somebody put into the file
        return "unknown process"


def _sync(descriptor: int) -> None:
    """Write a file to the disk. On macOS fsync stops at the drive's cache, and not every file system has "
    "F_FULLFSYNC."""
    if hasattr(fcntl, "F_FULLFSYNC"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def _sync_directory(directory: str) -> None:
    """Write a directory to the disk. Raises MachineError."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # its names may be changed and not be listed, or it is gone
    try:
        _sync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # some file systems cannot sync a directory
            raise refusal(directory, "cannot be written to the disk", exc) from None
    finally:
        os.close(descriptor)


def _edited(path: str, what: str) -> EditedError:
    return EditedError(f"{path} {what}; close it there and run again")
