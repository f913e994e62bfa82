# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Extended attributes, access control lists and flags of files.

On Linux, os.*xattr reaches the first two: a SELinux label and a POSIX ACL are attributes. On macOS an access control list
is neither an attribute nor in the mode, and directories hand theirs down: fcopyfile(3) and acl(3) of libSystem reach it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import stat
import struct
import typing as t

_COPYFILE_ACL = 1  # fcopyfile(3)
_COPYFILE_XATTR = 4
_ACL_TYPE_EXTENDED = 0x100  # acl(3)
# of an entry that lets somebody change a file, or what is in a directory
_WRITING = frozenset(
    "write append delete delete_child add_file add_subdirectory writeattr writeextattr writesecurity chown".split()
)
_ACL = "system.posix_acl_access"
_OF_CONTENT = (
    "security.evm",
    "security.ima",
)  # the kernel makes them of the content: those of the old one would be wrong
_LABELS = (*_OF_CONTENT, "security.selinux")
_GET_FLAGS = 0x40086601 if platform.machine().startswith(("ppc", "mips", "sparc", "alpha")) else 0x80086601
_LOCKS = ((0x10, "i"), (0x20, "a"))  # FS_IMMUTABLE_FL, FS_APPEND_FL
# EPERM: macOS alone sets com.apple.provenance
_NO_MATTER = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOENT)


def copy(path: str, descriptor: int, private: bool) -> None:
    """Give an open file the attributes of the file at `path`, if there is one, and its access control list.

    With `private`, remove what is on the open file from its directory instead. Raises OSError.
    """
    if hasattr(os, "listxattr"):
        _copy_on_linux(path, descriptor)
        return
    system = ctypes.CDLL(None, use_errno=True)
    if hasattr(system, "fcopyfile") and os.path.exists(path):
        source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            for flag in (_COPYFILE_XATTR,) if private else (_COPYFILE_XATTR, _COPYFILE_ACL):
                _check(system.fcopyfile(source, descriptor, None, ctypes.c_uint32(flag)))
        finally:
            os.close(source)
    if private and hasattr(system, "acl_init"):
        _remove_list(system, descriptor)


def _copy_on_linux(path: str, descriptor: int) -> None:
    wanted = os.listxattr(path) if os.path.exists(path) else []
    if _ACL not in wanted and _attribute(descriptor, _ACL) is not None:
        os.removexattr(descriptor, _ACL)  # the directory hands its own down, and that would let others in
    for name in wanted:
        if name in _OF_CONTENT:
            continue
        value = os.getxattr(path, name)
        if _attribute(descriptor, name) == value:
            continue
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            # one that follows the mode, as on NFSv4, differs where the mode does
            if not name.startswith("system.") or name == _ACL or _mode(path) == _mode(descriptor):
                raise


def _mode(file: str | int) -> int:
    return stat.S_IMODE(os.stat(file).st_mode)


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:
        return None


def _remove_list(system: t.Any, descriptor: int) -> None:
    system.acl_init.restype = ctypes.c_void_p
    empty = ctypes.c_void_p(system.acl_init(1))
    try:
        _check(system.acl_set_fd_np(descriptor, empty, _ACL_TYPE_EXTENDED))
    finally:
        system.acl_free(empty)


def _check(status: int) -> None:
    number = ctypes.get_errno()
    if status != 0 and number not in _NO_MATTER:
        raise OSError(number, os.strerror(number))


def opened_by_list(path: str) -> bool:
    """Return whether an access control list of macOS lets somebody change the file or directory at `path`."""
    if hasattr(os, "listxattr"):
        return False  # a POSIX ACL shows in the mode: its mask is the group's
    system = ctypes.CDLL(None, use_errno=True)
    if not hasattr(system, "acl_to_text"):
        return False
    system.acl_get_file.restype = ctypes.c_void_p
    found = system.acl_get_file(os.fsencode(path), _ACL_TYPE_EXTENDED)
    if not found:
        return False
    system.acl_to_text.restype = ctypes.c_void_p
    text = system.acl_to_text(ctypes.c_void_p(found), None)
    try:
        entries = (ctypes.string_at(text) if text else b"").decode("utf-8", "replace").splitlines()
    finally:
        system.acl_free(ctypes.c_void_p(text))
        system.acl_free(ctypes.c_void_p(found))
    return any(map(_opens, entries))


def _opens(entry: str) -> bool:
    """Return whether an entry as acl_to_text(3) writes it, `kind:uuid:name:id:allow[,flags]:rights`, lets somebody write."""
    fields = entry.split(":")
    return len(fields) > 5 and fields[4].split(",")[0] == "allow" and bool(_WRITING & set(fields[5].split(",")))


def unlock_command(path: str) -> str:
    """Return the command that takes the flag from a file which keeps it from being replaced, or nothing."""
    try:
        flags = getattr(os.lstat(path), "st_flags", None)
    except OSError:
        return ""
    if flags is None:
        return _unlock_on_linux(path)
    if flags & stat.SF_IMMUTABLE:
        return "chflags noschg"
    return "chflags nouchg" if flags & stat.UF_IMMUTABLE else ""


def _unlock_on_linux(path: str) -> str:
    flags = bytearray(8)  # the kernel writes four bytes of what the request calls a long
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    except OSError:  # this file system has no flags
        return ""
    finally:
        os.close(descriptor)
    found = struct.unpack_from("=i", flags)[0]
    return next((f"chattr -{letter}" for flag, letter in _LOCKS if found & flag), "")


def settable_by_root_alone(path: str) -> list[str]:
    """Return the extended attributes of a file that only root can give to the file which replaces it."""
    if not hasattr(os, "listxattr"):
        return []
    # a policy of SELinux decides about its label
    return [name for name in os.listxattr(path) if name.startswith("security.") and name not in _LABELS]
