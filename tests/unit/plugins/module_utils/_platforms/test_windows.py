# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of Windows: two keys of the registry."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
    WINDOWS,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import machine


@pytest.mark.parametrize(
    ("rows", "key", "hive"),
    [(WINDOWS.system, MACHINE_ENVIRONMENT, "HKLM:"), (WINDOWS.user, USER_ENVIRONMENT, "HKCU:")],
)
def test_each_scope_has_the_key_of_its_hive(rows: tuple[object, ...], key: str, hive: str) -> None:
    (row,) = rows
    assert (row.form, row.paths) == ("value", (key,))  # type: ignore[attr-defined]
    assert key.startswith(hive + "\\")
    assert registry_value.is_registry(registry_value.value_path(key, "http_proxy"))


def test_every_row_s_activation_is_one_that_the_machine_knows() -> None:
    assert {row.activate for row in (*WINDOWS.system, *WINDOWS.user)} == set(machine._LEVELS)


def test_the_traits_of_windows() -> None:
    assert (WINDOWS.separator, WINDOWS.ignores_case, WINDOWS.inherited_modes, WINDOWS.system_uid) == (
        "\\",
        True,
        True,
        -1,
    )
    assert not WINDOWS.ca_roots
    assert not [path for path in (WINDOWS.system_condarc, WINDOWS.system_state, WINDOWS.user_state) if "/" in path]
