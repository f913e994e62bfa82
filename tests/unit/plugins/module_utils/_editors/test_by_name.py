# SPDX-License-Identifier: GPL-3.0-or-later
"""The name that the state has for an editor finds its class, today and for what an earlier release wrote."""

from __future__ import annotations

import json

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from tests.bed.released import FIXTURES

STATES = sorted(FIXTURES.rglob("state.json"))


def kinds(parent: type[Editor]) -> set[type[Editor]]:
    found = set(parent.__subclasses__())
    return found.union(*(kinds(child) for child in found)) if found else found


def test_every_editor_is_found_by_its_name() -> None:
    named = {kind for kind in kinds(Editor) if kind.name and kind.__module__.startswith("ansible_collections")}
    assert len(named) >= 6
    for kind in named:
        assert editor(kind.name, {"lines": [], "entries": [], "escapes": None, "top": False}).__class__ is kind


@pytest.mark.parametrize("path", STATES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_every_name_that_a_release_wrote_is_known(path: object) -> None:
    with open(str(path), encoding="utf-8") as stream:
        entries = json.load(stream)["targets"].values()
    for entry in entries:
        assert editor(entry["editor"], entry["owned"]).name == entry["editor"]
