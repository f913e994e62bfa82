# SPDX-License-Identifier: GPL-3.0-or-later
"""The state on disk: what a release wrote is read, written alike, and anything else is refused with the file's name."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State, StateEntry, Store
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from tests.bed.memory import MemoryMachine
from tests.bed.released import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "/var/lib/condafleet"
FILE = FOLDER + "/state.json"
STATES = sorted(FIXTURES.rglob("state.json"))
Json = dict[str, Any]


def load(content: object) -> State:
    machine = MemoryMachine()
    machine.folders.add(FOLDER)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    machine.write(FILE, File(data, 0o600))
    return Store(machine, FOLDER).load()


def recorded(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content


def one() -> Json:
    """A recorded state with a target and a journal."""
    return copy.deepcopy(
        next(content for content in map(recorded, STATES) if content["targets"] and content.get("journal"))
    )


def test_states_are_recorded() -> None:
    assert len(STATES) >= 10


@pytest.mark.parametrize("path", STATES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_what_a_release_wrote_is_read_and_written_alike(path: Path) -> None:
    content = recorded(path)
    state = load(content)
    assert set(state.targets) == set(content["targets"])
    assert json.loads(json.dumps(state.to_json())) == content


def test_save_load_and_drop() -> None:
    machine = MemoryMachine()
    store = Store(machine, FOLDER)
    assert store.load() == State()
    folders = store.missing_directories()
    assert folders[-1] == FOLDER
    for folder in folders:
        machine.make_directory(folder)
    state = State(users=("ada",), created=tuple(folders), run="r", host="pc")
    store.save(state)
    assert machine.files[FILE].mode == 0o600
    assert store.load() == state
    store.drop(state.created)
    assert (machine.files, machine.folders) == ({}, set())


def test_an_interrupted_run_is_one_that_did_not_commit() -> None:
    state = load(one())
    assert state.journal is not None
    assert state._replace(run="other").interrupted == state.journal
    assert state._replace(run=state.journal.run).interrupted is None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda content: content.update(Zq7=1), "unknown key Zq7"),
        (lambda content: content.pop("made"), "missing key created"),
        (lambda content: content.update(created=content.pop("made")), "unknown key created"),
        (lambda content: next(iter(content["targets"].values())).update(Zq7=1), "unknown key Zq7"),
        (lambda content: next(iter(content["targets"].values())).pop("original"), "missing key original"),
        (lambda content: content["journal"].pop("folders"), "missing key directories"),
        (lambda content: content["journal"]["changes"][0].update(Zq7=1), "unknown key Zq7"),
        (lambda content: content["journal"]["changes"][0].pop("new"), "changes has an unknown format"),
        (lambda content: content.update(targets=["Zq7secret"]), "targets has an unknown format"),
        (lambda content: content.update(users=7), "users has an unknown format"),
    ],
)
def test_a_key_too_many_or_too_few_is_refused(spoil: Callable[[Json], object], reason: str) -> None:
    content = one()
    spoil(content)
    with pytest.raises(MachineError) as raised:
        load(content)
    message = str(raised.value)
    assert message.startswith(f"{FILE} is damaged; move the file to another directory")
    assert reason in message
    assert "secret" not in message


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}", b'{"schema_version": null}'])
def test_what_is_no_state_is_damaged(content: bytes) -> None:
    with pytest.raises(MachineError, match=f"{FILE} is damaged; move the file to another directory"):
        load(content)


def test_other_versions_are_refused() -> None:
    with pytest.raises(MachineError, match=f"{FILE} was written by a newer condafleet.proxy; update the collection"):
        load(dict(one(), schema_version=3))
    with pytest.raises(MachineError, match=f"{FILE} has schema version 0, which no release uses"):
        load(dict(one(), schema_version=0))


def test_what_release_1_0_0_cannot_read_has_a_newer_version() -> None:
    plain = StateEntry("environment", "block", {"lines": [], "top": False}, File(), "", 0, (), "", follow=True)
    taken = plain._replace(owned={"lines": [], "top": False, "takeover": {"names": [], "prefix": "# "}})
    version = {
        "plain": State({"/a": plain}),
        "takeover": State({"/a": plain._replace(editor="takeover", owned={"names": [], "prefix": "# "})}),
        "block": State({"/a": taken}),
        "overruled": State(overruled=(("host", "zsh", "http_proxy", "/f:1"),)),
    }
    assert {name: state.to_json()["schema_version"] for name, state in version.items()} == {
        "plain": 1, "takeover": 2, "block": 2, "overruled": 2,
    }  # fmt: skip
    for state in version.values():
        assert State.from_json(json.loads(json.dumps(state.to_json()))) == state
