# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a Windows machine: registry, file system, accounts. Both the stand-in modules and the tests use it.

Facts: the .ps1 modules of ansible.windows 3.3.0, the documentation of .NET's FileSystemSecurity and RegistryKey, and of
Win32's CopyFile and MoveFileEx. What is not known here raises `Unknown`: nothing is guessed.
"""

from __future__ import annotations

import base64
import ntpath
import re
import time
from typing import Any

Json = dict[str, Any]

SYSTEM, ADMINISTRATORS, USERS = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"
OWNER_RIGHTS = "S-1-3-4"  # the owner, whoever that is
EVERYONE, AUTHENTICATED, CREATOR_OWNER = "S-1-1-0", "S-1-5-11", "S-1-3-0"
ADA = "S-1-5-21-1004336348-1177238915-682003330-1001"

# System.Security.AccessControl.FileSystemRights
RIGHTS = {
    "ReadData": 0x1, "ListDirectory": 0x1, "WriteData": 0x2, "CreateFiles": 0x2, "AppendData": 0x4,
    "CreateDirectories": 0x4, "ReadExtendedAttributes": 0x8, "WriteExtendedAttributes": 0x10, "ExecuteFile": 0x20,
    "Traverse": 0x20, "DeleteSubdirectoriesAndFiles": 0x40, "ReadAttributes": 0x80, "WriteAttributes": 0x100,
    "Delete": 0x10000, "ReadPermissions": 0x20000, "ChangePermissions": 0x40000, "TakeOwnership": 0x80000,
    "Synchronize": 0x100000, "Write": 0x116, "Read": 0x20089, "ReadAndExecute": 0x200A9, "Modify": 0x301BF,
    "FullControl": 0x1F01FF,
}  # fmt: skip
READ, WRITE, APPEND, DELETE_CHILD, DELETE = 0x1, 0x2, 0x4, 0x40, 0x10000
# InheritanceFlags and PropagationFlags
CONTAINER_INHERIT, OBJECT_INHERIT = 1, 2
INHERITANCE = {"None": 0, "ContainerInherit": CONTAINER_INHERIT, "ObjectInherit": OBJECT_INHERIT}
NO_PROPAGATE, INHERIT_ONLY = 1, 2
PROPAGATION = {"None": 0, "NoPropagateInherit": NO_PROPAGATE, "InheritOnly": INHERIT_ONLY}

ATTRIBUTES = ("ReadOnly", "Hidden", "System", "Directory", "Archive")  # in the order in which .NET prints them
HIVES = ("HKCC", "HKCR", "HKCU", "HKLM", "HKU")
MACHINE_ENVIRONMENT = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
USER_ENVIRONMENT = "HKCU:\\Environment"
VOLATILE_ENVIRONMENT = "HKCU:\\Volatile Environment"


class Unknown(Exception):
    """The stand-in does not model this."""

    def __str__(self) -> str:
        return f"the stand-in does not know {super().__str__()}"


class Refused(Exception):
    """Windows says no; the text is Windows' own."""


def flags(text: str, table: dict[str, int]) -> int:
    """What `[SomeFlags]"A, B"` of PowerShell gives; names have no case."""
    known = {name.lower(): value for name, value in table.items()}
    value = 0
    for name in text.split(","):
        if name.strip().lower() not in known:
            raise Refused(f'Cannot convert value "{text}": the identifier name {name.strip()} cannot be processed.')
        value |= known[name.strip().lower()]
    return value


def clean(path: str) -> str:
    """An absolute path as Windows' API sees it."""
    path = path.replace("/", "\\")
    if not re.match(r"[A-Za-z]:\\", path):
        raise Unknown(f"a path that is not absolute: {path!r}")
    if re.search(r'[<>"|?*\x00-\x1f]|.:', path[2:]):
        raise Refused(f"The given path's format is not supported: {path}")
    path = ntpath.normpath(path)
    if any(part.endswith((".", " ")) for part in path.split("\\")):
        raise Unknown(f"a name that ends with a dot or a space: {path!r}")
    return path


