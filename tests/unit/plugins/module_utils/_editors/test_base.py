# SPDX-License-Identifier: GPL-3.0-or-later
"""What all editors have."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor, newline_of
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker


@pytest.mark.parametrize(
    ("text", "newline"), [("a\r\nb\n", "\r\n"), ("a\nb\r\n", "\n"), ("a\r", "\n"), ("", "\n"), ("\r\n", "\r\n")]
)
def test_the_first_line_tells_the_line_end(text: str, newline: str) -> None:
    assert newline_of(text) == newline


def test_an_editor_owns_what_is_desired_and_says_nothing_of_its_own() -> None:
    editor = Editor({"a": 1})
    assert editor.owned() == {"a": 1}
    assert editor.reason({"a": 2}) == "rotated"
    assert not editor.marked("# Managed by Ansible")
    assert editor.warnings("text", None) == []
    assert editor.findings("text") == []


def test_a_view_masks_secrets_and_takes_a_missing_file() -> None:
    masker = Masker("key")
    text = "proxy: http://ada:Zq7secret@proxy.example.com:8080\n"
    view = Editor(None).view(text, masker)
    assert "Zq7secret" not in view
    assert "@proxy.example.com:8080\n" in view
    assert view == masker.text(text), "one secret is masked alike in a whole run"
    assert Editor(None).view(None, masker) == ""
