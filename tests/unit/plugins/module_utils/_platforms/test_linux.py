# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table of Linux must keep: a mistake here locks somebody out."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Activation
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX

SYSTEM = {row.name: row for row in LINUX.system}
USER = {row.name: row for row in LINUX.user}


def test_sudoers_is_checked_closed_and_only_written_by_name() -> None:
    row = SYSTEM["sudoers"]
    assert (row.by_name, row.mode, row.form) == (True, 0o440, "whole")
    assert LINUX.checks[row.check][0] == "visudo"


def test_what_would_shadow_the_profile_is_never_created() -> None:
    assert {name for name, row in USER.items() if row.only_existing} == {"bash_profile", "bash_login"}


def test_bashrc_is_written_above_the_line_that_returns() -> None:
    assert USER["bashrc"].form == "block_top"


def test_files_that_are_others_are_never_written_whole() -> None:
    for row in (*LINUX.system, *LINUX.user):
        if row.form == "whole":
            assert all("condafleet-proxy" in path for path in row.paths), row.name
        else:
            assert not any("condafleet" in path for path in row.paths), row.name


def test_files_of_the_system_are_root_s_and_readable_except_sudoers() -> None:
    assert LINUX.system_uid == 0
    assert {row.name for row in LINUX.system if row.mode != 0o644} == {"sudoers"}


def test_the_manager_is_told_and_read_back() -> None:
    activation = LINUX.activations[SYSTEM["systemd_manager"].activate]
    assert isinstance(activation, Activation)
    assert activation.read_back
    assert activation.only_if == "/run/systemd/system"
    assert activation.otherwise
