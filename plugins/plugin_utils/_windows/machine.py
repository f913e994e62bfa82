# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The Machine of Windows: modules of ansible.windows, one remote execution each.

What is read is remembered until the next write, so that an unchanged host costs one execution for each file and each
key of the registry. Two modes of a file are known: 0600 is for the account, SYSTEM and Administrators alone, 0644 has the
permissions of its directory.
"""

from __future__ import annotations

import base64
import contextlib
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import STATE_FILE
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MOST_BYTES, File, MachineError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.lease import Lease
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote

MARKER = "CONDAFLEET_REVISION"
PRIVATE, INHERITED = 0o600, 0o644
ADMINISTRATORS, _LOCAL_SYSTEM = "S-1-5-32-544", "S-1-5-18"  # Windows translates names, and not these
_LEVELS = {"broadcast_machine": "machine", "broadcast_user": "user"}
_TYPES = {
    "REG_SZ": "string",
    "REG_EXPAND_SZ": "expandstring",
    "REG_MULTI_SZ": "multistring",
    "REG_DWORD": "dword",
    "REG_QWORD": "qword",
    "REG_BINARY": "binary",
    "REG_NONE": "none",
}


class WindowsMachine:
    """`directory` is the state's. `run` names this run; `system`: it is for the whole machine."""

    separator = "\\"

    def __init__(self, remote: Remote, directory: str, system: bool, run: str = "", lock_timeout: float = 0) -> None:
        self._remote = remote
        self._directory = directory
        self._system = system
        self._run = run
        self._lease = Lease(remote, directory, run, lock_timeout)
        self._files: dict[str, File] = {}
        self._keys: dict[str, t.Mapping[str, t.Any]] = {}
        self._directories: set[str] = set()
        self._ours: set[str] = set()  # files whose permissions we set: those that are read with `follow` false
        self._dressed = False

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self, path: str, follow: bool = True, most: int = MOST_BYTES) -> File:  # noqa: ARG002  # slurp has no limit
        if registry_value.is_registry(path):
            return self._read_value(path)
        if path not in self._files:
            file = self._slurp(path)
            if not follow:
                self._ours.add(path)
            if file.exists and not follow:
                file = File(file.data, PRIVATE if self._is_private(path) else INHERITED)
            self._files[path] = file
        return self._files[path]

    def _forget(self) -> None:
        """From here on somebody else's edit counts; of the state nobody else's, as we hold the lease."""
        self._files = {path: file for path, file in self._files.items() if self._in_state(path)}
        self._keys = {}

    def _slurp(self, path: str) -> File:
        try:
            answer = self._remote.module("slurp", src=path)
        except ModuleFailed as exc:
            if str(exc.result.get("msg", "")).endswith("is not found"):
                return File()
            raise MachineError(f"{path} cannot be read ({exc})") from None
        directory = _parent(path)
        while directory and directory not in self._directories:
            self._directories.add(directory)
            directory = _parent(directory)
        return File(base64.b64decode(answer["content"]), INHERITED)

    def _is_private(self, path: str) -> bool:
        if self._in_state(path):
            # everybody may make directories beside it: what lies in one that is not an administrator's is not from us
            if self._system:
                self._check_owner()
            return True
        return self._has_own_permissions(path)

    def _has_own_permissions(self, path: str) -> bool:
        """Return whether a file takes nothing from its directory."""
        try:
            answer = self._remote.module("win_acl_inheritance", check_mode=True, path=path, state="absent")
        except ModuleFailed:
            self._check_attributes(path)  # a hidden file is none to that module
            raise
        return not answer["changed"]

    def _check_owner(self) -> None:
        answer = self._remote.module("win_owner", check_mode=True, path=self._directory, user=ADMINISTRATORS)
        if answer.get("changed"):
            raise MachineError(
                f"{self._directory} is not owned by the Administrators, so its content may come from any user; "
                f"check it and remove it"
            )

    def _in_state(self, path: str) -> bool:
        return path.startswith(self._directory + self.separator)

    def key(self, key: str) -> dict[str, registry_value.Value]:
        """Return all values of a key by their names in lower case, in one execution."""
        return {
            name.lower(): registry_value.Value(value["type"], value["raw_value"], value["value"])
            for name, value in (self._key(key).get("properties") or {}).items()
            if value  # win_reg_stat gives nothing for a type that .NET does not know
        }

    def sub_keys(self, key: str) -> list[str]:
        """Return the names of the keys below a key."""
        return list(self._key(key).get("sub_keys") or [])

    def _key(self, key: str) -> t.Mapping[str, t.Any]:
        if key not in self._keys:
            self._keys[key] = self._remote.module("win_reg_stat", path=key)
        return self._keys[key]

    def _read_value(self, path: str) -> File:
        key, name = registry_value.split(path)
        value = self.key(key).get(name.lower())
        if value is not None and value.kind not in _TYPES:
            raise MachineError(f"{path} has a registry type that cannot be restored; remove the value")
        return File() if value is None else File(value.as_text().encode(), INHERITED)

    def missing_directories(self, path: str) -> list[str]:
        if self._in_state(path):
            self.read(path, follow=False)  # of a file that is there the directories are there
        missing: list[str] = []
        directory = "" if registry_value.is_registry(path) else _parent(path)
        while directory and directory not in self._directories:
            # not win_stat: of a directory it wants more than a user without rights has, and reads all that is below it
            if not self._remote.module("win_file", check_mode=True, path=directory, state="directory")["changed"]:
                self._directories.add(directory)
                break
            missing.insert(0, directory)
            directory = _parent(directory)
        return missing

    def real(self, path: str) -> str:
        return path.lower()

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(
        self,
        path: str,
        new: File,
        check: str = "",  # noqa: ARG002
        private: bool = False,  # noqa: ARG002  # profiles are private
        old: File | None = None,  # noqa: ARG002  # the modules of ansible.windows cannot compare
    ) -> None:
        self._lock()
        if registry_value.is_registry(path):
            self._write_value(path, new)
        else:
            self._write_file(path, new)
        self._forget()

    def foresee(self, path: str, new: File, secret: bool = False) -> list[str]:  # noqa: ARG002  # it would cost executions
        return []

    def foresee_lock(self, directory: str, remove: bool = False) -> None:
        """Do nothing: there is no file to lock."""

    def begin(self) -> None:
        self._lock()
        self._forget()

    def _lock(self) -> None:
        """Take the lease, and see that no other run wrote since we looked."""
        if self._lease.held:
            return
        state = self._directory + self.separator + STATE_FILE
        seen = self._files.get(state, File())
        if not seen.exists and not self._dressed:  # left by an interrupted run, or put there by somebody
            if self._system:
                self._check_owner()
            self._make_private(self._directory)
        self._lease.take()
        now = self._slurp(state)
        if now.data != seen.data:
            raise MachineError("another run has changed this machine in the meantime; run again")
        self._lease.confirm()

    def _write_file(self, path: str, new: File) -> None:
        private = new.mode == PRIVATE
        is_there = not self._in_state(path) and self._check_attributes(path)
        if is_there and path not in self._ours and self._has_own_permissions(path):
            # a move would give it those of its directory; written in place it keeps its own, and could be torn
            self._remote.copy(t.cast("bytes", new.data), path)
            return
        # a private file is made where only its owner can look, and takes the permissions of that place along
        stage = self._stage(path, private)
        if not private:
            self._remove_stage(stage)
        self._remote.copy(t.cast("bytes", new.data), stage)
        if private and not self._in_state(path):
            self._remote.module("win_acl_inheritance", path=stage, state="absent", reorganize=True)
        # win_copy writes into the file as it is; a move within a volume is old or new
        self._remote.cmd("move /y", stage, path)
        if self._in_state(path):
            self._files[path] = File(new.data, PRIVATE)

    def _stage(self, path: str, private: bool) -> str:
        return (self._directory + self.separator + "new" if private else path + ".condafleet") + ".part"

    def _remove_stage(self, stage: str) -> None:
        """Others may make files in C:\\ProgramData\\conda: one of that name would bring its permissions along."""
        try:
            self._remote.module("win_file", path=stage, state="absent")
        except ModuleFailed as exc:
            raise MachineError(f"{stage} already exists and cannot be removed ({exc}); remove it by hand") from None

    def _check_attributes(self, path: str) -> bool:
        """Is a file there? Raises MachineError for one that cannot be replaced."""
        stat = self._remote.module("win_stat", path=path, get_checksum=False, get_size=False)["stat"]
        if not stat["exists"]:
            return False
        if stat.get("isdir"):
            raise MachineError(f"{path} is a directory; move it away")
        if stat.get("islnk") or stat.get("nlink", 1) > 1:
            raise MachineError(f"{path} is a link and would be replaced by a file; convert it to a regular file first")
        for attribute, switch in (("hidden", "-h"), ("readonly", "-r")):
            if stat.get("is" + attribute):
                raise MachineError(f'{path} has the attribute {attribute}; remove it with: attrib {switch} "{path}"')
        return True

    def _write_value(self, path: str, new: File) -> None:
        key, name = registry_value.split(path)
        value = registry_value.from_text(t.cast("str", new.text))
        data = value.data
        if value.kind in ("REG_BINARY", "REG_NONE"):
            data = "hex:" + ",".join(byte[2:] for byte in data)  # win_reg_stat gives 0xff, win_regedit takes ff
        self._remote.module("win_regedit", path=key, name=name, data=data, type=_TYPES[value.kind])

    def remove(self, path: str, old: File | None = None) -> None:  # noqa: ARG002
        self._lock()
        if registry_value.is_registry(path):
            key, name = registry_value.split(path)
            self._remote.module("win_regedit", path=key, name=name, state="absent")
        else:
            self._remote.module("win_file", path=path, state="absent")
            self._files[path] = File()
        self._forget()

    def sweep(self, path: str) -> None:
        if not registry_value.is_registry(path) and not path.endswith(STATE_FILE):  # an execution for each look
            self._remote.module("win_file", path=self._stage(path, private=True), state="absent")
            # somebody else's that cannot be removed must not keep an undo from its end; the next write names it
            with contextlib.suppress(MachineError):
                self._remove_stage(self._stage(path, private=False))

    def make_directory(self, path: str, private: bool = False) -> None:
        self._remote.module("win_file", path=path, state="directory")
        self._directories.add(path)
        if private:
            self._make_private(path)
            self._dressed = True

    def _make_private(self, path: str) -> None:
        """For the account, SYSTEM and Administrators alone, with all that will lie in it."""
        trustees = [ADMINISTRATORS, _LOCAL_SYSTEM]
        if self._system:
            try:
                self._remote.module("win_owner", path=path, user=ADMINISTRATORS)
            except ModuleFailed as exc:
                raise MachineError(
                    f"system scope needs an administrator ({exc}); connect as one, or set conda_proxy_scope: user"
                ) from None
        else:
            # by name, not as the owner: what an administrator makes belongs to the group, and on the desktop the same
            # account is no administrator until it is asked
            trustees.append(self._remote.module("win_whoami")["account"]["sid"])
        self._remote.module("win_acl_inheritance", path=path, state="absent", reorganize=False)
        for trustee in trustees:
            self._remote.module("win_acl", path=path, user=trustee, rights="FullControl", type="allow", state="present")

    def remove_directory(self, path: str) -> None:
        with contextlib.suppress(MachineError):  # not empty, or it does not exist: both are fine
            self._remote.cmd("rd", path)
        self._directories.discard(path)

    # --- the rest -----------------------------------------------------------------------------------------------------

    def activate(self, kind: str, read_back: bool, managed: bool) -> list[str]:  # noqa: ARG002  # read back with the next read
        """Tell running programs: win_regedit does not, win_environment does for each variable that it changes."""
        level = _LEVELS[kind]
        if managed:
            self._remote.module("win_environment", level=level, name=MARKER, value=self._run, state="present")
        else:
            self._remote.module("win_environment", level=level, name=MARKER, state="absent")
        return []

    @contextlib.contextmanager
    def lock(self, directory: str) -> t.Iterator[None]:  # noqa: ARG002  # there is one state
        """Take the lease only when there is something to write: an unchanged host costs nothing for it."""
        try:
            yield
        finally:
            self._lease.drop()

    def remove_lock(self, directory: str) -> None:  # noqa: ARG002
        self._lease.drop()


def _parent(path: str) -> str:
    """Return the directory that `path` lies in; nothing for the root of a drive."""
    directory = path.rpartition("\\")[0]
    return "" if directory.endswith(":") or "\\" not in directory else directory
