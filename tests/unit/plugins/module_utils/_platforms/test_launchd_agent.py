# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's script, by the real shell, with a launchctl that keeps a session in a folder."""

from __future__ import annotations

import plistlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import launchd_agent
from tests.bed import hostile
from tests.bed.environ import SYSTEM_PATH

if TYPE_CHECKING:
    from pathlib import Path

LAUNCHCTL = """#!/bin/sh
cd "$SESSION" || exit 1
case $1 in
    setenv) printf '%s' "$3" >"$2" ;;
    getenv) if [ -e "$2" ]; then cat "$2"; echo; fi ;;
    unsetenv) rm -f "$2" ;;
    kickstart) echo "$2" >>.kickstarted; exit 113 ;;
    *) exit 64 ;;
esac
"""


class Session:
    """A session at the screen, and the two agents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "bin").mkdir()
        (folder / "session").mkdir()
        (folder / "bin/launchctl").write_text(LAUNCHCTL)
        (folder / "bin/launchctl").chmod(0o755)
        self.data = {False: folder / "it's system.env", True: folder / "home/user.env"}
        (folder / "home").mkdir()

    def run(self, user: bool, variables: dict[str, str] | None) -> dict[str, str]:
        """Run an agent with these variables in its data file (none: no file), and return those of the session."""
        if variables is None:
            self.data[user].unlink(missing_ok=True)
        else:
            lines = ["# Managed", *(f"{name}={value}" for name, value in variables.items())]
            self.data[user].write_text("".join(f"{line}\n" for line in lines))
        system = launchd_agent.system_plist(str(self.data[False]).replace("'", "'\\''"))
        text = launchd_agent.user_plist("user.env") if user else system
        argv = plistlib.loads(text.encode())["ProgramArguments"]
        environment = {
            "PATH": f"{self._folder}/bin:{SYSTEM_PATH}",
            "SESSION": f"{self._folder}/session",
            "HOME": f"{self._folder}/home",
        }
        subprocess.run(argv, env=environment, check=True, capture_output=True)
        return {
            path.name: path.read_text()
            for path in (self._folder / "session").iterdir()
            if not path.name.startswith((".", "CONDAFLEET"))
        }


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def test_the_property_list_is_what_launchd_needs_and_does_not_depend_on_anything() -> None:
    content = plistlib.loads(launchd_agent.system_plist("/a b/c").encode())
    assert content["Label"] == "condafleet.proxy.environment"
    assert (content["RunAtLoad"], content["LimitLoadToSessionType"]) == (True, "Aqua")
    assert content["ProgramArguments"][:2] == ["/bin/sh", "-c"]
    assert launchd_agent.user_plist("x") == launchd_agent.user_plist("x")
    assert "<!-- # Managed by Ansible" in launchd_agent.user_plist("x")


def test_every_value_arrives_as_it_is(session: Session) -> None:
    values = {f"V{number}": value for number, value in enumerate(hostile.values(60)) if "\n" not in value}
    assert session.run(False, values) == values


def test_what_is_no_longer_in_the_data_file_is_unset_and_nothing_else(session: Session) -> None:
    (session._folder / "session/OWN").write_text("the user's")
    session.run(False, {"A": "1", "B": "2"})
    assert session.run(False, {"A": "3"}) == {"A": "3", "OWN": "the user's"}
    assert session.run(False, None) == {"OWN": "the user's"}
    assert sorted(path.name for path in (session._folder / "session").iterdir()) == ["OWN"]


def test_the_user_s_own_agent_wins_and_gives_back(session: Session) -> None:
    session.run(True, {"A": "user"})
    assert session.run(False, {"A": "system", "B": "system"}) == {"A": "user", "B": "system"}
    assert session.run(False, {"A": "new", "B": "new"}) == {"A": "user", "B": "new"}
    after = session.run(True, None)
    assert after["B"] == "new"
    assert (session._folder / "session/.kickstarted").read_text().startswith("gui/"), "the other agent runs again"
    assert session.run(False, {"A": "new", "B": "new"}) == {"A": "new", "B": "new"}


def test_system_wide_settings_that_go_leave_the_user_s(session: Session) -> None:
    session.run(False, {"A": "system"})
    session.run(True, {"A": "user"})
    assert session.run(False, None) == {"A": "user"}
