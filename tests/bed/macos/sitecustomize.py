# SPDX-License-Identifier: GPL-3.0-or-later
"""Make Python on Linux behave as on macOS, where the collection could notice the difference.

* `platform.system()` is Darwin, `sys.platform` is darwin; `os.*xattr` is missing (Python has it on Linux only);
* `os.setgroups` takes 16 groups (NGROUPS_MAX), `os.initgroups` a C int (CPython's posixmodule.c);
* `_scproxy` is there, and fails in a forked child: SystemConfiguration may kill it there (CPython 105912);
* a process of the collection starts only programs of the table: everything else is an error and is recorded.
"""

import ctypes
import json
import os
import platform
import re
import sys
import types

_TABLE = "/private/var/standin/programs.json"
_LOG = "/private/var/standin/programs.log"
_COLLECTION = "ansible_collections.condafleet.proxy"
_PARENT = os.getpid()

platform.system = lambda: "Darwin"
sys.platform = "darwin"
_getxattr, _setxattr, _listxattr, _removexattr = os.getxattr, os.setxattr, os.listxattr, os.removexattr
for _name in ("getxattr", "setxattr", "listxattr", "removexattr"):
    delattr(os, _name)
_setgroups = os.setgroups


def _at_most_16(groups):
    if len(groups) > 16:
        raise ValueError("too many groups")
    _setgroups(groups)


os.setgroups = _at_most_16
_initgroups = os.initgroups


def _c_int(name, gid):
    if gid > 0x7FFFFFFF:
        raise OverflowError("signed integer is greater than maximum")
    _initgroups(name, gid % (1 << 32))


os.initgroups = _c_int


def _system_configuration(answer):
    def ask():
        if os.getpid() != _PARENT:
            _record({"error": "SystemConfiguration was used between fork and exec"})
            os.abort()
        return answer

    return ask


_scproxy = types.ModuleType("_scproxy")
_scproxy._get_proxies = _system_configuration({})
_scproxy._get_proxy_settings = _system_configuration({})
sys.modules["_scproxy"] = _scproxy
# Debian leaves out what ctypes.util imports on macOS
_dyld = types.ModuleType("ctypes.macholib.dyld")
_dyld.dyld_find = lambda name, executable_path=None, env=None: name
sys.modules["ctypes.macholib"] = types.ModuleType("ctypes.macholib")
sys.modules["ctypes.macholib.dyld"] = _dyld


def _record(entry):
    descriptor = os.open(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    if os.fstat(descriptor).st_uid == os.geteuid():
        os.fchmod(descriptor, 0o666)
    os.write(descriptor, (json.dumps(entry) + "\n").encode())
    os.close(descriptor)


def _argv(event, arguments):
    if event == "subprocess.Popen":
        return [os.fspath(word) for word in arguments[1]]
    if event in ("os.exec", "os.posix_spawn"):
        return [os.fspath(word) for word in arguments[1]]
    return [str(arguments[0])]


def _watch(event, arguments):
    if event not in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"):
        return
    if not any(name.startswith(_COLLECTION) for name in sys.modules):
        return
    argv = [
        word.decode("utf-8", "surrogateescape") if isinstance(word, bytes) else word for word in _argv(event, arguments)
    ]
    with open(_TABLE, encoding="utf-8") as stream:
        table = json.load(stream)
    known = any(
        re.fullmatch(row["program"], argv[0]) and re.fullmatch(row["arguments"], " ".join(argv[1:])) for row in table
    )
    _record({"argv": argv, "known": known})
    if not known:
        raise RuntimeError(f"{argv[0]} is not in the table of programs of macOS")


sys.addaudithook(_watch)


class _Function:
    """A function of libSystem; `restype` is set as on a real one."""

    restype = None

    def __init__(self, function):
        self._function = function

    def __call__(self, *arguments):
        return self._function(*arguments)


_objects = {}  # what a pointer of acl(3) stands for


def _keep(value):
    pointer = id(value)
    _objects[pointer] = value
    return pointer


def _copyfile(source, target, _state, flags):
    """fcopyfile(3): COPYFILE_ACL is 1, COPYFILE_XATTR 4. An access control list is the attribute user.acl here."""
    for name in _listxattr(source):
        is_list = name == "user.acl"
        if name.startswith("user.") and flags.value & (1 if is_list else 4):
            _setxattr(target, name, _getxattr(source, name))
    return 0


def _get_list(path, _kind):
    """acl_get_file(3): NULL where a file has none."""
    try:
        return _keep(_getxattr(path, "user.acl"))
    except OSError:
        return None


def _set_list(descriptor, pointer, _kind):
    """acl_set_fd_np(3); acl_init(3) made an empty one."""
    if not _objects[pointer.value] and "user.acl" in _listxattr(descriptor):
        _removexattr(descriptor, "user.acl")
    return 0


def _text(pointer, _length):
    """acl_to_text(3)."""
    buffer = ctypes.create_string_buffer(_objects[pointer.value])
    _objects[ctypes.addressof(buffer)] = buffer
    return ctypes.addressof(buffer)


class _LibSystem(ctypes.CDLL):
    """What libSystem has beyond glibc."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.fcopyfile = _Function(_copyfile)
        self.acl_init = _Function(lambda _count: _keep(bytearray()))
        self.acl_get_file = _Function(_get_list)
        self.acl_set_fd_np = _Function(_set_list)
        self.acl_to_text = _Function(_text)
        self.acl_free = _Function(lambda _pointer: 0)


ctypes.CDLL = _LibSystem
_open = os.open


def _create(path, flags, *arguments, **options):
    """A new file gets what its directory hands down (chmod(1): file_inherit)."""
    descriptor = _open(path, flags, *arguments, **options)
    if flags & os.O_CREAT and flags & os.O_EXCL:
        try:
            entries = _getxattr(os.path.dirname(os.path.abspath(path)) or "/", "user.acl").decode().splitlines()
        except OSError:
            return descriptor
        handed_down = [entry for entry in entries if "file_inherit" in entry]
        if handed_down:
            _setxattr(descriptor, "user.acl", "\n".join(handed_down).encode())
    return descriptor


os.open = _create
