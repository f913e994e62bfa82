# SPDX-License-Identifier: GPL-3.0-or-later
"""A small package in an index."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    packages,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"a-1-0.tar.bz2": {"size": 5}, "b-1-0.tar.bz2": {"size": 4}', "b-1-0.tar.bz2"),
        ('"a-1-0.tar.bz2": {"size": 5}, "b-1-0.conda": {"depends": ["x >=1"], "size": 400}', "b-1-0.conda"),
        ('ds": [], "size": 1}, "b-1-0.conda": {"size": 4}, "c-1-0.conda": {"siz', "b-1-0.conda"),
        ('"a-1-0.conda": {}', "a-1-0.conda"),
        ('"../a-1-0.conda": {"size": 5}', None),
        ('{"packages": {}, "packages.conda": {}}', None),
        ('{"packages": {"a-1-0.tar.bz2": {"size": 5}}, "packages.conda": {}}', "a-1-0.tar.bz2"),
        ("<html>", None),
    ],
)
def test_smallest_package(text: str, name: str | None) -> None:
    assert packages.smallest_package(text) == name
