# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows machine to play on: a stand-in for the collection ansible.windows, with registry and files in one JSON file.

    def test_a_value(ansible_run: AnsibleRun, tmp_path: Path) -> None:
        machine = WindowsStandIn(tmp_path / "windows")
        machine.set_value(r"HKCU:\\Environment", "https_proxy", "string", "http://old:1")
        machine.write(r"C:\\Users\\Ada\\.condarc", b"a: 1\\r\\n")
        variables = {"conda_proxy_http": "http://new:1"}
        player = Player(ansible_run, tmp_path, {"pc": machine.host_vars()}, variables, env=machine.env())
        mark = machine.mark()
        machine.faults(cut_after=mark + 3)
        played = player.play("site", "--diff")
        assert [run["module"] for run in machine.executions(mark)] == ["win_reg_stat", "slurp"]
        assert machine.value(r"HKCU:\\Environment", "HTTPS_PROXY") == ("https_proxy", "string", "http://new:1")
        assert machine.readers(r"C:\\Users\\Ada\\_netrc") == {ADA, SYSTEM, ADMINISTRATORS}
        assert machine.broadcasts == ["CONDAFLEET_REVISION"]

The real action plugin win_copy.py runs; modules are tests/stubs/ansible_windows/plugins/modules, their arguments are
checked against the documentation of the real collection that `make vendor` has put into .cache/collections.

