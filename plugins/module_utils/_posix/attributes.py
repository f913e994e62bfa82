# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Extended attributes, access control lists and flags of files.

On Linux, os.*xattr reaches the first two: a SELinux label and a POSIX ACL are attributes. On macOS an access control list
is neither an attribute nor in the mode, and directories hand theirs down: fcopyfile(3) and acl(3) of libSystem reach it.
"""

from __future__ import annotations

import errno
import os
import stat

_COPYFILE_ACL = 1  # fcopyfile(3)
_COPYFILE_XATTR = 4
_ACL_TYPE_EXTENDED = 0x100  # acl(3)
# of an entry that lets somebody change a file, or what is in a directory
_WRITING = frozenset(
    "write append delete delete_child add_file add_subdirectory writeattr writeextattr writesecurity chown".split()
)
_NONE_THERE = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOENT)  # the file system has no such thing


def copy(path: str, descriptor: int, private: bool) -> None:
    """Give an open file the attributes of the file at `path`, if there is one, and its access control list.

    With `private`, remove what is on the open file from its directory instead. Raises OSError.
    """
    if hasattr(os, "listxattr"):
        if os.path.exists(path):
            _copy_on_linux(path, descriptor)
        return
    system = _System()
    if os.path.exists(path):
        source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            # EPERM: only macOS itself sets com.apple.provenance; all others were copied
            system.copy(source, descriptor, _COPYFILE_XATTR, errno.EPERM)
            if not private:
                system.copy(source, descriptor, _COPYFILE_ACL)
        finally:
            os.close(source)
    if private:
        system.remove_list(descriptor)


def _copy_on_linux(path: str, descriptor: int) -> None:
    for name in os.listxattr(path):
        value = os.getxattr(path, name)
        if _attribute(descriptor, name) != value:
            os.setxattr(descriptor, name, value)


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:
        return None


class _System:
    """The functions of libSystem."""

    def __init__(self) -> None:
        import ctypes  # only macOS needs it, and it takes time

        self._ctypes = ctypes
        self._library = ctypes.CDLL(None, use_errno=True)

    def copy(self, source: int, target: int, flag: int, *harmless: int) -> None:
        """Copy what `flag` names from one open file to another. Raises OSError."""
        self._check(self._library.fcopyfile(source, target, None, self._ctypes.c_uint32(flag)), harmless)

    def remove_list(self, descriptor: int) -> None:
        """Remove the access control list of an open file. Raises OSError."""
        self._library.acl_init.restype = self._ctypes.c_void_p
        empty = self._ctypes.c_void_p(self._library.acl_init(1))
        try:
            self._check(self._library.acl_set_fd_np(descriptor, empty, _ACL_TYPE_EXTENDED), ())
        finally:
            self._library.acl_free(empty)

    def list_of(self, path: str) -> list[str]:
        """Return the entries of an access control list, as acl_to_text(3) writes them."""
        pointer = self._ctypes.c_void_p
        self._library.acl_get_file.restype = self._library.acl_to_text.restype = pointer
        found = pointer(self._library.acl_get_file(os.fsencode(path), _ACL_TYPE_EXTENDED))
        if not found:
            return []
        text = pointer(self._library.acl_to_text(found, None))
        try:
            return self._ctypes.string_at(text).decode("utf-8", "replace").splitlines() if text else []
        finally:
            self._library.acl_free(text)
            self._library.acl_free(found)

    def _check(self, status: int, harmless: tuple[int, ...]) -> None:
        number = self._ctypes.get_errno()
        if status != 0 and number not in (*_NONE_THERE, *harmless):
            raise OSError(number, os.strerror(number))


def opened_by_list(path: str) -> bool:
    """Return whether an access control list of macOS lets somebody change the file or directory at `path`."""
    if hasattr(os, "listxattr"):
        return False  # a POSIX ACL shows in the mode: its mask is the group's
    return any(map(_opens, _System().list_of(path)))


def _opens(entry: str) -> bool:
    """Return whether an entry as acl_to_text(3) writes it, `kind:uuid:name:id:allow[,flags]:rights`, lets somebody write."""
    fields = entry.split(":")
    return len(fields) > 5 and fields[4].split(",")[0] == "allow" and bool(_WRITING & set(fields[5].split(",")))


def lock_of(path: str) -> str:
    """Return the flag of macOS that keeps a file from being changed (`uchg`, `schg`), or nothing."""
    try:
        flags = getattr(os.lstat(path), "st_flags", 0)
    except OSError:
        return ""
    if flags & stat.SF_IMMUTABLE:
        return "schg"
    return "uchg" if flags & stat.UF_IMMUTABLE else ""
