# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of YAML against conda's own: what it accepts it reads alike, and what conda refuses it refuses."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import yaml_values
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_values import (
    Entry,
    Mapping,
    Scalar,
    Sequence,
    Unreadable,
    Value,
    read,
)
from tests.bed.condarcs import BROKEN, FILES, OUTSIDE, conda_reads, dumped, soup


def _key(entry: Entry) -> str:
    names = {"true": "('bool', True)", "0x1f": "('int', 31)", "1": "('int', 1)", "1.5": "('float', '1.5')"}
    return {**names, "~": "None", "null": "None"}.get(entry.key, entry.key) if entry.kind != "str" else entry.key


def as_conda(value: Value) -> Any:
    """A value in the form of `conda_reads`."""
    if isinstance(value, Mapping):
        return {_key(entry): as_conda(entry.value) for entry in value.entries}
    if isinstance(value, Sequence):
        return [as_conda(item) for item in value.items]
    assert isinstance(value, Scalar)
    if value.kind in ("str", "null"):
        return value.value
    return (value.kind, str(value.value) if value.kind == "float" else value.value)


def mine(text: str) -> dict[str, Any]:
    return {_key(entry): as_conda(entry.value) for entry in read(text).entries}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_collected_files_are_read_as_conda_reads_them(text: str) -> None:
    if "\udce4" not in text:  # in the locale of that file it is a letter
        assert mine(text) == conda_reads(text)
    assert read(text)


@pytest.mark.parametrize("text", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_valid_yaml_outside_of_the_subset_is_not_called_broken(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line \d+: ") as raised:
        read(text)
    assert not raised.value.broken


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_what_conda_does_not_read_is_called_broken(text: str) -> None:
    assert conda_reads(text) is None
    with pytest.raises(Unreadable, match=r"line \d+: ") as raised:
        read(text)
    assert raised.value.broken


@settings(max_examples=3000)
@given(soup)
@example("k: |\n  \n    a\n")
@example("a: 'x\n\n  y'\n")
@example('a: "x\\\n  y \\\n\n  z"\n')
@example("a: >\n  x\n\n\n   y\n  z\n\n")
@example("a: [x\n\n  y, 'z']\n")
@example("...\n")
@example("a:\n- b: c\n  d:\n  - e\n- - f\n  - g\n")
def test_a_text_is_read_as_conda_reads_it_or_refused(text: str) -> None:
    try:
        found = mine(text)
    except Unreadable:
        return
    assert found == conda_reads(text)


@settings(max_examples=400)
@given(dumped())
def test_a_file_of_a_library_is_read_as_conda_reads_it_or_refused(text: str) -> None:
    test_a_text_is_read_as_conda_reads_it_or_refused.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@settings(max_examples=400)
@given(st.text("a \\\"'\n", max_size=14), st.sampled_from("'\""))
def test_quoted_text_over_several_lines(body: str, quote: str) -> None:
    test_a_text_is_read_as_conda_reads_it_or_refused.hypothesis.inner_test(  # type: ignore[attr-defined]
        f"k: {quote}{body}{quote}\n"
    )


@settings(max_examples=600)
@given(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-"]), st.lists(st.sampled_from(
    ["", " ", "  ", "  a", "   b", "  # c", " d", "    e", "  a "]), max_size=7), st.booleans())  # fmt: skip
def test_block_scalars(header: str, lines: list[str], ended: bool) -> None:
    text = f"k: {header}\n" + "\n".join(lines) + ("\nz: 1\n" if ended else "")
    test_a_text_is_read_as_conda_reads_it_or_refused.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\udcff\udcfec\0h\0", "the file is UTF-16, which conda cannot read; save it as UTF-8"),
        ("c\0h\0a\0", "the file is UTF-16, which conda cannot read; save it as UTF-8"),
        ("a: 1\nb: x\0\n", "line 2: a NUL character, which no YAML file may have"),
        ("a: 1\r\nb: x\x01\r\n", "line 2: a control character, which no YAML file may have"),
        ("a:\n  -\tb\n", "line 2: a tab, which YAML does not allow here"),
        ("a: 1\nb:\t2\n", "line 2: a tab, which YAML does not allow here"),
        ("a: 1\n\nb: [x,\n\n  y\n", "line 3: a bracket that is not closed"),
    ],
)
def test_the_reason_is_in_words_of_users(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read(text)
    assert str(raised.value) == reason


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    for text in ("".join(f"key{number}: {'x' * 470}\n" for number in range(104_000)), "a: " + "x" * (10 << 20)):
        with pytest.raises(Unreadable, match="more than 4 MB"):
            read(text)


def test_deep_nesting_is_refused() -> None:
    for text in ("a: " + "[" * 5000, "a:\n" + "- " * 5000 + "x\n"):
        with pytest.raises(Unreadable, match="more than 40 levels"):
            read(text)


def calls(text: str) -> int:
    """How many lines of Python and calls of builtins it takes to read a text."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)
    try:
        yaml_values.read(text)
    finally:
        sys.settrace(None)
    return count


UNITS = [
    "k{}: v\n", "k{}: [a, 'b', \"c\"]\n", "k{}:\n  - a\n  # c\n\n  - b: c\n    d: |\n      x\n\n      y\n",
    "k{}: one\n  two\n\n  three\n", "# comment {}\n", "\n", "k{}: 'it''s\n\n  x'\n",
]  # fmt: skip
BODIES = ["k: [{}]\n", "k:\n{}", "k: '{}'\n", 'k: "{}"\n', "k: |\n{}", "k: {}\n", "k: >\n  x\n{}  y\n"]
FILLERS = ["a, ", "- x\n", "''", "\\n", "  x\n", "x ", "\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_keys_take_twice_the_work(unit: str) -> None:
    one, two = (calls("".join(unit.format(number) for number in range(size))) for size in (150, 300))
    assert two < 2.2 * one


@pytest.mark.parametrize(("body", "filler"), list(zip(BODIES, FILLERS, strict=True)))
def test_twice_the_value_takes_twice_the_work(body: str, filler: str) -> None:
    one, two = (calls(body.format(filler * size)) for size in (300, 600))
    assert two < 2.2 * one


@pytest.mark.parametrize(
    "text",
    [
        "k: [" + "a, " * 330_000 + "]\n", "k:\n" + "- x\n" * 250_000, "k: '" + "''" * 500_000 + "'\n",
        "k: |\n" + "  x\n" * 250_000, "k: >\n" + "  x\n" + "\n" * 900_000 + "  y\n", "k: " + "x " * 500_000 + "\n",
        "k: " + " " * 1_000_000 + "# c\n", "k: x" + " " * 1_000_000 + "y\n", "k: " + ":" * 1_000_000 + "x\n",
        "k: " + "a\n  " * 200_000 + "\n", 'k: "' + "\\\\" * 500_000 + '"\n',
    ],
    ids=range(11),
)  # fmt: skip
def test_a_megabyte_is_read(text: str) -> None:
    """It would not come to an end, if a character took more time than the one before."""
    assert len(read(text).entries) == 1