`python -m tests.bed.windows up --folder FOLDER` makes such a machine for molecule and leaves `FOLDER/windows.json`
(`host_vars` and `env`); `down --folder FOLDER` removes the folder.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.bed.paths import COLLECTIONS, link_collection
from tests.stubs.ansible_windows.plugins.module_utils.machine import (
    ADA,
    ADMINISTRATORS,
    AUTHENTICATED,
    CONTAINER_INHERIT,
    CREATOR_OWNER,
    EVERYONE,
    INHERIT_ONLY,
    MACHINE_ENVIRONMENT,
    OBJECT_INHERIT,
    RIGHTS,
    SYSTEM,
    USER_ENVIRONMENT,
    USERS,
    VOLATILE_ENVIRONMENT,
    Machine,
    ace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Json = dict[str, Any]

__all__ = [
    "ADA",
    "ADMINISTRATORS",
    "EVERYONE",
    "MACHINE_ENVIRONMENT",
    "MODULES",
    "REAL",
    "SYSTEM",
    "USERS",
    "USER_ENVIRONMENT",
    "VOLATILE_ENVIRONMENT",
    "WindowsStandIn",
    "argument_spec",
]

REAL = COLLECTIONS / "ansible_collections" / "ansible" / "windows"
STUBS = Path(__file__).resolve().parents[1] / "stubs" / "ansible_windows" / "plugins"
MODULES = tuple(sorted(path.stem for path in (STUBS / "modules").glob("*.py")))
HOME = "C:\\Users\\Ada"
_INTERNET = "\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
_UNINSTALL = "\\Microsoft\\Windows\\CurrentVersion\\Uninstall"


def argument_spec(module: str) -> Json:
    """AnsibleModule's argument_spec out of a real module's documentation."""
    folder = REAL / "plugins" / "modules"
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: make vendor")
    beside = folder / f"{module}.yml"
    if beside.exists():
        documentation = yaml.safe_load(beside.read_text(encoding="utf-8"))["DOCUMENTATION"]
    else:
        namespace: Json = {}
        exec(compile((folder / f"{module}.py").read_text(encoding="utf-8"), module, "exec"), namespace)  # noqa: S102
        documentation = yaml.safe_load(namespace["DOCUMENTATION"])
    return {name: _option(option) for name, option in (documentation.get("options") or {}).items()}


def _option(option: Json) -> Json:
    names = ("type", "required", "choices", "aliases", "elements")
    taken: Json = {name: option[name] for name in names if name in option}
    if "default" in option and not option.get("required"):
        taken["default"] = option["default"]
    if taken.get("type") == "path":
        taken["type"] = "str"  # Python would expand $NAME and ~; the modules expand %NAME% themselves
    return taken


class WindowsStandIn:
    """One machine. Every method reads or writes the state file, under the lock that the modules take."""

    def __init__(self, folder: Path, *, administrator: bool = True) -> None:
        self.folder = folder.absolute()
        self.state_file = self.folder / "state.json"
        self.collections = self.folder / "collections"
        if not self.state_file.exists():
            self._assemble()
            self._save(initial(administrator=administrator))

    # --- for Ansible

    def host_vars(self, *, like_ssh: bool = False) -> Json:
        """What an inventory says about this machine.

        Two things that ssh does and a local connection does not come with `like_ssh`: under -vvv it shows what modules
        answer, and when it is lost it raises an exception (else the answer is garbage).
        """
        return {
            "ansible_connection": "ansible.windows.standin" if like_ssh else "local",
            "ansible_shell_type": "ansible.windows.standin_windows",
            "ansible_python_interpreter": sys.executable,
            "standin_state": str(self.state_file),
        }

    def env(self) -> dict[str, str]:
        """The environment for ansible_run. One machine's collections serve other machines too."""
        return {"ANSIBLE_COLLECTIONS_PATH": f"{self.collections}:{link_collection()}"}

    def _assemble(self) -> None:
        """The real collection's metadata and action plugin, with the stand-in's modules and shell."""
        target = self.collections / "ansible_collections" / "ansible" / "windows"
        (target / "plugins" / "action").mkdir(parents=True)
        for name in ("MANIFEST.json", "FILES.json", "meta", "plugins/action/__init__.py", "plugins/action/win_copy.py"):
            source = REAL / name
            if source.is_dir():
                shutil.copytree(source, target / name)
            else:
                shutil.copyfile(source, target / name)
        for name in ("connection", "modules", "module_utils", "shell"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(STUBS / name, target / "plugins" / name, ignore=ignored)

    # --- the state

    def _save(self, state: Json) -> None:
        part = self.state_file.with_suffix(".new")
        part.write_text(json.dumps(state, indent=1, ensure_ascii=False), encoding="utf-8")
        part.rename(self.state_file)

    @contextmanager
    def machine(self) -> Iterator[Machine]:
        """The machine's model, to look at and to change anything."""
        with Path(f"{self.state_file}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = json.loads(self.state_file.read_text(encoding="utf-8"))
            yield Machine(state)
            self._save(state)

    def snapshot(self) -> Json:
        """Registry and files, without times: equal when nothing has changed."""
        with self.machine() as machine:
            files = {
                path: {name: value for name, value in node.items() if name not in ("created", "modified")}
                for path, node in machine.state["files"].items()
            }
            return {"registry": machine.state["registry"], "files": files}

    # --- registry

    def value(self, key: str, name: str) -> tuple[str, str, Any] | None:
        """(name as it is written, type, data) of a value."""
        with self.machine() as machine:
            found = machine.value(key, name)
        return None if found is None else (found["name"], found["type"], found["data"])

    def values(self, key: str) -> dict[str, tuple[str, Any]] | None:
        """All values of a key: name -> (type, data)."""
        with self.machine() as machine:
            found = machine.key(key)
        return (
            None if found is None else {each["name"]: (each["type"], each["data"]) for each in found["values"].values()}
        )

    def set_value(self, key: str, name: str, kind: str, data: Any) -> None:
        """Sets a value, as another program does; the key is made."""
        with self.machine() as machine:
            machine.set_value(key, name, kind, data)

    def remove_value(self, key: str, name: str) -> None:
        """Removes a value."""
        with self.machine() as machine:
            machine.remove_value(key, name)

    # --- files

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        with self.machine() as machine:
            return machine.node(path) is not None

    def read(self, path: str) -> bytes | None:
        """A file's bytes, whatever its ACL says; None without one."""
        with self.machine() as machine:
            node = machine.node(path)
        return None if node is None else base64.b64decode(node["data"])

    def write(self, path: str, data: bytes) -> None:
        """Writes a file, as another program does; its folders are made, ACL and attributes of an old file stay."""
        with self.machine() as machine:
            machine.put_file(path, base64.b64encode(data).decode())

    def make_directory(self, path: str) -> None:
        """Makes a folder and its parents."""
        with self.machine() as machine:
            machine.put_folder(path)

    def remove(self, path: str) -> None:
        """Removes a file or folder."""
        with self.machine() as machine:
            machine.drop(path)

    def attributes(self, path: str) -> list[str]:
        """`Hidden`, `ReadOnly`, ..."""
        with self.machine() as machine:
            node = machine.node(path)
        assert node is not None, path
        return list(node["attributes"])

    def set_attributes(self, path: str, *names: str) -> None:
        """All attributes, by .NET's names."""
        with self.machine() as machine:
            machine.set_attributes(path, list(names))

    def owner(self, path: str) -> str | None:
        """The owner's SID."""
        with self.machine() as machine:
            node = machine.node(path)
        assert node is not None, path
        owner: str | None = node["owner"]
        return owner

    def readers(self, path: str) -> set[str]:
        """The SIDs that may read a file."""
        with self.machine() as machine:
            return machine.readers(path)

    def protected(self, path: str) -> bool:
        """Whether a file takes nothing from its folder's ACL."""
        with self.machine() as machine:
            node = machine.node(path)
        assert node is not None, path
        return bool(node["protected"])

    # --- programs

    def add_program(
        self,
        path: str,
        real: Path,
        home: Path,
        *,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """A program for win_command, with argv and stdin: `real` runs here, in `home`.

        It gets the machine's environment and `env`. Before it runs, `files` (Windows path -> real path) are written;
        in them, in the environment and in stdin these Windows paths become the real ones.
        """
        self.write(path, b"MZ")
        with self.machine() as machine:
            machine.state["programs"][path.lower()] = {
                "real": str(real),
                "home": str(home),
                "env": dict(env or {}),
                "files": {name: str(place) for name, place in (files or {}).items()},
            }

    # --- what has happened, and what shall go wrong

    def mark(self) -> int:
        """The number of executions up to now."""
        with self.machine() as machine:
            return len(machine.state["executions"])

    def executions(self, since: int = 0) -> list[Json]:
        """Executed modules: `module`, `args` (without values), `check_mode`, `changed`, `done`."""
        with self.machine() as machine:
            found: list[Json] = machine.state["executions"][since:]
            return found

    @property
    def broadcasts(self) -> list[str]:
        """The variables for which win_environment has sent WM_SETTINGCHANGE."""
        with self.machine() as machine:
            names: list[str] = machine.state["broadcasts"]
            return names

    def faults(
        self,
        *,
        cut_after: int | None = None,
        lose_answer: int | None = None,
        fail: Mapping[str, str] | None = None,
    ) -> None:
        """From now on; without arguments nothing goes wrong any more, and edits that are due are forgotten.

        After execution number `cut_after` no module runs and every answer is garbage; `lose_answer` runs and its answer
        is garbage; the modules in `fail` fail with that message. Numbers count all executions, see `mark()`.
        """
        with self.machine() as machine:
            machine.state["faults"] = {
                "cut_after": cut_after,
                "lose_answer": lose_answer,
                "fail": dict(fail or {}),
                "before": {},
            }

    def before(self, number: int, action: str, *arguments: Any) -> None:
        """Another program's edit just before execution `number`: `machine.EDITS`, for instance "set_value", key, ...

        Bytes for "put_file" may be bytes.
        """
        told = [base64.b64encode(each).decode() if isinstance(each, bytes) else each for each in arguments]
        with self.machine() as machine:
            machine.state["faults"]["before"].setdefault(str(number), []).append([action, *told])


def initial(*, administrator: bool) -> Json:
    """A machine as it comes: Windows 10's folders, ACLs and keys, as far as something here looks at them."""
    token = [ADA, EVERYONE, AUTHENTICATED, USERS, *([ADMINISTRATORS] if administrator else [])]
    state: Json = {
        "computer": "ADA-PC",
        "account": ADA,
        "token": token,
        "new_owner": SYSTEM,
        "accounts": {
            "NT AUTHORITY\\SYSTEM": SYSTEM,
            "BUILTIN\\Administrators": ADMINISTRATORS,
            "BUILTIN\\Users": USERS,
            "Everyone": EVERYONE,
            "NT AUTHORITY\\Authenticated Users": AUTHENTICATED,
            "CREATOR OWNER": CREATOR_OWNER,
            "ADA-PC\\Ada": ADA,
        },
        "registry": {},
        "files": {},
        "programs": {},
        "executions": [],
        "broadcasts": [],
        "faults": {"cut_after": None, "lose_answer": None, "fail": {}, "before": {}},
        "options": {name: argument_spec(name) for name in MODULES},
    }
    machine = Machine(state)
    _folders(machine)
    _keys(machine)
    state["new_owner"] = ADMINISTRATORS if administrator else ADA  # what an administrator makes belongs to the group
    return state


def _folders(machine: Machine) -> None:
    both = CONTAINER_INHERIT | OBJECT_INHERIT
    full = [ace(sid, RIGHTS["FullControl"], both) for sid in (SYSTEM, ADMINISTRATORS)]
    users = ace(USERS, RIGHTS["ReadAndExecute"], both)
    theirs = ace(CREATOR_OWNER, RIGHTS["FullControl"], both, INHERIT_ONLY)
    # Users may make folders and files there, and read all of it
    may_create = ace(USERS, RIGHTS["Write"] & ~RIGHTS["ReadPermissions"], CONTAINER_INHERIT)
    authenticated = [
        ace(AUTHENTICATED, RIGHTS["Modify"], both, INHERIT_ONLY),
        ace(AUTHENTICATED, RIGHTS["CreateDirectories"]),
    ]
    roots = {
        "C:\\": [*full, users, *authenticated],
        "C:\\Windows": [*full, users, theirs],
        "C:\\Program Files": [*full, users, theirs],
        "C:\\ProgramData": [*full, theirs, users, may_create],
        "C:\\Users": [*full, users, ace(EVERYONE, RIGHTS["ReadAndExecute"], both)],
        HOME: [*full, ace(ADA, RIGHTS["FullControl"], both)],
    }
    for path, entries in roots.items():
        node = machine.new_node(path, folder=True, owner=SYSTEM)
        node.update(explicit=entries, protected=True)
        machine.state["files"][path.lower()] = node
    for path in (f"{HOME}\\AppData\\Local\\Temp", f"{HOME}\\AppData\\Roaming", "C:\\Windows\\System32"):
        machine.put_folder(path)
    machine.put_file("C:\\Windows\\System32\\cmd.exe", base64.b64encode(b"MZ").decode())


def _keys(machine: Machine) -> None:
    values: dict[str, dict[str, tuple[str, Any]]] = {
        MACHINE_ENVIRONMENT: {
            "ComSpec": ("expandstring", "%SystemRoot%\\system32\\cmd.exe"),
            "NUMBER_OF_PROCESSORS": ("string", "2"),
            "OS": ("string", "Windows_NT"),
            "Path": ("expandstring", "%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem"),
            "PATHEXT": ("string", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"),
            "TEMP": ("expandstring", "%SystemRoot%\\TEMP"),
            "TMP": ("expandstring", "%SystemRoot%\\TEMP"),
            "windir": ("expandstring", "%SystemRoot%"),
        },
        USER_ENVIRONMENT: {
            "Path": ("expandstring", "%USERPROFILE%\\AppData\\Local\\Microsoft\\WindowsApps;"),
            "TEMP": ("expandstring", "%USERPROFILE%\\AppData\\Local\\Temp"),
            "TMP": ("expandstring", "%USERPROFILE%\\AppData\\Local\\Temp"),
        },
        VOLATILE_ENVIRONMENT: {
            "LOGONSERVER": ("string", "\\\\ADA-PC"),
            "USERDOMAIN": ("string", "ADA-PC"),
            "USERNAME": ("string", "Ada"),
            "USERPROFILE": ("string", HOME),
            "HOMEPATH": ("string", "\\Users\\Ada"),
            "HOMEDRIVE": ("string", "C:"),
            "APPDATA": ("string", f"{HOME}\\AppData\\Roaming"),
            "LOCALAPPDATA": ("string", f"{HOME}\\AppData\\Local"),
        },
        f"HKCU:{_INTERNET}": {"ProxyEnable": ("dword", 0), "MigrateProxy": ("dword", 1)},
        # no proxy: version, flags, then the lengths of two empty texts
        f"HKLM:{_INTERNET}\\Connections": {"WinHttpSettings": ("binary", [0x18, *[0] * 7, 1, *[0] * 11])},
        f"HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\{ADA}": {
            "ProfileImagePath": ("expandstring", HOME)
        },
    }
    for key, named in values.items():
        machine.make_key(key)
        for name, (kind, data) in named.items():
            machine.set_value(key, name, kind, data)
    for key in (
        f"HKLM:\\SOFTWARE{_UNINSTALL}",
        f"HKLM:\\SOFTWARE\\WOW6432Node{_UNINSTALL}",
        f"HKCU:\\Software{_UNINSTALL}",
    ):
        machine.make_key(key)


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description="A stand-in for a Windows machine.")
    parser.add_argument("command", choices=("up", "down"))
    parser.add_argument("--folder", type=lambda text: Path(text).absolute(), required=True)
    args = parser.parse_args()
    facts = args.folder / "windows.json"
    if args.command == "up":
        machine = WindowsStandIn(args.folder)
        told = {"host_vars": machine.host_vars(), "env": machine.env()}
        facts.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    elif facts.exists():
        shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
