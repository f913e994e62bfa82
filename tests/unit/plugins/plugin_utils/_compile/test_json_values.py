# SPDX-License-Identifier: GPL-3.0-or-later
"""What JSON writes and YAML reads as the same."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.json_values import check_value
from tests.bed.settings import SECRET


@pytest.mark.parametrize(
    "value", [None, True, 5, 1.5, "", "a\nb\tc", "\u00e4", "#!final", [], {}, {"a": [{"b": None}]}, {"x" * 128: 1}]
)
def test_read_as_it_was_written(value: Any) -> None:
    check_value("extra", value)
    assert yaml.safe_load(f"key: {json.dumps(value)}") == {"key": value}


@pytest.mark.parametrize(
    "value",
    [
        math.nan, -math.inf, {1}, b"x", "a\0" + SECRET, "\x1b", "\ud800", "\U0001f600" + SECRET, {1: SECRET}, {"": 1},
        {"x" * 129: 1}, [["\x85"]], {"a": {"\U0001f600": 1}},
    ],
)  # fmt: skip
def test_refused(value: Any) -> None:
    with pytest.raises(InvalidSettingError, match=r"^extra has a .*; .*") as raised:
        check_value("extra", value)
    assert SECRET not in str(raised.value)
