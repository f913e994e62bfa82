# SPDX-License-Identifier: GPL-3.0-or-later
"""Values become the types of the options; what does not fit is refused without it (test_malformed.py has many)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.types import convert
from tests.bed.settings import SECRET

SPEC: dict[str, dict[str, Any]] = {
    "text": {"type": "str"},
    "choice": {"type": "str", "choices": ["a", "b"]},
    "texts": {"type": "list", "elements": "str"},
    "chosen": {"type": "list", "elements": "str", "choices": ["a", "b"]},
    "flag": {"type": "bool"},
    "whole": {"type": "int"},
    "number": {"type": "float"},
    "mapping": {"type": "dict"},
    "anything": {"type": "raw"},
}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("text", "a", "a"),
        ("text", 5, "5"),
        ("text", True, "True"),
        ("choice", "b", "b"),
        ("texts", ["a", 1], ["a", "1"]),
        ("texts", "a, b", ["a", "b"]),
        ("texts", [], []),
        ("texts", 5, ["5"]),
        ("chosen", "a,b", ["a", "b"]),
        ("flag", "yes", True),
        ("flag", 0, False),
        ("whole", "5", 5),
        ("number", "1.5", 1.5),
        ("number", 5, 5.0),
        ("mapping", {"a": 1}, {"a": 1}),
        ("mapping", '{"a": 1}', {"a": 1}),
        ("anything", [None], [None]),
        ("unknown", 1, 1),
    ],
)
def test_converted(name: str, given: Any, expected: Any) -> None:
    assert convert(SPEC, {name: given}) == {name: expected}


@pytest.mark.parametrize("name", SPEC)
@pytest.mark.parametrize("given", [None, ""])
def test_not_set(name: str, given: Any) -> None:
    assert convert(SPEC, {name: given}) == {}


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("text", [SECRET], "is a list, and must be text; write one value, in quotes"),
        ("choice", SECRET, "is not one of its choices; choose from a, b"),
        ("texts", {"a": SECRET}, "is a mapping, and must be a list; write each entry on a line of its own, or JSON with -e"),
        ("texts", f"['{SECRET}', 'b']", "is text, and must be a list; write each entry on a line of its own, or JSON with -e"),
        ("texts", ["a", None], "has an entry 2 that is null, and must be text; remove it, or write it in quotes"),
        ("texts", [True], "has an entry 1 that is a boolean, and must be text; remove it, or write it in quotes"),
        ("chosen", ["a", SECRET], "has an entry that is not one of its choices; choose from a, b"),
        ("flag", SECRET, "is text, and must be true or false; write true or false"),
        ("whole", SECRET, "is text, and must be a whole number; write it in digits"),
        ("whole", "1e999999999", "is text, and must be a whole number; write it in digits"),
        ("whole", True, "is a boolean, and must be a whole number; write it in digits"),
        ("number", 10**400, "is a number, and must be a number; write it in digits"),
        ("mapping", [SECRET], "is a list, and must be a mapping; write 'name: value' on lines below it, or JSON with -e"),
    ],
)  # fmt: skip
def test_refused(name: str, given: Any, says: str) -> None:
    with pytest.raises(InvalidSettingError) as raised:
        convert(SPEC, {name: given})
    assert raised.value.sentence() == f"{name} {says}"
    assert raised.value.__cause__ is None, "the cause shows the value"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
