# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/, and which rooms each may import. Read from the imports; no circle, between files or rooms."""

from __future__ import annotations

import ast
import sys
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "ansible_collections.condafleet.proxy.plugins."
PLUGINS = CHECKOUT / "plugins"

# room -> rooms that its files may import, beside its own. A room is a folder or a single file, see CONTRIBUTING.md.
ROOMS: dict[str, str] = {
    # both sides
    "module_utils/_records": "",
    "module_utils/_machine": "",
    "module_utils/_redact": "",
    "module_utils/_files": "",
    # proof, inside conda's Python
    "module_utils/_probe": "_records",
    "module_utils/_settings": "_records _probe",
    "module_utils/_platforms": "_machine",
    "module_utils/_editors": "_redact",
    # what is known of conda
    "module_utils/_conda": "_editors _files _probe",
    # targets
    "module_utils/_targets": "_editors _machine _platforms _records _settings",
    # proof, control side
    "module_utils/_proof": "_conda _probe _records _settings",
    # apply
    "module_utils/_engine": "_conda _editors _machine _proof _records _redact _settings _targets",
    # POSIX
    "module_utils/_posix": "_conda _editors _files _machine _platforms _proof _records _targets",
    "module_utils/_info": "_conda _editors _files _platforms _posix _probe _proof _records _redact _targets",
    "module_utils/_host": (
        "_conda _editors _engine _files _info _machine _platforms _posix _proof _records _redact _settings _targets"
    ),
    "modules": "_host _records _settings",
    # settings, control node only
    "plugin_utils/_compile": "_conda _editors _platforms _probe _settings",
    # Windows, worked on from the control node
    "plugin_utils/_windows": ("_conda _editors _engine _info _machine _platforms _proof _redact _settings _targets"),
    "plugin_utils/_no_answer": "",
    "plugin_utils/_action_module": "_compile _no_answer _settings _windows",
    # evidence, and what decides by it
    "plugin_utils/_report": "_proof",
    "plugin_utils/_rollout": "_report",
    "action": "_action_module _compile _report _rollout _settings _windows",
    "callback": "_report _rollout",
    "doc_fragments": "",
}
# what only the control node has may not be asked for on a machine
CONTROL_NODE_ONLY = ("ansible.errors", "ansible.plugins", "ansible.template", "ansible.utils", "yaml", "jinja2")


@cache
def files() -> dict[str, Path]:
    """Dotted name below plugins/ -> file."""
    return {".".join(path.relative_to(PLUGINS).with_suffix("").parts): path for path in PLUGINS.rglob("*.py")}


@cache
def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def own_imports() -> dict[str, set[str]]:
    """File -> files of the collection that it imports."""
    known = files()
    return {
        name: {target.removeprefix(PACKAGE) for target in imports(path) if target.startswith(PACKAGE)} & set(known)
        for name, path in known.items()
    }


def room_of(name: str) -> str:
    parts = name.split(".")
    return "/".join(parts[:2]) if parts[0] in ("module_utils", "plugin_utils") else parts[0]


def test_every_file_is_in_a_room_of_the_table() -> None:
    assert {room_of(name) for name in files()} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_table_says(room: str) -> None:
    found = {room_of(target) for name, targets in own_imports().items() if room_of(name) == room for target in targets}
    assert {target.rpartition("/")[2] for target in found - {room}} == set(ROOMS[room].split())


def test_no_circle_between_rooms() -> None:
    short = {room.rpartition("/")[2]: allowed.split() for room, allowed in ROOMS.items()}
    assert list(TopologicalSorter(short).static_order())


def test_no_circle_between_files() -> None:
    assert list(TopologicalSorter(own_imports()).static_order())


def test_the_control_node_s_rooms_stay_there() -> None:
    for name, targets in own_imports().items():
        if name.startswith(("modules.", "module_utils.")):
            assert not [target for target in targets if target.startswith("plugin_utils.")], name
            assert not [found for found in imports(files()[name]) if found.startswith(CONTROL_NODE_ONLY)], name


def test_the_probe_imports_nothing_that_conda_s_python_has_not() -> None:
    for name, path in files().items():
        if room_of(name) in ("module_utils/_probe", "module_utils/_records"):
            others = {target.partition(".")[0] for target in imports(path) if not target.startswith(PACKAGE)}
            assert others <= sys.stdlib_module_names, name


def test_the_underscore_is_on_the_room() -> None:
    for name in files():
        parts = name.split(".")
        if parts[0] in ("module_utils", "plugin_utils"):
            assert parts[1].startswith("_"), name
            assert all(not part.startswith("_") for part in parts[2:] if part != "__init__"), name


def test_the_map_of_contributing_names_every_room() -> None:
    """Not a docstring of each: the sanity tests of ansible-core 2.16 want an empty __init__.py in module_utils."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room in ROOMS:
        assert f"`{room.rpartition('/')[2]}" in text, f"CONTRIBUTING.md does not say what {room} is"


def test_private_files_say_so() -> None:
    for name, path in files().items():
        if name.startswith(("module_utils.", "plugin_utils.")) and not name.endswith(".__init__"):
            assert "PRIVATE to the collection" in path.read_text(encoding="utf-8"), name


def test_the_unit_tests_mirror_the_tree() -> None:
    """tests/unit/plugins/<room>/test_<file>.py is about <room>/<file>.py."""
    folder = CHECKOUT / "tests/unit/plugins"
    for path in folder.rglob("test_*.py"):
        name = path.stem.removeprefix("test_")
        room = PLUGINS / path.parent.relative_to(folder)
        assert (room / f"{name}.py").exists() or (room / f"_{name}.py").exists(), f"{path} mirrors no file"


def test_every_file_is_imported_by_a_unit_test() -> None:
    imported: set[str] = set()
    for path in (CHECKOUT / "tests/unit").rglob("*.py"):
        imported |= {target.removeprefix(PACKAGE) for target in imports(path) if target.startswith(PACKAGE)}
    tested = ("module_utils", "plugin_utils", "action")
    names = {name for name in files() if name.startswith(tested) and not name.endswith(".__init__")}
    assert not names - imported, sorted(names - imported)
