# SPDX-License-Identifier: GPL-3.0-or-later
"""A condarc split into its keys, byte for byte, or refused by the number of its line."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import yaml_subset
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable, parse


def canonical(key: str) -> str:
    return {"verify_ssl": "ssl_verify"}.get(key, key)


MARKER = "Zq7secret"

TEXTS = [
    "",
    "\n",
    "# only a comment",
    "\ufeffa: 1\n",
    "---\n# head\n\na: 1\nb:\n  - x\n",
    "a: 1\r\nb: 2\r\n",
    "a:\n- x\n- y\n\n# about b\nb: |\n  # no comment\n  text: [\n\n# tail\n",
    "a: [x,\n  y]\nb: 'it''s\n  long'\n",
    '"a b": 1\n\'c\': "x: \\" y" # note\n',
    "  a: 1\n  b:\n    - {c: 1}\n",
    "a: >-\n   folded\n\n   more\nb: x # y\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_document_is_the_text(text: str) -> None:
    assert parse(text, canonical).text() == text


def test_keys_with_their_comments_and_lines() -> None:
    document = parse("---\n# head\n\n# about a\na: 1\n  \nverify_ssl:\n  x: |\n    b: 2\n# tail\n", canonical)
    assert [(item.key, item.above, item.text) for item in document.items] == [
        ("a", "# about a\n", "a: 1\n  \n"),
        ("ssl_verify", "", "verify_ssl:\n  x: |\n    b: 2\n"),
    ]
    assert (document.head, document.tail) == ("---\n# head\n\n", "# tail\n")


@pytest.mark.parametrize(
    ("text", "indent", "newline"), [("a: 1\n", 0, "\n"), ("  a: 1\r\n", 2, "\r\n"), ("# x\n", 0, "\n")]
)
def test_indentation_and_line_end(text: str, indent: int, newline: str) -> None:
    assert parse(text, canonical)[3:5] == (indent, newline)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1\n\t{MARKER}: 2\n", 2),
        (f"{{a: {MARKER}}}\n", 1),
        (f"- {MARKER}\n", 1),
        (f"{MARKER}\n", 1),
        (f"a: 1\n---\nb: {MARKER}\n", 2),
        (f"%YAML 1.1 {MARKER}\n", 1),
        (f"a: &{MARKER} 1\n", 1),
        (f"a: 1\nb: *{MARKER}\n", 2),
        (f"a: !!{MARKER} x\n", 1),
        (f"? {MARKER}\n: 1\n", 1),
        (f"<<: {MARKER}\n", 1),
        (f"a: 1\na: {MARKER}\n", 2),
        (f"ssl_verify: 1\nverify_ssl: {MARKER}\n", 2),
        (f"  a: 1\n{MARKER}: 1\n", 2),
        (f"a: '{MARKER}\n", 1),
        (f"a: [{MARKER}\nb: 2\n", 2),
        (f"a: 1\n# {MARKER}\u2028\n", 2),
    ],
)
def test_what_is_outside_of_the_subset_is_refused_by_its_line_alone(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as raised:
        parse(text, canonical)
    assert str(raised.value).startswith(f"line {line}: ")
    assert MARKER not in str(raised.value)


def test_the_column_of_a_text() -> None:
    assert [yaml_subset.column_of(line) for line in ("a", "  a", "", "   ")] == [0, 2, 0, 3]