class Machine:
    """Reads and changes a state, a dictionary that goes to a file as JSON."""

    def __init__(self, state: Json) -> None:
        self.state = state
        self._files: dict[str, Json] = state["files"]
        self._keys: dict[str, Json] = state["registry"]

    # --- accounts

    def sid(self, account: str) -> str | None:
        """An account's SID; a SID is taken as it is."""
        if re.fullmatch(r"S-1-\d+(-\d+)+", account, re.IGNORECASE):
            return account.upper()
        computer = self.state["computer"].lower()
        name = re.sub(rf"^(\.|{re.escape(computer)}|builtin|nt authority)\\", "", account.lower())
        for known, sid in self.state["accounts"].items():
            if name == known.split("\\")[-1].lower():
                found: str = sid
                return found
        return None

    def account(self, sid: str) -> str:
        """DOMAIN\\Name of a SID, or the SID."""
        names = (name for name, known in self.state["accounts"].items() if known == sid)
        return next(names, sid)

    # --- files

    def node(self, path: str) -> Json | None:
        """What lies at a path."""
        return self._files.get(clean(path).lower())

    def _need(self, path: str) -> Json:
        node = self.node(path)
        if node is None:
            raise Refused(f"Cannot find path '{path}' because it does not exist.")
        return node

    def is_file(self, path: str) -> bool:
        """As Test-Path -PathType Leaf: hidden ones too."""
        node = self.node(path)
        return node is not None and not node["folder"]

    def is_folder(self, path: str) -> bool:
        """As Test-Path -PathType Container."""
        node = self.node(path)
        return node is not None and bool(node["folder"])

    def children(self, path: str) -> list[Json]:
        """What lies in a folder, by name."""
        parent = clean(path).lower()
        return [node for low, node in sorted(self._files.items()) if ntpath.dirname(low) == parent and low != parent]

    def below(self, path: str) -> list[Json]:
        """Everything below a folder."""
        prefix = clean(path).lower().rstrip("\\") + "\\"
        return [node for low, node in sorted(self._files.items()) if low.startswith(prefix) and low != prefix]

    def read(self, path: str) -> bytes:
        """A file's bytes, if the connecting user may read them."""
        node = self._need(path)
        self._allow(node, READ)
        return base64.b64decode(node["data"])

    def make_directory(self, path: str) -> None:
        """A folder and its parents, as New-Item -ItemType Directory makes them."""
        path = clean(path)
        if self.is_folder(path):
            return
        if self.is_file(path):
            raise Refused(f"An item with the specified name {path} already exists.")
        parent = ntpath.dirname(path)
        if parent == path:
            raise Refused(f"Cannot find drive. A drive with the name '{path[0]}' does not exist.")
        self.make_directory(parent)
        self._create(path, folder=True, needed=APPEND)

    def write(self, path: str, data: bytes) -> None:
        """As Win32's CopyFile: a new file gets ACL and owner anew, one that is overwritten keeps them.

        The attributes are the source's, which is an ordinary file; Copy-Item -Force clears those that are in the way.
        """
        path = clean(path)
        node = self.node(path)
        if node is None:
            node = self._create(path, folder=False, needed=WRITE)
        elif node["folder"]:
            raise Refused(f"The target file '{path}' is a directory, not a file.")
        else:
            self._allow(node, WRITE)
        node["data"] = base64.b64encode(data).decode()
        node["attributes"] = ["Archive"]
        node["modified"] = time.time()

    def remove(self, path: str) -> None:
        """A file or a folder with all in it, as Remove-Item -Force -Recurse."""
        node = self._need(path)
        for child in reversed(self.below(path)) if node["folder"] else []:
            self.remove(child["path"])
        parent = self._need(ntpath.dirname(node["path"]))
        if not (self._allowed(node, DELETE) or self._allowed(parent, DELETE_CHILD)):
            raise Refused(f"Access to the path '{node['path']}' is denied.")
        del self._files[node["path"].lower()]

    def move(self, source: str, target: str) -> None:
        """As MoveFileEx with MOVEFILE_REPLACE_EXISTING within a volume: the file keeps what belongs to it.

        That is owner, attributes, explicit ACEs, the protected flag and the inherited ACEs that it had before.
        """
        source, target = clean(source), clean(target)
        node = self._need(source)
        if node["folder"]:
            raise Unknown("how a folder is moved")
        if source[0].lower() != target[0].lower():
            raise Unknown("how a file is moved to another volume")
        old = self.node(target)
        folder = self._need(ntpath.dirname(target))
        if old is not None and (old["folder"] or "ReadOnly" in old["attributes"]):
            raise Refused("Access is denied.")
        parent = self._need(ntpath.dirname(source))
        may_leave = self._allowed(node, DELETE) or self._allowed(parent, DELETE_CHILD)
        may_enter = self._allowed(folder, WRITE)
        may_replace = old is None or self._allowed(old, DELETE) or self._allowed(folder, DELETE_CHILD)
        if not (may_leave and may_enter and may_replace):
            raise Refused("Access is denied.")
        del self._files[source.lower()]
        name = old["path"] if old is not None and old["path"].lower() == target.lower() else target
        node["path"] = name
        self._files[target.lower()] = node

    def _create(self, path: str, *, folder: bool, needed: int) -> Json:
        parent = self.node(ntpath.dirname(path))
        if parent is None or not parent["folder"]:
            raise Refused(f"Could not find a part of the path '{path}'.")
        self._allow(parent, needed, path)
        path = ntpath.join(parent["path"], ntpath.basename(path))
        node = self.new_node(path, folder=folder, owner=self.state["new_owner"])
        node["inherited"] = self._inheritable(parent, folder=folder, owner=node["owner"])
        self._files[path.lower()] = node
        return node

    @staticmethod
    def new_node(path: str, *, folder: bool, owner: str | None) -> Json:
        """A file or folder with nothing in it."""
        now = time.time()
        return {
            "path": path,
            "folder": folder,
            "data": "",
            "attributes": ["Directory"] if folder else ["Archive"],
            "owner": owner,
            "protected": False,
            "explicit": [],
            "inherited": [],
            "created": now,
            "modified": now,
        }

    # --- access

    def _allow(self, node: Json, right: int, path: str | None = None) -> None:
        if not self._allowed(node, right):
            raise Refused(f"Access to the path '{path or node['path']}' is denied.")

    def _allowed(self, node: Json, right: int) -> bool:
        """Whether the connecting user, with its groups, has a right."""
        for ace in self.aces(node):
            mine = ace["sid"] == OWNER_RIGHTS and node["owner"] in self.state["token"]
            applies = (mine or ace["sid"] in self.state["token"]) and not ace["propagation"] & INHERIT_ONLY
            if applies and ace["rights"] & right:
                return bool(ace["type"] == "allow")
        return False

    @staticmethod
    def aces(node: Json) -> list[Json]:
        """Explicit before inherited, deny before allow."""
        ordered: list[Json] = []
        for part in (node["explicit"], node["inherited"]):
            ordered += sorted(part, key=lambda ace: ace["type"] != "deny")
        return ordered

    def readers(self, path: str) -> set[str]:
        """The SIDs that may read a file's bytes (the names in a folder)."""
        answer: dict[str, bool] = {}
        for ace in self.aces(self._need(path)):
            if ace["rights"] & READ and not ace["propagation"] & INHERIT_ONLY:
                answer.setdefault(ace["sid"], ace["type"] == "allow")
        return {sid for sid, allowed in answer.items() if allowed}

    @staticmethod
    def _inheritable(parent: Json, *, folder: bool, owner: str) -> list[Json]:
        """The ACEs that a new child of a folder gets."""
        result = []
        for ace in Machine.aces(parent):
            here = ace["inherit"] & (CONTAINER_INHERIT if folder else OBJECT_INHERIT)
            onward = ace["inherit"] if folder and not ace["propagation"] & NO_PROPAGATE else 0
            if ace["sid"] == CREATOR_OWNER and here:
                result.append({**ace, "sid": owner, "inherit": 0, "propagation": 0})
                here = 0
            if here:
                result.append({**ace, "inherit": onward, "propagation": 0})
            elif onward:
                result.append({**ace, "inherit": onward, "propagation": INHERIT_ONLY})
        return result

    def change_access(
        self, path: str, *, privileged: bool, explicit: list[Json], protected: bool, keep_inherited: bool = False
    ) -> None:
        """`set_access`, if the connecting user may: as owner, by the ACL, or with an administrator's privileges."""
        node = self._need(path)
        may = node["owner"] in self.state["token"] or self._allowed(node, RIGHTS["ChangePermissions"])
        if not may and not (privileged and ADMINISTRATORS in self.state["token"]):
            raise Refused("Attempted to perform an unauthorized operation.")
        self.set_access(path, explicit=explicit, protected=protected, keep_inherited=keep_inherited)

    def set_access(self, path: str, *, explicit: list[Json], protected: bool, keep_inherited: bool = False) -> None:
        """As SetAccessControl: what is inherited is computed again, here and below."""
        node = self._need(path)
        if keep_inherited:
            explicit = explicit + node["inherited"]
        node["explicit"], node["protected"] = explicit, protected
        self._inherit_again(node)

    def _inherit_again(self, node: Json) -> None:
        if node["protected"]:
            node["inherited"] = []
        else:
            parent = self._need(ntpath.dirname(node["path"]))
            node["inherited"] = self._inheritable(parent, folder=node["folder"], owner=node["owner"])
        for child in self.children(node["path"]) if node["folder"] else []:
            if not child["protected"]:
                self._inherit_again(child)

    # --- registry

    def _key(self, path: str) -> str:
        """`HKCU:\\A\\B` -> `HKCU\\A\\B`; the user's hive below HKU is HKCU."""
        found = re.match(r"(HKCC|HKCR|HKCU|HKLM|HKU):\\(.*)$", path, re.IGNORECASE)
        if not found:
            raise Unknown(f"the registry path {path!r}")
        hive, rest = found[1].upper(), found[2].strip("\\")
        own = self.state["account"]
        if hive == "HKU" and f"{rest}\\".lower().startswith(f"{own}\\".lower()):
            hive, rest = "HKCU", rest[len(own) + 1 :]
        return f"{hive}\\{rest}".rstrip("\\")

    def key(self, path: str) -> Json | None:
        """A key, or None."""
        return self._keys.get(self._key(path).lower())

    def make_key(self, path: str) -> Json:
        """A key and its parents; one that is there stays as it is."""
        name = self._key(path)
        parts = name.split("\\")
        for count in range(1, len(parts) + 1):
            part = "\\".join(parts[:count])
            self._keys.setdefault(part.lower(), {"path": part, "values": {}})
        return self._keys[name.lower()]

    def remove_key(self, path: str) -> None:
        """A key with all below it."""
        low = self._key(path).lower()
        for name in [name for name in self._keys if name == low or name.startswith(low + "\\")]:
            del self._keys[name]

    def sub_keys(self, path: str) -> list[str]:
        """The names of a key's sub keys."""
        low = self._key(path).lower() + "\\"
        found = (key["path"][len(low) :] for name, key in sorted(self._keys.items()) if name.startswith(low))
        return [name for name in found if "\\" not in name]

    def value(self, path: str, name: str | None) -> Json | None:
        """{name, type, data} of a value; names have no case. No name: the key's default."""
        key = self.key(path)
        found: Json | None = None if key is None else key["values"].get((name or "").lower())
        return found

    def set_value(self, path: str, name: str | None, kind: str, data: Any) -> None:
        """Sets a value; one that is there keeps the letter case of its name."""
        values = self.make_key(path)["values"]
        old = values.get((name or "").lower())
        values[(name or "").lower()] = {"name": old["name"] if old else name or "", "type": kind, "data": data}

    def remove_value(self, path: str, name: str | None) -> None:
        """Removes a value."""
        key = self.key(path)
        if key is not None:
            key["values"].pop((name or "").lower(), None)

    def environment(self) -> dict[str, str]:
        """The environment of a process that the connecting user starts now; names in their own letter case."""
        found: dict[str, tuple[str, str]] = {
            name.lower(): (name, text)
            for name, text in {
                "SystemRoot": "C:\\Windows",
                "SystemDrive": "C:",
                "ProgramData": "C:\\ProgramData",
                "ALLUSERSPROFILE": "C:\\ProgramData",
                "ProgramFiles": "C:\\Program Files",
                "PUBLIC": "C:\\Users\\Public",
                "COMPUTERNAME": self.state["computer"],
            }.items()
        }
        for path in (VOLATILE_ENVIRONMENT, MACHINE_ENVIRONMENT, USER_ENVIRONMENT):
            values = (self.key(path) or {"values": {}})["values"].values()
            for value in sorted(values, key=lambda item: item["type"] == "expandstring"):
                text = self._expand(value["data"], found) if value["type"] == "expandstring" else value["data"]
                low = value["name"].lower()
                if low == "path" and low in found:
                    text = f"{found[low][1]};{text}"  # the one variable that Windows joins
                found[low] = (value["name"], text)
        return dict(found.values())

    @staticmethod
    def _expand(text: str, known: dict[str, tuple[str, str]]) -> str:
        return re.sub(
            "%([^%]+)%", lambda match: known[match[1].lower()][1] if match[1].lower() in known else match[0], text
        )

    def expand(self, text: str) -> str:
        """As ExpandEnvironmentStrings: an unknown name stays."""
        return self._expand(text, {name.lower(): (name, value) for name, value in self.environment().items()})

    # --- what somebody else does between two executions; arguments are JSON

    def edit(self, action: str, *arguments: Any) -> None:
        """One edit by name; see `EDITS`."""
        if action not in EDITS:
            raise Unknown(f"the edit {action!r}")
        getattr(self, action)(*arguments)

    def put_file(self, path: str, data: str) -> None:
        """Writes base64 into a file without asking its ACL; makes folders."""
        path = clean(path)
        if self.node(path) is None:
            self.put_folder(ntpath.dirname(path))
            parent = self._need(ntpath.dirname(path))
            node = self.new_node(path, folder=False, owner=self.state["new_owner"])
            node["inherited"] = self._inheritable(parent, folder=False, owner=node["owner"])
            self._files[path.lower()] = node
        self._need(path).update(data=data, modified=time.time())

    def put_folder(self, path: str) -> None:
        """Makes a folder and its parents without asking an ACL."""
        path = clean(path)
        if self.node(path) is None:
            self.put_folder(ntpath.dirname(path))
            parent = self._need(ntpath.dirname(path))
            node = self.new_node(path, folder=True, owner=self.state["new_owner"])
            node["inherited"] = self._inheritable(parent, folder=True, owner=node["owner"])
            self._files[path.lower()] = node

    def drop(self, path: str) -> None:
        """Removes a file or folder without asking an ACL."""
        for node in [*self.below(path), self._need(path)]:
            del self._files[node["path"].lower()]

    def set_attributes(self, path: str, names: list[str]) -> None:
        """The attributes of a file or folder, by .NET's names."""
        if not set(names) <= set(ATTRIBUTES):
            raise Unknown(f"the attributes {names}")
        self._need(path)["attributes"] = [name for name in ATTRIBUTES if name in names]

    def set_owner(self, path: str, sid: str | None) -> None:
        """The owner of a file or folder."""
        self._need(path)["owner"] = sid


EDITS = ("put_file", "put_folder", "drop", "set_attributes", "set_owner", "set_value", "remove_value", "remove_key")


def ace(sid: str, rights: int, inherit: int = 0, propagation: int = 0, *, kind: str = "allow") -> Json:
    """An access control entry; .NET adds Synchronize to what is allowed."""
    if kind == "allow":
        rights |= RIGHTS["Synchronize"]
    return {"sid": sid, "type": kind, "rights": rights, "inherit": inherit, "propagation": propagation}
