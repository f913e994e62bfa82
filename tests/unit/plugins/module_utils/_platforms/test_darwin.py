# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table of macOS must keep."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Agent
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN

SYSTEM = {path: row for row in DARWIN.system for path in row.paths}


def test_the_files_of_the_system_are_those_that_its_shells_read() -> None:
    # not /etc/zshrc (updates replace it), not /etc/bashrc (/etc/profile sources it), no PAM
    assert {path for path in SYSTEM if path.startswith("/etc")} == {"/etc/profile", "/etc/zshenv", "/etc/csh.cshrc"}
    assert DARWIN.session.environment_files == ()
    assert not [path for path in SYSTEM if path.startswith("/private")], "users know the other name"


def test_what_device_management_replaces_is_known() -> None:
    managed = "/private/var/db/ManagedConfigurationFiles/com.apple."
    assert SYSTEM["/etc/zshenv"].replaced_by == managed + "zsh/etc/zshenv"
    assert SYSTEM["/etc/profile"].replaced_by == managed + "bash/etc/profile"


def test_both_files_of_the_agent_are_one_target_that_shows_values() -> None:
    for rows, kind in ((DARWIN.system, "launchd"), (DARWIN.user, "launchd_user")):
        mine = [row for row in rows if row.name == "launchd"]
        assert [row.form for row in mine] == ["whole", "constant"], "the data first: launchd may start the agent"
        assert all(row.exposes and row.activate == kind for row in mine)
        agent = DARWIN.activations[kind]
        assert isinstance(agent, Agent)
        assert agent.plist == mine[1].paths[0]
        assert f"<string>{agent.label}</string>" in mine[1].content


def test_nothing_that_opens_a_password_to_others() -> None:
    data = next(row for row in DARWIN.user if row.dialect == "name_value")
    assert data.mode == 0o600
    assert DARWIN.system_uid == 0
