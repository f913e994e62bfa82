# SPDX-License-Identifier: GPL-3.0-or-later
"""The block editor: what is the user's stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import block as _block
from tests.bed import hostile

OURS = ["export http_proxy='http://proxy.example.com:8080'", "export no_proxy='localhost'"]
_line = st.one_of(
    st.sampled_from(
        ["", "# comment", '[ -z "$PS1" ] && return', "case $- in", "\ufeff#", "  x", _block.END, "#!/bin/sh"]
    ),
    hostile.text,
    st.text("ab #'\"$\\\t\x0b\x0c\x1c\x85\u2028\u2029ä", max_size=9),
)
_newline = st.sampled_from(["\n", "\r\n"])


@st.composite
def files(draw: st.DrawFn, marker: bool = False) -> str:
    """A file in one or mixed line ends, with or without a final one; with `marker` also with begin lines."""
    line = st.one_of(_line, st.just(_block.BEGIN)) if marker else _line
    lines = draw(st.lists(line, max_size=8))
    text = "".join(line + draw(_newline) for line in lines)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return draw(st.sampled_from(["", "#!/bin/bash\n", "#!/bin/bash\r\n", "#!/bin/bash"])) + text


@given(text=files(), top=st.booleans())
def test_takes_back_what_it_merged(text: str, top: bool) -> None:
    merged = _block.merge(text, OURS, top)
    assert _block.merge(merged, OURS, top) == merged
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    assert _block.block(merged) == newline.join([_block.BEGIN, *OURS, _block.END, ""])
    back = _block.revert(merged)
    assert back in (text, text + newline)
    assert back == text or not text.endswith("\n")
    changed = _block.merge(merged, ["other"], top)
    assert _block.revert(changed) == back
    place = merged.index(_block.BEGIN)
    if top:
        assert merged[:place] in ("", text.partition("\n")[0] + "\n", text + newline)
    else:
        assert merged[:place] == back


@given(text=files(marker=True), top=st.booleans())
def test_a_begin_line_alone_takes_nothing_with_it(text: str, top: bool) -> None:
    merged = _block.merge(text, OURS, top)
    assert _block.merge(merged, OURS, top) == merged
    assert sum(line.startswith(_block.BEGIN) for line in merged.split("\n")) == 1
    ours = {_block.BEGIN, _block.END}

    def foreign(content: str) -> list[str]:
        return [line for line in content.split("\n") if line.rstrip("\r") not in {*ours, *OURS, ""}]

    def inside(content: str) -> list[str]:
        """The lines of complete blocks, which count as ours."""
        lines = content.split("\n")
        block: list[str] = []
        found: list[str] = []
        begun = False
        for line in lines:
            if line.startswith(_block.BEGIN):
                begun, block = True, []
            elif begun and line.rstrip("\r") == _block.END:
                found += block
                begun = False
            elif begun:
                block.append(line)
        return [line for line in found if line.rstrip("\r") not in {*ours, *OURS, ""}]

    expected = foreign(text)
    for line in inside(text):
        expected.remove(line)
    # a last line without a line end may have got the one of the file
    assert sorted(line.rstrip("\r") for line in foreign(merged)) == sorted(line.rstrip("\r") for line in expected)


def test_a_copied_second_block_goes() -> None:
    block = "\n".join([_block.BEGIN, *OURS, _block.END, ""])
    text = f"a\n{block}b\n{block}c\n"
    assert _block.merge(text, ["new"]) == f"a\n{_block.BEGIN}\nnew\n{_block.END}\nb\nc\n"
    assert _block.revert(text) == "a\nb\nc\n"


def test_the_begin_line_is_known_by_its_beginning() -> None:
    old = _block.BEGIN.partition(":")[0] + ": worded otherwise in an older version\nx\n" + _block.END + "\n"
    assert _block.revert("a\n" + old) == "a\n"


@pytest.mark.parametrize("text", [None, ""])
def test_missing_and_empty(text: str | None) -> None:
    assert _block.revert(_block.merge(text, OURS)) == ""
    assert _block.block(text) == ""
