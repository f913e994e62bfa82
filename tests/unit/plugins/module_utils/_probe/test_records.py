# SPDX-License-Identifier: GPL-3.0-or-later
"""Every record of the probe over JSON: there and back, and nothing but its own keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import (
    Override,
    ProbeAnswer,
    ProbeInput,
    ProbeRow,
    ViewAnswer,
    ViewInput,
    ViewProxy,
    WithoutConda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, to_json
from tests.bed.settings import HOSTILE

MARKER = "Zq7secret"
ROW = ProbeRow.from_json(dict(new_row("https://mirror.invalid/main"), verdict="ok", ok=True, verify="/ca.pem"))
PROXY = ViewProxy("packages", "https", HOSTILE, "https", "condarc")
ALONE = WithoutConda(("https://mirror.invalid/main",), {"http": HOSTILE}, "/ca.pem")
RECORDS: list[Any] = [
    WithoutConda(),
    ALONE,
    Override(),
    Override({"http": HOSTILE}, "/ca.pem"),
    ProbeInput({}),
    ProbeInput({"a": HOSTILE, "b": None}, ("main",), True, True, 1.5, 2.5, 3.5, Override({}, "/ca"), ALONE),
    ROW,
    ProbeAnswer(1, "/opt/conda", None, "3.8.0", "deadline", ()),
    ProbeAnswer(1, "/opt/conda", "24.7.1", "3.11.2", "completed", (ROW, ROW._replace(verify=False)), HOSTILE),
    ViewInput({"a": HOSTILE}, {"https": "https://mirror.invalid"}),
    PROXY,
    ViewAnswer("", "True", "condarc", (PROXY,)),
]
NESTED = [
    (ProbeInput({}), "override"),
    (ProbeInput({}, channels=("a",)), "channels"),
    (ProbeAnswer(1, "", None, "3.8", "completed", (ROW,)), "rows"),
    (ViewAnswer("", "", "", (PROXY,)), "proxies"),
    (ALONE, "channels"),
]
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)


def packed(record: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(to_json(record)))
    return content


@each_record
def test_there_and_back(record: Any) -> None:
    assert type(record).from_json(packed(record)) == record


@each_record
def test_a_key_too_few_is_named(record: Any) -> None:
    for name in record._fields:
        content = packed(record)
        del content[name]
        with pytest.raises(RecordError) as raised:
            type(record).from_json(content)
        assert type(record).__name__ in str(raised.value)
        assert name in str(raised.value)


@each_record
def test_a_key_too_many_is_named_and_its_value_is_not(record: Any) -> None:
    with pytest.raises(RecordError) as raised:
        type(record).from_json({**packed(record), "Zq7key": MARKER})
    assert type(record).__name__ in str(raised.value)
    assert "Zq7key" in str(raised.value)
    assert MARKER not in str(raised.value)


@each_record
@pytest.mark.parametrize("content", [None, MARKER, [MARKER], 7])
def test_what_is_no_mapping_is_refused(record: Any, content: object) -> None:
    with pytest.raises(RecordError) as raised:
        type(record).from_json(content)
    assert type(record).__name__ in str(raised.value)
    assert MARKER not in str(raised.value)


@pytest.mark.parametrize(("record", "name"), NESTED, ids=lambda value: str(getattr(value, "_fields", value))[:20])
@pytest.mark.parametrize("value", [MARKER, {"Zq7secret": 1}, 7])
def test_a_nested_value_of_a_wrong_form_is_refused_without_the_value(record: Any, name: str, value: object) -> None:
    with pytest.raises(RecordError) as raised:
        type(record).from_json({**packed(record), name: value})
    if not isinstance(value, dict):
        assert MARKER not in str(raised.value)
