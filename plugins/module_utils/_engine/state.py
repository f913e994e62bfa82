# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept on the machine between runs: the state, and in it the journal of a run under way.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

Both hold secrets and lie in one file, in a folder that only their owner can enter (docs/state.md has the format).
"""

from __future__ import annotations

import base64
import json
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, Machine, MachineError

SCHEMA_VERSION = 1
STATE_FILE = "state.json"
Entry = t.Dict[str, t.Any]
_ENTRY = {"kind", "editor", "owned", "original", "left", "left_mode", "sections", "activate", "follow"}


def pack(file: File) -> dict[str, t.Any]:
    """A file in a form that JSON can hold."""
    data = None if file.data is None else base64.b64encode(file.data).decode()
    return {"data": data, "mode": file.mode, "uid": file.uid, "gid": file.gid}


def unpack(packed: t.Mapping[str, t.Any]) -> File:
    """The file that pack() packed."""
    data = None if packed["data"] is None else base64.b64decode(packed["data"])
    return File(data, packed["mode"], packed["uid"], packed["gid"])


class State:
    """What we own on this machine: C(targets) by path, C(made) folders, C(users) served (system state only).

    A target's entry: C(editor), C(owned) (what the editor wanted), C(original) (the file as C(absent) would leave it),
    C(left) (digest of the file as we left it), C(left_mode), C(sections), C(kind), C(activate), C(follow).
    """

    def __init__(self, data: t.Mapping[str, t.Any] | None = None) -> None:
        data = data or {}
        self.targets: dict[str, Entry] = dict(data.get("targets", {}))
        self.made: list[str] = list(data.get("made", []))
        self.users: dict[str, t.Any] = dict(data.get("users", {}))
        self.run: str = data.get("run", "")
        self.host: str = data.get("host", "")

    def has(self, activate: str) -> bool:
        """Is anything ours that C(activate) makes take effect?"""
        return any(entry["activate"] == activate for entry in self.targets.values())

    @property
    def empty(self) -> bool:
        return not self.targets and not self.users


class Store:
    """The state folder on one machine.

    State and journal are one file: where each look costs a remote execution, one look tells both.
    """

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine = machine
        self.folder = folder

    def path(self, name: str) -> str:
        return self.folder + self.machine.separator + name

    def missing_folders(self) -> list[str]:
        """The folders that must be made before there can be a state, the state folder last."""
        return self.machine.missing_folders(self.path(STATE_FILE))

    def _load(self) -> dict[str, t.Any]:
        path = self.path(STATE_FILE)
        file = self.machine.read(path, follow=False)
        if file.data is None:
            return {}
        try:
            content = json.loads(file.data.decode())
            version = int(content["schema_version"])
            whole = all(set(entry) >= _ENTRY for entry in content["targets"].values())
        except (ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise MachineError(f"{path} is damaged; move it away, and see docs/state.md for what that means")
        if version > SCHEMA_VERSION:
            raise MachineError(
                f"{path} was written by a newer condafleet.proxy; update the collection on this control node"
            )
        return t.cast("t.Dict[str, t.Any]", content)

    def _save(self, state: State, journal: t.Mapping[str, t.Any] | None) -> None:
        content = dict(vars(state), schema_version=SCHEMA_VERSION)
        if journal:
            content["journal"] = journal
        text = json.dumps(content, sort_keys=True, indent=1)
        self.machine.write(self.path(STATE_FILE), File(text.encode(), 0o600))

    def load_state(self) -> State:
        return State(self._load())

    def save_state(self, state: State, keep_journal: bool = True) -> None:
        self._save(state, self.load_journal() if keep_journal else None)

    def load_journal(self) -> dict[str, t.Any] | None:
        return self._load().get("journal")

    def save_journal(
        self,
        run: str,
        changes: t.Sequence[t.Mapping[str, t.Any]],
        folders: t.Sequence[str],
        made: t.Sequence[str],
    ) -> dict[str, t.Any]:
        """Beside the state as it is; C(made) are the folders that the state lies in, if we made them."""
        journal = {"run": run, "changes": list(changes), "folders": list(folders)}
        state = self.load_state()
        state.made += [folder for folder in made if folder not in state.made]
        self._save(state, journal)
        return journal

    def drop_journal(self) -> None:
        if not self.load_journal():
            return
        state = self.load_state()
        if state.empty:
            self.machine.remove(self.path(STATE_FILE))  # a full disk has room for that
        else:
            self._save(state, None)

    def drop(self, made: t.Sequence[str]) -> None:
        """Remove the state folder, and the folders above it that were made for it."""
        self.machine.remove(self.path(STATE_FILE))
        self.machine.remove_lock(self.folder)
        for folder in [self.folder, *reversed([path for path in made if path != self.folder and self.in_it(path)])]:
            self.machine.remove_folder(folder)

    def in_it(self, folder: str) -> bool:
        """Does the state lie in C(folder)?"""
        return (self.folder + self.machine.separator).startswith(folder + self.machine.separator)
