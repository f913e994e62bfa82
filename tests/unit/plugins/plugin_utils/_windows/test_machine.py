# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and values of a Windows machine: what is remembered, what is refused and who may read what."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import machine as _machine
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import (
    INHERITED,
    MARKER,
    PRIVATE,
    WindowsMachine,
)
from tests.bed.windows import ADA, HOME, MACHINE_ENVIRONMENT, SYSTEM, USERS, initial
from tests.bed.windows_remote import DirectRemote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine

STATE = WINDOWS.system_state
CONDARC = WINDOWS.system_condarc
FILE = HOME + "\\x"


class Stage:
    """A machine whose state directory was made, and who looked how often."""

    def __init__(self) -> None:
        self.state = initial(administrator=True)
        self.model = Machine(self.state)
        self.remote = DirectRemote(self.state)
        self.windows = WindowsMachine(self.remote, STATE, system=True, run="run")

    def put(self, path: str, text: str) -> None:
        self.model.edit("put_file", path, base64.b64encode(text.encode()).decode())

    def prepare(self) -> WindowsMachine:
        """As a transaction does before its first write."""
        self.windows.make_directory(STATE, private=True)
        self.windows.begin()
        return self.windows


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_file_is_read_once_until_something_is_written(stage: Stage) -> None:
    stage.put(FILE, "one")
    for _look in range(2):
        assert stage.windows.read(FILE) == File(b"one", INHERITED)
        assert stage.windows.read(HOME + "\\none") == File()
    assert stage.remote.log == ["slurp", "slurp"]
    stage.put(FILE, "two")
    assert stage.prepare().read(FILE).data == b"two"


def test_all_values_of_a_key_are_one_execution(stage: Stage) -> None:
    stage.model.set_value(MACHINE_ENVIRONMENT, "HTTP_Proxy", "string", "http://p")
    paths = [registry_value.value_path(MACHINE_ENVIRONMENT, name) for name in ("http_proxy", "no_proxy", "OS")]
    files = [stage.windows.read(path) for path in paths]
    assert [file.exists for file in files] == [True, False, True]
    assert registry_value.from_text(files[0].text or "").data == "http://p"
    assert stage.remote.log == ["win_reg_stat"]
    assert stage.windows.key("HKLM:\\SOFTWARE\\None") == {}
    assert stage.windows.sub_keys("HKLM:\\SOFTWARE\\None") == []


@pytest.mark.parametrize(
    ("path", "parent"), [("C:\\a\\x", "C:\\a"), ("C:\\x", ""), ("x", ""), ("C:\\a\\b\\x", "C:\\a\\b")]
)
def test_the_root_of_a_drive_is_no_directory_to_make(path: str, parent: str) -> None:
    assert _machine._parent(path) == parent


def test_missing_directories_outermost_first_and_none_of_a_value(stage: Stage) -> None:
    assert stage.windows.missing_directories(HOME + "\\a\\b\\x") == [HOME + "\\a", HOME + "\\a\\b"]
    assert stage.windows.missing_directories(registry_value.value_path(MACHINE_ENVIRONMENT, "x")) == []
    stage.put(FILE, "")
    stage.windows.read(FILE)
    count = len(stage.remote.log)
    assert stage.windows.missing_directories(FILE) == []
    assert len(stage.remote.log) == count, "of a file that was read the directory is known"


def test_case_makes_no_other_file(stage: Stage) -> None:
    assert stage.windows.real("C:\\Users\\ADA") == stage.windows.real("c:\\users\\ada")


def test_who_may_read_what_is_private_and_what_is_not(stage: Stage) -> None:
    windows = stage.prepare()
    windows.make_directory(HOME + "\\shared")
    stage.model.set_access(HOME + "\\shared", explicit=[], protected=False)
    windows.write(FILE, File(b"open", INHERITED))
    windows.write(HOME + "\\secret", File(b"closed", PRIVATE))
    assert stage.model.read(FILE) == b"open"
    assert stage.model.read(HOME + "\\secret") == b"closed"
    assert USERS not in stage.model.readers(HOME + "\\secret")
    assert SYSTEM in stage.model.readers(HOME + "\\secret")
    assert not [path for path in stage.state["files"] if path.endswith(".part")], "a stage is left"
    assert windows.read(HOME + "\\secret", follow=False).mode == PRIVATE
    assert windows.read(FILE, follow=False).mode == INHERITED


