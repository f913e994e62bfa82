# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is the collection's alone."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor

TEXT = f"{HEADER}\nexport a='b'\n"
EDITOR = WholeEditor(TEXT)


@pytest.mark.parametrize("text", [None, "", "mine\n", TEXT, TEXT + "more\n"])
def test_whatever_stood_there_is_replaced(text: str | None) -> None:
    assert EDITOR.edit(text, None, text) == TEXT


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(("original", "back"), [("mine\n", "mine\n"), ("", ""), (None, "")])
def test_the_original_comes_back_whole(original: str | None, back: str, force: bool) -> None:
    assert EDITOR.revert(TEXT + "an edit\n", original, force) == back


def test_only_the_header_in_front_is_a_mark() -> None:
    assert EDITOR.marked(TEXT)
    assert not EDITOR.marked("x\n" + TEXT)
    assert not EDITOR.marked("")


def test_only_foreign_content_of_a_file_that_is_not_managed_yet_is_warned_about() -> None:
    assert len(EDITOR.warnings("mine\n", None)) == 1
    assert "mine" not in EDITOR.warnings("mine\n", None)[0]
    assert EDITOR.warnings(None, None) == []
    assert EDITOR.warnings(TEXT, None) == [], "ours, of a state that was lost"
    assert EDITOR.warnings("mine\n", EDITOR.owned()) == [], "managed already"
