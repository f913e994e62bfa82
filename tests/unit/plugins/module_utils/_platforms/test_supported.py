# SPDX-License-Identifier: GPL-3.0-or-later
"""Which table a machine gets."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS

if TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform


@pytest.mark.parametrize(("name", "table"), [("Linux", LINUX), ("Darwin", DARWIN)])
def test_what_has_a_table(name: str, table: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: name)
    assert supported.this_platform() is table


@pytest.mark.parametrize("name", ["FreeBSD", "Windows", ""])
def test_others_are_named_and_told_what_is_supported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows too: nothing of the collection runs there."""
    monkeypatch.setattr(platform, "system", lambda: name)
    with pytest.raises(MachineError) as raised:
        supported.this_platform()
    assert name in str(raised.value)
    assert all(word in str(raised.value) for word in ("Linux", "macOS", "Windows"))


def test_names_to_choose_from_are_those_of_all_tables_each_once() -> None:
    rows = [row.name for table in (LINUX, DARWIN, WINDOWS) for row in (*table.system, *table.user)]
    assert set(supported.ENVIRONMENT_TARGETS) == set(rows)
    assert list(supported.ENVIRONMENT_TARGETS) == sorted(set(rows))