def test_a_value_is_written_with_its_type_and_removed(stage: Stage) -> None:
    windows = stage.prepare()
    path = registry_value.value_path(MACHINE_ENVIRONMENT, "http_proxy")
    for kind, data in (("REG_EXPAND_SZ", "%A%"), ("REG_MULTI_SZ", ["a", "b"]), ("REG_BINARY", ["0x01", "0xff"])):
        windows.write(path, File(registry_value.Value(kind, data).as_text().encode(), INHERITED))
        found = registry_value.from_text(windows.read(path).text or "")
        assert (found.kind, found.data) == (kind, data)
    windows.remove(path)
    assert not windows.read(path).exists


@pytest.mark.parametrize("attribute", ["Hidden", "ReadOnly"])
def test_a_file_that_is_marked_is_named_with_its_attribute(attribute: str, stage: Stage) -> None:
    stage.put(FILE, "old")
    stage.model.set_attributes(FILE, [attribute])
    with pytest.raises(MachineError) as raised:
        stage.prepare().write(FILE, File(b"new", INHERITED))
    assert FILE in str(raised.value)
    assert attribute.lower() in str(raised.value)
    assert stage.model.read(FILE) == b"old"


def test_a_directory_in_the_place_is_named(stage: Stage) -> None:
    stage.model.edit("put_folder", FILE)
    with pytest.raises(MachineError) as raised:
        stage.prepare().write(FILE, File(b"new", INHERITED))
    assert FILE in str(raised.value)


def test_a_path_that_cmd_would_change_is_refused(stage: Stage) -> None:
    with pytest.raises(MachineError, match="5%x"):
        stage.prepare().write(HOME + "\\5%x", File(b"new", INHERITED))


def test_a_state_directory_of_somebody_else_is_named_before_anything_is_written(stage: Stage) -> None:
    stage.model.edit("put_folder", STATE)
    stage.model.set_owner(STATE, ADA)
    with pytest.raises(MachineError) as raised:
        stage.windows.begin()
    assert STATE in str(raised.value)
    assert not [path for path in stage.state["files"] if path.startswith(STATE.lower() + "\\")]


def test_a_leftover_of_a_killed_write_is_swept_and_the_file_is_not(stage: Stage) -> None:
    for path in (FILE, FILE + ".condafleet.part", STATE + "\\new.part"):
        stage.put(path, "x")
    stage.windows.sweep(FILE)
    stage.windows.sweep(registry_value.value_path(MACHINE_ENVIRONMENT, "x"))
    assert stage.model.is_file(FILE)
    assert not [path for path in stage.state["files"] if path.endswith(".part")]


def test_a_directory_with_something_in_it_stays(stage: Stage) -> None:
    stage.put(HOME + "\\d\\x", "x")
    stage.windows.remove_directory(HOME + "\\d")
    assert stage.model.is_file(HOME + "\\d\\x")
    stage.model.drop(HOME + "\\d\\x")
    stage.windows.remove_directory(HOME + "\\d")
    assert not stage.model.is_folder(HOME + "\\d")


@pytest.mark.parametrize("managed", [True, False])
def test_running_programs_are_told_and_the_marker_says_that_something_is_managed(managed: bool, stage: Stage) -> None:
    stage.model.set_value(MACHINE_ENVIRONMENT, MARKER, "string", "before")
    assert stage.windows.activate("broadcast_machine", True, managed) == []
    value = stage.model.value(MACHINE_ENVIRONMENT, MARKER)
    assert (value or {}).get("data") == ("run" if managed else None)
    assert len(stage.state["broadcasts"]) == 1


def test_a_lock_costs_nothing_until_something_is_written(stage: Stage) -> None:
    with stage.windows.lock(STATE):
        stage.windows.remove_lock(STATE)
    assert stage.remote.log == []
    with stage.windows.lock(STATE):
        stage.prepare()
        assert [path for path in stage.state["files"] if "lease" in path or path.endswith("\\lock")]
    assert not [path for path in stage.state["files"] if path.endswith(("lease.json", "\\lock"))]


def test_a_file_that_cannot_be_read_is_named(stage: Stage) -> None:
    stage.model.edit("put_folder", FILE)
    with pytest.raises(MachineError) as raised:
        stage.windows.read(FILE)
    assert FILE in str(raised.value)
