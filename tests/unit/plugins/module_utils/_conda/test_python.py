# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python of a base, by the names of its records."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import (
    common_escapes,
    netrc_escapes,
    recorded_python,
)


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (["history", "conda-24.7.1-py311h06a4308_0.json", "python-3.11.9-h955ad1f_0.json"], "3.11.9"),
        (["python-3.13.0rc1-h9ebbce0_100_cp313.json"], "3.13.0"),
        (["python-dateutil-2.9.0-py311h06a4308_2.json", "python_abi-3.11-2_cp311.json"], None),
        ([], None),
    ],
)
def test_the_record_of_python_itself(names: list[str], version: str | None) -> None:
    assert recorded_python(names) == version


@pytest.mark.parametrize(
    ("version", "escapes"), [("3.8.20", False), ("3.10", False), ("3.11.0", True), ("3.13", True), (None, None)]
)
def test_netrc_knows_escapes_from_python_3_11(version: str | None, escapes: bool | None) -> None:
    assert netrc_escapes(version) is escapes


def test_parsers_that_do_not_agree_have_no_common_rule() -> None:
    assert common_escapes([True, True]) is True
    assert common_escapes([False]) is False
    assert common_escapes([True, False]) is None
    assert common_escapes([True, None]) is None
    assert common_escapes([]) is None
