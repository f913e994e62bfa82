# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What is kept on a machine between runs: the state, and in it the journal of a run in progress.

Both hold secrets and are one file in a directory that only its owner can enter. docs/state.md has the format.
"""

from __future__ import annotations

import base64
import json
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, Machine, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._records import (
    RecordError,
    each,
    from_json,
    optional,
    texts,
    to_json,
)

SCHEMA_VERSION = 2
# the version of release 1.0.0, whose paths below a home are absolute; a state that it can read still has this version
_ABSOLUTE = 1
STATE_FILE = "state.json"
_MOST_BYTES = 256 << 20  # it holds the originals of all files, twice during a run


# on disk, by release 1.0.0: today's
_NAMES = {"left": "applied", "left_mode": "applied_mode", "made": "created", "folders": "directories"}


class StateEntry(t.NamedTuple):
    """What the state records of one managed file or registry value."""

    kind: str
    editor: str  # its name, see by_name.py
    owned: t.Any  # what the editor needs to remove the managed part, in JSON
    original: File  # as `state: absent` restores it
    applied: str  # digest of the file after the last run
    applied_mode: int
    sections: tuple[str, ...]  # that need it
    activate: str
    follow: bool

    def to_json(self) -> dict[str, t.Any]:
        """Return the form on disk, whose names are those of release 1.0.0."""
        data: dict[str, t.Any] = dict(to_json(self), original=_pack(self.original))
        data["left"], data["left_mode"] = data.pop("applied"), data.pop("applied_mode")
        return data

    @classmethod
    def from_json(cls, data: t.Any) -> StateEntry:
        """Return the record that `data` holds. Raises RecordError."""
        named = _named(data)
        return from_json(cls, named, original=_unpack, sections=texts)


class JournalEntry(t.NamedTuple):
    """How to roll back one change. `entry` identifies the managed part of a file that was edited meanwhile."""

    path: str
    old: File
    new_digest: str
    new_mode: int
    entry: StateEntry | None
    activate: str
    follow: bool

    def to_json(self) -> dict[str, t.Any]:
        """Return the form on disk, whose names are those of release 1.0.0."""
        return {
            "path": self.path,
            "old": _pack(self.old),
            "new": {"digest": self.new_digest, "mode": self.new_mode},
            "entry": self.entry and self.entry.to_json(),
            "activate": self.activate,
            "follow": self.follow,
        }

    @classmethod
    def from_json(cls, data: t.Any) -> JournalEntry:
        """Return the record that `data` holds. Raises RecordError."""
        flat = {key: value for key, value in dict(data).items() if key != "new"}
        flat.update((f"new_{key}", value) for key, value in dict(data["new"]).items())
        return from_json(cls, flat, old=_unpack, entry=optional(StateEntry.from_json))


class Journal(t.NamedTuple):
    """A run in progress: its changes in order, and the directories that it creates."""

    run: str
    changes: tuple[JournalEntry, ...]
    directories: tuple[str, ...]

    def to_json(self) -> dict[str, t.Any]:
        """Return the form on disk, whose names are those of release 1.0.0."""
        return {"run": self.run, "changes": [change.to_json() for change in self.changes], "folders": self.directories}

    @classmethod
    def from_json(cls, data: t.Any) -> Journal:
        """Return the record that `data` holds. Raises RecordError."""
        named = _named(data)
        return from_json(cls, named, changes=each(JournalEntry.from_json), directories=texts)


class State(t.NamedTuple):
    """What the collection manages in one scope of a machine."""

    targets: t.Mapping[str, StateEntry] = {}  # by path
    created: tuple[str, ...] = ()  # directories
    users: tuple[str, ...] = ()  # managed by root; only in the state of the system
    run: str = ""  # id of the last committed run
    host: str = ""  # that it ran on; hosts may share a home
    journal: Journal | None = None
    overruled: tuple[tuple[str, ...], ...] = ()  # host, and the key of an Overruled that its last correcting run saw

    @property
    def empty(self) -> bool:
        """Whether nothing is managed here."""
        return not self.targets and not self.users

    @property
    def interrupted(self) -> Journal | None:
        """The journal of a run that did not commit. The run may be in progress."""
        return self.journal if self.journal and self.journal.run != self.run else None

    def has(self, activate: str) -> bool:
        """Return whether anything is managed that `activate` makes take effect."""
        return any(entry.activate == activate for entry in self.targets.values())

    def known(self, host: str) -> frozenset[tuple[str, ...]]:
        """Return the keys of Overruled that the last correcting run on `host` saw. Hosts may share a home."""
        return frozenset(row[1:] for row in self.overruled if row[0] == host)

    def _is_newer(self) -> bool:
        """Return whether it holds what release 1.0.0 cannot read."""
        entries = self.targets.values()
        return bool(self.overruled) or any("takeover" in (entry.editor, *_keys(entry.owned)) for entry in entries)

    def to_json(self) -> dict[str, t.Any]:
        """Return the form on disk, whose names are those of release 1.0.0."""
        data = {
            "schema_version": SCHEMA_VERSION if self._is_newer() else _ABSOLUTE,
            "targets": {path: entry.to_json() for path, entry in self.targets.items()},
            "made": self.created,
            "users": {name: {} for name in self.users},
            "run": self.run,
            "host": self.host,
        }
        if self.overruled:
            data["overruled"] = self.overruled
        return data if self.journal is None else dict(data, journal=self.journal.to_json())

    @classmethod
    def from_json(cls, data: t.Any) -> State:
        """Return the record that `data` holds. Raises RecordError."""
        named = _named({key: value for key, value in data.items() if key != "schema_version"})
        return from_json(
            cls,
            dict({"journal": None, "overruled": ()}, **named),
            targets=_entries,
            created=texts,
            users=lambda users: tuple(dict(users)),
            journal=optional(Journal.from_json),
            overruled=each(texts),
        )


def _keys(owned: t.Any) -> tuple[str, ...]:
    return tuple(owned) if isinstance(owned, dict) else ()


def _entries(data: t.Any) -> dict[str, StateEntry]:
    return {path: StateEntry.from_json(entry) for path, entry in data.items()}


def _named(data: t.Any) -> dict[str, t.Any]:
    """Return `data` by today's names. Raises RecordError for one that is on disk, where nothing writes it."""
    content: dict[str, t.Any] = dict(data)
    for name in _NAMES.values():
        if name in content:
            raise RecordError(f"unknown key {name}")
    return {_NAMES.get(name, name): value for name, value in content.items()}


