# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports run downward only: actions, then the control node's rooms, then the machine's; no circle anywhere."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "ansible_collections.condafleet.proxy.plugins."
# a room may import from itself and from the rooms behind it
ROOMS = ("action", "plugin_utils", "modules", "module_utils")
PROBE = "module_utils._probe."
# what only the control node has may not be asked for on a machine
CONTROL_NODE_ONLY = ("ansible.errors", "ansible.plugins", "ansible.template", "ansible.utils", "yaml", "jinja2")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def plugins() -> dict[str, set[str]]:
    return {
        ".".join(path.relative_to(CHECKOUT / "plugins").with_suffix("").parts): imports(path)
        for room in ROOMS
        for path in (CHECKOUT / "plugins" / room).rglob("*.py")
    }


def own(names: set[str]) -> set[str]:
    return {name.removeprefix(PACKAGE) for name in names if name.startswith(PACKAGE)} & set(plugins())


def test_the_probe_imports_nothing_that_conda_s_python_has_not() -> None:
    for name, names in plugins().items():
        if name.startswith(PROBE):
            assert all(target.startswith(PROBE) for target in own(names)), name
            others = {target.partition(".")[0] for target in names if not target.startswith(PACKAGE)}
            assert others <= sys.stdlib_module_names, name


def test_no_import_runs_upward() -> None:
    for name, names in plugins().items():
        room = name.partition(".")[0]
        allowed = ROOMS[ROOMS.index(room) :]
        if room == "plugin_utils":
            allowed = ("plugin_utils", "module_utils")
        assert {target.partition(".")[0] for target in own(names)} <= set(allowed), name


def test_no_circle() -> None:
    assert list(TopologicalSorter({name: own(names) for name, names in plugins().items()}).static_order())


def test_the_machine_is_not_asked_for_what_only_the_control_node_has() -> None:
    for name, names in plugins().items():
        if name.startswith(("modules.", "module_utils.")):
            assert not [found for found in names if found.startswith(CONTROL_NODE_ONLY)], name


def test_private_files_say_so() -> None:
    for room in ("module_utils", "plugin_utils"):
        for path in (CHECKOUT / "plugins" / room).rglob("*.py"):
            if path.name != "__init__.py":
                assert path.relative_to(CHECKOUT / "plugins" / room).parts[0].startswith("_"), path
                assert "PRIVATE to the collection" in path.read_text(encoding="utf-8"), path
