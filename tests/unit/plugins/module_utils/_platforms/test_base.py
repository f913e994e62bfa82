# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the table of every platform."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH, Consumer, Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects

TABLES = {"linux": LINUX, "darwin": DARWIN, "windows": WINDOWS}
ROWS = [
    pytest.param(table, row, scope == "user", id=f"{name}-{scope}-{row.name}")
    for name, table in TABLES.items()
    for scope in ("system", "user")
    for row in getattr(table, scope)
]
FORMS = {"whole", "constant", "block", "block_top", "value"}
WITHOUT_ACTIVATION_TABLE = {"broadcast_machine", "broadcast_user"}  # WindowsMachine knows them by name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("scope", ["system", "user"])
def test_names_and_paths_are_there_once(table: Platform, scope: str) -> None:
    rows: tuple[Consumer, ...] = getattr(table, scope)
    assert rows
    paths = [path for row in rows for path in row.paths]
    assert len(set(paths)) == len(paths)
    # one name for several files: all of them are needed, or each is for another place where the program can be
    several = {row.name for row in rows if [other.name for other in rows].count(row.name) > 1}
    assert several <= ({"fish", "launchd"} if table is DARWIN else set())


@pytest.mark.parametrize(("table", "row", "user"), ROWS)
def test_a_row_names_only_what_is_there(table: Platform, row: Consumer, user: bool) -> None:
    assert row.form in FORMS
    assert row.paths
    assert not row.check or row.check in table.checks
    assert not row.activate or row.activate in {*table.activations, *WITHOUT_ACTIVATION_TABLE}
    assert bool(row.content) is (row.form == "constant")
    if row.form in ("value", "constant"):
        assert row.dialect == ""
    else:
        assert dialects.render(row.dialect, {"http_proxy": "b"})
    if row.form != "value":
        assert all(path.startswith(("{home}", "{zdotdir}")) is user for path in (*row.paths, *row.former))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_check_is_given_the_new_file(table: Platform) -> None:
    for argv in table.checks.values():
        assert "{file}" in argv


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_in_a_home_and_what_is_not(table: Platform) -> None:
    in_home = (table.user_condarc, table.user_state, table.user_ca_bundle, *table.user_netrc)
    assert all(path.startswith("{home}" + table.separator) for path in in_home)
    system = (table.system_condarc, table.system_state, table.system_ca_bundle)
    assert not [path for path in system if "{home}" in path]
    assert len({*in_home, *system}) == len(in_home) + len(system)


def test_the_placeholder_is_no_path_of_a_platform() -> None:
    for table in TABLES.values():
        assert CA_BUNDLE_PATH not in (table.system_ca_bundle, table.user_ca_bundle, *table.ca_roots)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_shell_is_fed_by_targets_of_the_platform(table: Platform) -> None:
    names = {row.name for row in (*table.system, *table.user)}
    for start in table.shell_starts:
        assert set(start.fed_by) & names, start
        assert start.how in ("login", "interactive", "command")
    assert len({start.consumer for start in table.shell_starts}) == len(table.shell_starts)
