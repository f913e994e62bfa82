# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry value as text."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value, ValueEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from tests.bed import hostile

URL = "http://ada:p%40ss@proxy.example.com:8080"


@pytest.mark.parametrize("text", [*hostile.values(100), "%TEMP%", "C:\\x"])
def test_a_value_survives_as_text(text: str) -> None:
    value = Value("REG_EXPAND_SZ", text, "expanded")
    assert registry_value.from_text(value.as_text()) == value._replace(seen=None)


def test_paths() -> None:
    path = registry_value.value_path(USER_ENVIRONMENT, "https_proxy")
    assert registry_value.is_registry(path)
    assert registry_value.split(path) == (USER_ENVIRONMENT, "https_proxy")
    assert not registry_value.is_registry("C:\\ProgramData\\conda\\.condarc")


def test_the_editor_of_a_value() -> None:
    editor = ValueEditor(URL)
    wanted = editor.edit(None, None, None)
    assert registry_value.from_text(wanted) == Value("REG_SZ", URL)
    assert editor.edit(wanted, URL, None) == wanted
    assert editor.present(wanted)
    for other in (Value("REG_EXPAND_SZ", URL), Value("REG_SZ", URL.upper()), Value("REG_SZ", "")):
        assert not editor.present(other.as_text()), other
    theirs = Value("REG_SZ", "http://old.example.com").as_text()
    assert editor.revert(theirs, None, force=False) == theirs, "somebody else's value was taken away"
    assert editor.revert(wanted, theirs, force=False) == theirs
    assert editor.revert(wanted, None, force=False) == ""
    assert "p%40ss" not in editor.view(wanted, Masker("key"))
    assert editor.view(wanted, Masker("key")) != ValueEditor("x").view(Value("REG_SZ", "x").as_text(), Masker("key"))
    assert editor.warnings(theirs, None)
    assert not editor.warnings(wanted, None)
