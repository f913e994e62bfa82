# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of users in the system's state."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State, Store
from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import ManagedUsers
from tests.bed.memory import MemoryMachine

FOLDER = "/var/lib/condafleet"


@pytest.fixture
def machine() -> MemoryMachine:
    made = MemoryMachine()
    made.folders.add("/var")
    return made


def test_add_again_drop_and_nothing_is_left(machine: MemoryMachine) -> None:
    users = ManagedUsers(machine, FOLDER)
    assert users.names() == []
    users.add(["ada", "bob"])
    users.add(["bob", "eve"])
    assert users.names() == ["ada", "bob", "eve"]
    locked = machine.locked
    users.add(["ada"])
    users.drop(["nobody"])
    assert machine.locked == locked, "a run that changes nothing takes no lock"
    users.drop(["ada", "eve"])
    assert users.names() == ["bob"]
    users.drop(["bob"])
    assert (machine.files, machine.folders) == ({}, {"/var"})


def test_the_rest_of_the_state_stays(machine: MemoryMachine) -> None:
    users = ManagedUsers(machine, FOLDER)
    users.add(["ada"])
    store = Store(machine, FOLDER)
    store.save(store.load()._replace(run="r1", host="pc"))
    users.add(["bob"])
    users.drop(["ada"])
    assert store.load()._replace(created=()) == State(users=("bob",), run="r1", host="pc")
