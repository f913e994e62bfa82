# SPDX-License-Identifier: GPL-3.0-or-later
"""The block editor: what is the user's stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import block as _block
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.startup_file import early_exit
from tests.bed import hostile

OURS = ["export http_proxy='http://proxy.example.com:8080'", "export no_proxy='localhost'"]
_line = st.one_of(
    st.sampled_from(
        [
            "",
            "# comment",
            "export A=b:\\",
            "a \\\\",
            "export C='\\",
            '[ -z "$PS1" ] && return',
            "case $- in",
            "\ufeff#",
            "  x",
            _block.END,
            "#!/bin/sh",
        ]
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


def ends_whole(line: str) -> bool:
    line = line.rstrip("\r")
    return (len(line) - len(line.rstrip("\\"))) % 2 == 0


@given(text=files(), top=st.booleans())
def test_takes_back_what_it_merged(text: str, top: bool) -> None:
    merged = _block.merge(text, OURS, top)
    assert _block.merge(merged, OURS, top) == merged
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    assert _block.block(merged) == "\n".join([_block.BEGIN, *OURS, _block.END, ""])
    back = _block.revert(merged)
    assert back in (text, text + newline)
    assert back == text or not text.endswith("\n")
    changed = _block.merge(merged, ["other"], top)
    assert _block.revert(changed) == back
    place = merged.index(_block.BEGIN)
    assert early_exit(merged[:place]) is None, "the block is reached"
    first = merged[:place] in ("", text.partition("\n")[0] + "\n", text + newline)
    assert first or not top
    if not first:
        before, moved = merged[:place], back[place:]
        assert before == back[:place]
        # what goes on in the next line does not go on into ours
        assert not moved or moved.split("\n")[0].rstrip("\r").endswith("\\")
    lines_before = merged[:place].split("\n")[:-1]
    assert not lines_before or lines_before[0].startswith("#!") or ends_whole(lines_before[-1])


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


def _damaged() -> list[tuple[str, str]]:
    begin, one, two, end = _block.BEGIN, *OURS, _block.END
    return [
        ("a space behind END", f"a\n{begin}\n{one}\n{two}\n{end} \nb\n"),
        ("no END", f"a\n{begin}\n{one}\n{two}\nb\n"),
        ("no BEGIN", f"a\n{one}\n{two}\n{end}\nb\n"),
        ("an indented BEGIN", f"a\n  {begin}\n{one}\n{two}\n{end}\nb\n"),
        ("no markers", f"a\n{one}\n{two}\nb\n"),
        ("a line of the user's between", f"a\n{begin}\n{one}\nb\n{two}\n"),
        (
            "CRLF everywhere",
            f"a\r\n{begin}\r\n{one}\r\n{two}\r\n{end}\r\nb\r\n".replace("a\r\n", "a\n").replace("b\r\n", "b\n"),
        ),
        ("indented by an editor", f"a\n{begin}\n  {one}\n  {two}  \n  {end}\nb\n"),
        ("lines out of order", f"a\n{end}\n{two}\n{one}\n{begin}\nb\n"),
    ]


@pytest.mark.parametrize(("name", "text"), _damaged())
def test_damaged_markers_leave_no_line_of_ours(name: str, text: str) -> None:
    editor = _block.BlockEditor({"lines": OURS, "top": False})
    assert editor.revert(text, "a\nb\n", force=False) == "a\nb\n", name
    rotated = _block.BlockEditor({"lines": ["new"], "top": False}).edit(text, editor.owned(), "a\nb\n")
    assert rotated.replace(f"{_block.BEGIN}\nnew\n{_block.END}\n", "") == "a\nb\n", name
    assert not [line for line in OURS if line in rotated]


def test_a_line_that_the_user_had_before_stays() -> None:
    editor = _block.BlockEditor({"lines": OURS, "top": False})
    original = f"{OURS[0]}\nmine\n"
    damaged = editor.edit(original, None, original).replace(_block.END, "")
    assert damaged.count(OURS[0]) == 2
    assert editor.revert(damaged, original, force=False) == original + "\n"


def test_a_block_that_follows_a_line_which_now_goes_on_is_moved() -> None:
    text = _block.merge("a=1\nb=2\n", OURS)
    edited = text.replace("b=2\n", "b=2:\\\n")
    moved = _block.merge(edited, OURS)
    assert moved == f"a=1\n{_block.BEGIN}\n" + "".join(line + "\n" for line in OURS) + f"{_block.END}\nb=2:\\\n"
    assert _block.merge(moved, OURS) == moved


def test_a_changed_line_with_our_password_is_named() -> None:
    ours = ["export http_proxy='http://ada:p%40ss@proxy:1'", "export no_proxy='localhost'"]
    editor = _block.BlockEditor({"lines": ours, "top": False})
    edited = "mine\nexport http_proxy='http://ada:p%40ss@other:2'  # mine now\nexport no_proxy='x'\n"
    assert editor.left(edited, "mine\n") == ["line 2"]
    assert editor.revert(edited, "mine\n", force=False) == edited
    assert editor.left(editor.edit("mine\n", None, None), "mine\n") == []
    assert editor.left(edited, edited) == [], "it was there before"


@pytest.mark.parametrize(
    "line", ['[ -z "$PS1" ] && return', "if (! $?prompt) exit", "[[ -o interactive ]] || return", "exec zsh -l"]
)
def test_a_block_behind_a_line_that_may_end_the_file_is_moved(line: str) -> None:
    placed = _block.merge("EDITOR=vim\n", OURS)
    edited = f"{line}\n{placed}"
    moved = _block.merge(edited, OURS)
    assert moved == _block.merge(None, OURS) + f"{line}\nEDITOR=vim\n"
    assert _block.merge(moved, OURS) == moved
    assert _block.revert(moved) == f"{line}\nEDITOR=vim\n"


@pytest.mark.parametrize(
    ("above", "moves"),
    [
        ("case $- in *i*) ;; *) return;; esac\n", True),
        ('[ -z "$PS1" ] && return\n', True),
        ("#!/bin/csh\nif (! $?prompt) exit\n", True),
        ("# return early here\nreturned=1\n", False),
        ("export MINE=1\n", False),
    ],
)
def test_a_block_that_somebody_moved_behind_a_return_comes_first_again(above: str, moves: bool) -> None:
    lines = ["export a=1"]
    moved = above + _block.merge("", lines) + "echo rest\n"
    again = _block.merge(moved, lines, top=True)
    assert (again != moved) is moves
    assert _block.merge(again, lines, top=True) == again
    assert _block.revert(again) == above + "echo rest\n"
    if moves:
        assert again.removeprefix("#!/bin/csh\n").startswith(_block.BEGIN)
