# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Foresee what would keep a file from being replaced, so that check mode refuses what a run refuses.

A file is replaced by a rename, so most depends on its directory. Nothing here writes. Called for files that change.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MOST_BYTES, File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import attributes
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.refusal import refusal

_MOUNTS = "/proc/self/mountinfo"
_LONGEST_NAME = 200  # a temporary name is longer, and a file system takes 255 bytes


def of_change(path: str, new: File, secret: bool) -> list[str]:
    """Return warnings about replacing a file by `new`, or removing it where that does not exist.

    `secret`: the new text has one. Raises MachineError for what the system would refuse.
    """
    what = "cannot be written" if new.exists else "cannot be removed"
    real = path if os.path.islink(path) and not new.exists else os.path.realpath(path)
    named = f"{path} (a link to {real})" if os.path.islink(path) and real != path else path
    directory = existing_directory(path, what)
    if directory == os.path.dirname(path):
        directory = os.path.dirname(real)
    of_directory(named, what, directory)
    if len(os.fsencode(os.path.basename(real))) > _LONGEST_NAME:
        raise refusal(named, what, OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    if new.data is not None and len(new.data) > MOST_BYTES:
        raise MachineError(f"{path} {what}: it would have more than {MOST_BYTES >> 20} MB; make it smaller")
    notes = []
    if os.path.lexists(real):
        unlock = attributes.unlock_command(real)
        if unlock:
            raise refusal(named, what, PermissionError(), unlock)
        notes += _of_existing(named, what, real, directory, new)
    tree = _work_tree(os.path.dirname(real)) if secret and new.exists else ""
    if tree:
        notes.append(f"{path}: lies in the git work tree {tree} and holds a secret; keep it out of every commit")
    return notes


def of_lock_removal(path: str) -> None:
    """Raise MachineError for a lock that the system would not remove.

    It is not opened, as `unlock_command` would: to close it ends the lock that this process has on it.
    """
    of_directory(path, "cannot be removed", os.path.dirname(path))
    if os.path.lexists(path):
        _of_existing(path, "cannot be removed", path, os.path.dirname(path), File())


def existing_directory(path: str, what: str) -> str:
    """Return the innermost directory above `path` that exists. Raises MachineError when something else is there."""
    directory = os.path.dirname(path)
    while not os.path.lexists(directory):
        directory = os.path.dirname(directory)
    if os.path.isdir(directory):
        return directory
    if os.path.islink(directory):
        raise _caused(directory, MachineError(f"{path} {what}: {directory} is a broken symbolic link; repair it"))
    raise _caused(directory, MachineError(f"{path} {what}: {directory} is not a directory; move it away"))


def of_directory(named: str, what: str, directory: str) -> None:
    """Raise MachineError unless files in `directory` may be created and replaced. `named`: what the message is about."""
    unlock = attributes.unlock_command(directory)
    if unlock:
        reason = f"a flag of the file system locks the directory {directory}; run {unlock} on it"
    elif os.access(directory, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return
    elif os.statvfs(directory).f_flag & os.ST_RDONLY:
        error = refusal(named, what, OSError(errno.EROFS, f"{directory} is on a read-only file system"))
        raise _caused(f"device {os.stat(directory).st_dev}", error)
    else:
        reason = f"user id {os.geteuid()} may not write to {directory}; give that right"
    raise _caused(directory, MachineError(f"{named} {what}: {reason} and run again"))


def _caused(cause: str, error: MachineError) -> MachineError:
    """Return an error that all files with this `cause` have in common."""
    error.cause = cause
    return error


def _of_existing(named: str, what: str, real: str, directory: str, new: File) -> list[str]:
    """Return warnings about the file that is there. Raises MachineError."""
    if real in _mount_points():
        raise refusal(named, what, OSError(errno.EBUSY, "it is a mount point"))
    try:
        status, above, user = os.lstat(real), os.stat(directory), os.geteuid()
    except FileNotFoundError:
        return []  # another run or its user removed it just now
    notes = []
    if user != 0:
        if above.st_mode & stat.S_ISVTX and user not in (status.st_uid, above.st_uid):
            raise MachineError(f"{named} {what}: only its owner may do that in {directory}; let the owner run this")
        if new.exists:
            notes += _of_owner(named, what, real, above, new)
    if status.st_nlink > 1:
        others = status.st_nlink - 1
        names = f"{others} other name{'s' * (others > 1)}"
        notes.append(f"{named}: the file has {names} (hard links), which keep the old text; use symbolic links")
    return notes


def _of_owner(named: str, what: str, real: str, above: os.stat_result, new: File) -> list[str]:
    """Return warnings about what only root can give to a new file. Raises MachineError where it cannot go without."""
    user = os.geteuid()
    if new.uid not in (-1, user):
        raise MachineError(
            f"{named} {what}: it belongs to user id {new.uid}, and only root could keep that; give it to user id {user} "
            "with chown and run again"
        )
    kept = attributes.settable_by_root_alone(real)
    if kept:
        raise MachineError(
            f"{named} {what}: only root could keep its extended attribute {kept[0]}; remove that with setfattr -x and "
            "run again"
        )
    handed_down = above.st_gid if above.st_mode & stat.S_ISGID or sys.platform == "darwin" else os.getegid()
    if new.gid in (-1, handed_down, os.getegid(), *os.getgroups()):
        return []
    # chown(1) gives a file away without its group, and only root may give it that group again
    return [f"{named}: its group {new.gid} is none of its owner's; it gets the owner's own group"]


def _mount_points() -> t.Collection[str]:
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as stream:
            fields = [line.split(" ") for line in stream]
    except OSError:
        return ()
    return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line[4]) for line in fields if len(line) > 4}


def _work_tree(directory: str) -> str:
    """Return the git work tree that a directory lies in, or nothing."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        if directory == os.path.dirname(directory):
            return ""
        directory = os.path.dirname(directory)
    return directory
