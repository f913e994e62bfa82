# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Word what the operating system refuses: the path, the reason and the way out."""

from __future__ import annotations

import errno

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError

_WAYS_OUT = {
    errno.EACCES: "give the user who runs this the right to do it",
    errno.EBUSY: "unmount it, or change the file that is mounted there",
    errno.EDQUOT: "free space within the quota, or raise it",
    errno.EEXIST: "move away what has that name",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EIO: "check the disk",
    errno.EISDIR: "move the directory away",
    errno.ELOOP: "replace the symbolic link with a regular file or a directory",
    errno.EMFILE: "raise the limit on open files",
    errno.ENAMETOOLONG: "use a shorter path",
    errno.ENOENT: "create its directory",
    errno.ENOSPC: "free space or inodes on its file system (df, df -i)",
    errno.ENOTDIR: "move away the file that stands in the place of a directory",
    errno.EPERM: "look at its owner, its attributes and those of its directory (ls -l, lsattr, getfattr)",
    errno.EROFS: "mount its file system writable, or change the file where it is made",
    errno.ESTALE: "mount its file system again",
}


def refusal(path: str, what: str, exc: OSError, unlock: str = "") -> MachineError:
    """Return the error for a system call that failed. `unlock`: the command that takes a lock from the file."""
    if unlock:
        return MachineError(f"{path} {what}: a flag of the file system locks it; run {unlock} on it and run again")
    reason = exc.strerror or exc.__class__.__name__
    return MachineError(f"{path} {what}: {reason}; {_WAYS_OUT.get(exc.errno or 0, 'correct that')} and run again")
