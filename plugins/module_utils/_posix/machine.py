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
import subprocess
import tempfile
import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Activation
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process, systemd

_TEMPORARY = ".condafleet-"
_LOCK_POLL = 0.2  # seconds
_COMMAND_TIMEOUT = 60  # seconds
_MOST = 1 << 18  # bytes of a command's output


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
        activations: t.Mapping[str, Activation] | None = None,
        environment: t.Mapping[str, str] | None = None,
        clean: t.Callable[[str], str] = str,
    ) -> None:
        self._lock_timeout = lock_timeout
        self._checks = checks or {}
        self._activations = activations or {}
        self._environment = environment or {}
        self._clean = clean

    def read(self, path: str, follow: bool = True) -> File:
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
            raise _sentence(path, "cannot be read", exc) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise MachineError(f"{path} is not a regular file; move it away")
        with os.fdopen(descriptor, "rb") as stream:
            return File(stream.read(), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)

    def write(self, path: str, new: File, check: str = "") -> None:
        # keep a symbolic link: rewrite its target, with the rights of this process
        path = os.path.realpath(path)
        directory, name = os.path.split(path)
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, suffix="." + name.lstrip("."), dir=directory)
        except OSError as exc:
            raise _sentence(path, "cannot be written", exc) from None
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(t.cast("bytes", new.data))
                stream.flush()
                self._dress(stream.fileno(), path, new)
                os.fsync(stream.fileno())
            if check:
                self._check(check, temporary, path)
            os.rename(temporary, path)
        except OSError as exc:
            raise _sentence(path, "cannot be written", exc) from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        _sync_directory(directory)

    def _dress(self, descriptor: int, path: str, new: File) -> None:
        """Set owner, mode, and the extended attributes of the replaced file (such as SELinux label and POSIX ACL).

        The mode comes last, so that it limits an ACL that grants more.
        """
        now = os.fstat(descriptor)
        if new.uid >= 0 and (new.uid, new.gid) != (now.st_uid, now.st_gid):
            os.fchown(descriptor, new.uid, new.gid)
        if hasattr(os, "listxattr") and os.path.exists(path):
            for name in os.listxattr(path):
                value = os.getxattr(path, name)
                if _attribute(descriptor, name) != value:
                    os.setxattr(descriptor, name, value)
        os.fchmod(descriptor, new.mode)

    def _check(self, kind: str, temporary: str, path: str) -> None:
        argv = [word.replace("{file}", temporary) for word in self._checks[kind]]
        status, output = _run(argv)
        if status != 0:
            raise MachineError(
                f"{path}: {argv[0]} rejects the new content ({self._clean(output.replace(temporary, path))})"
            )

    def remove(self, path: str) -> None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise _sentence(path, "cannot be removed", exc) from None
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
            raise _sentence(path, "cannot be created", exc) from None
        _sync_directory(os.path.dirname(path))

    def remove_directory(self, path: str) -> None:
        with contextlib.suppress(OSError):  # not empty, or it does not exist: both are fine
            os.rmdir(path)

    def real(self, path: str) -> str:
        return os.path.realpath(path)

    def activate(self, kind: str, read_back: bool, managed: bool) -> list[str]:  # noqa: ARG002  # there is no marker
        activation = self._activations[kind]
        if not os.path.exists(activation.only_if):
            return [activation.otherwise]
        status, output = _run(activation.argv)
        if status != 0:
            raise MachineError("{} failed: {}".format(" ".join(activation.argv), self._clean(output)))
        if read_back and activation.read_back and self._environment:
            self._read_back(activation.read_back)
        return []

    def _read_back(self, argv: t.Sequence[str]) -> None:
        status, output = _run(argv)
        if status != 0:
            raise MachineError("{} failed: {}".format(" ".join(argv), self._clean(output)))
        shown = systemd.variables(output)
        for name, value in self._environment.items():
            if shown.get(name) != value:  # never show the value: it may hold a password
                raise MachineError("{} does not show {} as it was set".format(" ".join(argv), name))

    def remove_lock(self, directory: str) -> None:
        self.remove(os.path.join(directory, "lock"))

    @contextlib.contextmanager
    def lock(self, directory: str) -> t.Iterator[None]:
        path = os.path.join(directory, "lock")
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            except OSError as exc:
                raise _sentence(path, "cannot be locked", exc) from None
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # the holder before us may have removed the directory (state: absent); then this lock is on nothing
                if os.path.exists(path) and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    break
            except OSError as exc:
                if exc.errno not in (errno.EACCES, errno.EAGAIN):
                    os.close(descriptor)
                    raise MachineError(
                        f"{path}: this file system does not support locks ({exc.strerror}); nothing was written"
                    ) from None
            if time.monotonic() > deadline:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise MachineError(f"{path} is held by another run ({holder}); wait until it has ended")
            os.close(descriptor)
            time.sleep(_LOCK_POLL)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "host": os.uname().nodename}).encode())
            yield
        finally:
            os.close(descriptor)


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:
        return None


def _holder(descriptor: int) -> str:
    try:
        content = json.loads(os.pread(descriptor, 1000, 0).decode())
        return "process {} on {}".format(int(content["pid"]), content["host"])
    except (ValueError, KeyError, TypeError, OSError):  # whatever somebody put into the file
        return "unknown process"


def _run(argv: t.Sequence[str]) -> tuple[int, str]:
    """Return exit status and output with stderr. Status 127: the command did not start; 124: it did not end in time."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = process.run(argv, environment, seconds=_COMMAND_TIMEOUT, cap=_MOST, stderr=subprocess.STDOUT)
    if done.failure:
        return 127, done.failure
    if done.status is None:
        return 124, f"no answer in {_COMMAND_TIMEOUT} s"
    return done.status, done.output.decode("utf-8", "replace").strip()


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # some file systems cannot sync a directory
            raise
    finally:
        os.close(descriptor)


def _sentence(path: str, what: str, exc: OSError) -> MachineError:
    return MachineError(f"{path} {what}: {exc.strerror or exc.__class__.__name__}")