def _pack(file: File) -> dict[str, t.Any]:
    data = None if file.data is None else base64.b64encode(file.data).decode()
    return {"data": data, "mode": file.mode, "uid": file.uid, "gid": file.gid}


def _unpack(data: t.Any) -> File:
    return from_json(File, data, data=optional(base64.b64decode))


def _moved(content: t.Mapping[str, t.Any], before: str, now: str) -> dict[str, t.Any]:
    """Return the content of a state file with the paths below one directory named below another one."""

    def path(old: str) -> str:
        inside = old.startswith(before) and (old[len(before) : len(before) + 1] or "/") in "/\\"
        return now + old[len(before) :] if inside else old

    found = dict(content)
    found["targets"] = {path(old): entry for old, entry in content["targets"].items()}
    found["made"] = [path(old) for old in content["made"]]
    if found.get("journal"):
        journal = dict(found["journal"])
        journal["folders"] = [path(old) for old in journal["folders"]]
        journal["changes"] = [dict(change, path=path(change["path"])) for change in journal["changes"]]
        found["journal"] = journal
    return found


class Store:
    """The state directory of one scope on one machine.

    State and journal are one file: on Windows each read is a remote execution, and one read returns both.
    """

    def __init__(self, machine: Machine, directory: str, home: str = "") -> None:
        """Use `directory`. `home`: of the user whose state it is, so that a home may be renamed or copied with it."""
        self.machine = machine
        self.directory = directory
        self._home = home
        self._path = directory + machine.separator + STATE_FILE

    def missing_directories(self) -> list[str]:
        """Return the directories to create before a state can be saved, the state directory last."""
        return self.machine.missing_directories(self._path)

    def create(self, directories: t.Sequence[str]) -> None:
        """Create the directories for the state: all or none."""
        try:
            for directory in directories:
                self.machine.make_directory(directory, private=directory == self.directory)
        except MachineError:
            self.take_back(directories)
            raise

    def take_back(self, directories: t.Sequence[str]) -> None:
        """Remove directories that were created for a state which was never saved."""
        for directory in reversed(directories):
            self.machine.remove_directory(directory)

    def foresee_save(self) -> None:
        """Raise MachineError when a state could not be saved."""
        self.machine.foresee(self._path, File(b"", 0o600))

    def foresee_drop(self) -> None:
        """Raise MachineError when the state directory could not be removed."""
        self.machine.foresee(self._path, File())
        self.machine.foresee_lock(self.directory, remove=True)

    def sweep(self) -> None:
        """Remove what a killed save left beside the state. Call it with the lock."""
        self.machine.sweep(self._path)

    def load(self) -> State:
        """Return the state. Raises MachineError, which names the file, for one that this release cannot read."""
        file = self.machine.read(self._path, follow=False, most=_MOST_BYTES)
        if file.data is None:
            return State()
        try:
            content = json.loads(file.data.decode())
            version = int(content["schema_version"])
        except (ValueError, KeyError, TypeError):
            raise self._damaged() from None
        if version > SCHEMA_VERSION:
            raise MachineError(
                f"{self._path} was written by a newer condafleet.proxy; update the collection on this control node"
            )
        if version < _ABSOLUTE:
            raise MachineError(
                f"{self._path} has schema version {version}, which no release uses; move the file to another "
                f"directory and run again (docs/state.md explains the effects)"
            )
        try:
            return State.from_json(self._located(content, version) if self._home else content)
        except (RecordError, AttributeError, TypeError, KeyError) as exc:
            raise self._damaged(f" ({exc})" if isinstance(exc, RecordError) else "") from None

    def _located(self, content: t.Any, version: int) -> t.Any:
        """Return the content of a file with the paths that it has in this home."""
        if version != _ABSOLUTE:
            return _moved(content, "~", self._home)
        # a home that was renamed since: its state lies where the run created the directory for it
        tail = self.directory[len(self._home) :]
        created = content.get("made") or ()
        before = next((path[: -len(tail)] for path in created if path.endswith(tail) and tail), self._home)
        return _moved(content, before, self._home)

    def _damaged(self, detail: str = "") -> MachineError:
        return MachineError(
            f"{self._path} is damaged; move the file to another directory and run again (docs/state.md explains "
            f"the effects){detail}"
        )

    def save(self, state: State) -> None:
        """Replace the state file."""
        content = state.to_json()
        if self._home:
            content = dict(_moved(content, self._home, "~"), schema_version=SCHEMA_VERSION)
        text = json.dumps(content, sort_keys=True, indent=1)
        self.machine.write(self._path, File(text.encode(), 0o600), private=True)

    def drop_journal(self, state: State) -> State:
        """Save `state` without its journal and return it; remove the file when nothing is managed."""
        state = state._replace(journal=None)
        if state.empty:
            self.machine.remove(self._path)  # this also works on a full disk
        else:
            self.save(state)
        return state

    def drop(self, created: t.Sequence[str]) -> None:
        """Remove the state directory, and the directories above it that were created for it."""
        self.machine.remove(self._path)
        self.machine.remove_lock(self.directory)
        for directory in [
            self.directory,
            *reversed([path for path in created if path != self.directory and self.in_it(path)]),
        ]:
            self.machine.remove_directory(directory)

    def in_it(self, directory: str) -> bool:
        """Return whether the state lies in `directory`."""
        return (self.directory + self.machine.separator).startswith(directory + self.machine.separator)
