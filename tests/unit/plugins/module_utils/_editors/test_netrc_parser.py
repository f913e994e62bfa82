# SPDX-License-Identifier: GPL-3.0-or-later
"""The two netrc parsers of Python, followed to the letter. tests/integration/local compares them with the real ones."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc_parser import (
    Lexer,
    line_of,
    parse,
    portable,
    read,
)

BOTH = pytest.mark.parametrize("escapes", [False, True])
TWO = "machine a login x password y\n\ndefault\n  user z\r\n  account w password v\n"


def entries(text: str, escapes: bool) -> list[tuple[str, dict[str, str], str]]:
    """Name, values and the very text of each."""
    return [
        (entry.machine, {key: token.value for key, token in entry.values.items()}, text[entry.start : entry.end])
        for entry in parse(text, escapes).entries
    ]


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ("x", True),
        ("!#$%'~", True),
        ('a"b', True),
        ('"a', False),
        ("a\\b", False),
        ("a b", False),
        ("", False),
        ("é", False),
        ("a\n", False),
    ],
)
def test_what_all_parsers_read_alike(value: str, same: bool) -> None:
    assert portable(value) is same
    text = f"machine m login l password {value}\n"
    alike = [entries(text, escapes) for escapes in (False, True)]
    if same:
        assert alike[0] == alike[1] == [("m", {"login": "l", "password": value}, text[:-1])]


@BOTH
def test_entries_span_from_the_keyword_to_the_last_value(escapes: bool) -> None:
    assert entries(TWO, escapes) == [
        ("a", {"login": "x", "password": "y"}, "machine a login x password y"),
        ("default", {"login": "z", "account": "w", "password": "v"}, TWO[TWO.index("default") : -1]),
    ]
    parsed = parse(TWO, escapes)
    assert (parsed.bad_line, parsed.stop, parsed.first) == (0, None, 0)
    assert "y" not in [token.value for token in parsed.words], "a diff would show a password"


@pytest.mark.parametrize(("escapes", "password"), [(False, '"p\\'), (True, "p q")])
def test_quotes_and_backslashes_are_syntax_since_3_11(escapes: bool, password: str) -> None:
    assert entries('machine a login x password "p\\ q"\n', escapes)[0][1]["password"] == password


@BOTH
def test_a_macro_ends_at_an_empty_line_and_hides_no_entry_behind_it(escapes: bool) -> None:
    text = "macdef init\nmachine no login no password no\n\nmachine a login x password y\n"
    assert [entry[0] for entry in entries(text, escapes)] == ["a"]
    assert parse(text, escapes).first == 0


@BOTH
def test_a_word_that_python_does_not_know_has_a_line_and_the_rest_is_read(escapes: bool) -> None:
    """Python refuses the entry before it; the line is that of the word, which is what must be corrected."""
    entry, after = "machine a login x password y\n", "machine b login x password y\n"
    assert parse("\nwhat\n" + entry, escapes).bad_line == 2
    assert parse("\n" + entry + "what\n" + after, escapes).bad_line == 3
    assert [found[0] for found in entries(entry + "what\n" + after, escapes)] == ["a", "b"]


def test_a_byte_order_mark_spoils_the_file_and_hides_no_entry() -> None:
    parsed = parse("\ufeffmachine a login x password y\n", True)
    assert (parsed.bad_line, [entry.machine for entry in parsed.entries]) == (1, ["a"])


def test_an_entry_without_a_password_is_an_error_before_3_11_only() -> None:
    text = "machine a login x\n"
    assert parse(text, False).bad_line == 1
    assert parse(text, True).bad_line == 0


@pytest.mark.parametrize("escapes", [None, False, True])
def test_the_other_parser_reads_what_the_selected_one_gives_up_on(escapes: bool | None) -> None:
    assert read("machine a login x\n", escapes).bad_line == 0
    both_fail = "what\n"
    assert read(both_fail, escapes) == parse(both_fail, escapes is not False)


def test_tokens_in_their_order_then_an_empty_one() -> None:
    lexer = Lexer("a\r\nb", True)
    first, second, last = lexer.token(), lexer.token(), lexer.token()
    assert [(token.start, token.end, token.value) for token in (first, second, last)] == [
        (0, 1, "a"),
        (3, 4, "b"),
        (4, 4, ""),
    ]
    assert lexer.line == 2
    lexer.push(first)
    assert lexer.token() == first


def test_lines() -> None:
    assert [line_of("a\nb\nc", position) for position in (0, 2, 4)] == [1, 2, 3]


@BOTH
def test_the_line_of_a_word_inside_of_an_entry_is_its_own(escapes: bool) -> None:
    text = "machine git.example.org\n  login user\n  password x\n  protocol https\n\nmachine b login user password y\n"
    parsed = parse(text, escapes)
    assert parsed.bad_line == 4
    assert [entry.machine for entry in parsed.entries] == ["git.example.org", "b"]
