# SPDX-License-Identifier: GPL-3.0-or-later
"""Records over a border: what goes in comes out, and anything else is an error that tells no value."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._records import (
    RecordError,
    each,
    from_json,
    optional,
    texts,
    to_json,
)


class Inner(t.NamedTuple):
    word: str


class Outer(t.NamedTuple):
    one: Inner
    many: tuple[Inner, ...]
    names: tuple[str, ...] = ()
    maybe: Inner | None = None

    @classmethod
    def from_json(cls, data: object) -> Outer:
        return from_json(cls, data, one=inner, many=each(inner), names=texts, maybe=optional(inner))


def inner(data: object) -> Inner:
    return from_json(Inner, data)


RECORD = Outer(Inner("a"), (Inner("b"), Inner("c")), ("x",), Inner("d"))


def test_there_and_back() -> None:
    for record in (RECORD, RECORD._replace(maybe=None, many=())):
        assert Outer.from_json(json.loads(json.dumps(to_json(record)))) == record


def test_plain_values_stay() -> None:
    value = {"a": [1, (2, None)], "b": Inner("c")}
    assert to_json(value) == {"a": [1, [2, None]], "b": {"word": "c"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": "Zq7secret"}, "Outer: unknown key more"),
        ({"one": {}}, "Inner: missing key word"),
        ({"one": {"word": "a", "x": "Zq7secret"}}, "Inner: unknown key x"),
        ({"one": ["Zq7secret"]}, "Inner is not a mapping"),
        ({"many": "Zq7secret"}, "Outer: many has an unknown format"),
        ({"names": "Zq7secret"}, "Outer: names has an unknown format"),
    ],
)
def test_a_form_that_is_not_the_records_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecordError) as raised:
        Outer.from_json({**to_json(RECORD), **change})
    assert str(raised.value) == message


def test_a_default_does_not_stand_in_for_a_missing_key() -> None:
    content = to_json(RECORD)
    del content["maybe"]
    with pytest.raises(RecordError, match="Outer: missing key maybe"):
        Outer.from_json(content)
