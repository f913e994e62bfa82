# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the settings are for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import parse_scope
from tests.bed.settings import NETRC, PROXY, compiled, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "users in system scope that no section is for": (
        {"http": PROXY, "users": ["ada"]},
        "conda_proxy_users",
        "netrc section only",
    ),
    "a user with a path": ({"scope": "user", "users": ["a/b"]}, "conda_proxy_users", "not a user name"),
    "a user with a colon": ({"scope": "user", "users": ["a:b"]}, "conda_proxy_users", "not a user name"),
    "a user with a line end": ({"scope": "user", "users": ["ada\n"]}, "conda_proxy_users", "not a user name"),
    "a user like an option": ({"scope": "user", "users": ["-ada"]}, "conda_proxy_users", "not a user name"),
    "a user without a name": ({"scope": "user", "users": [""]}, "conda_proxy_users", "not a user name"),
    "netrc in system scope without users": (
        {"sections": ["netrc"], "netrc": [NETRC]},
        "conda_proxy_users",
        "list the users",
    ),
    "home in system scope": ({"home": "/x"}, "conda_proxy_home", "conda_proxy_scope: user"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_users_are_named_as_directories_name_them() -> None:
    names = ["4711", "john smith", "j\u00fcrgen", "EXAMPLE\\ada", "ada@example.com", "host$", "#1"]
    assert compiled(http=PROXY, scope="user", users=names).settings.users == tuple(names)


@pytest.mark.parametrize("sections", [[], ["condarc"], ["environment"], ["netrc"], ["condarc", "netrc"]])
def test_one_inventory_for_site_and_for_the_single_roles(sections: list[str]) -> None:
    """In system scope the users are for the netrc section; another section alone leaves them be."""
    assert compiled(http=PROXY, users=["ada"], netrc=[NETRC], sections=sections).settings.sections == tuple(sections)


def test_users_whose_netrc_another_host_writes() -> None:
    """Not refused, and no warning that asks for the section: shared homes have one writer."""
    found = compiled(http=PROXY, users=["ada"], netrc=[NETRC])
    assert (found.settings.users, found.settings.netrc, found.warnings) == (("ada",), (), [])
    assert found.settings.proof.logins == (NETRC["machine"],), "root has no login, and needs none"
    assert NETRC["password"] not in str(found.settings)


def test_a_scope_knows_what_it_manages() -> None:
    scope = parse_scope(validated(scope="user", home="/home/./ada/", sections=["netrc", "condarc", "netrc"]), False)
    assert (scope.home, scope.sections, scope.present, scope.system) == ("/home/ada", ("netrc", "condarc"), True, False)
    assert scope.manages("environment", "netrc")
    assert not scope.manages("environment")
    assert not scope.default_sections


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sections": ["netrc"]}, "^sections contains netrc for a Windows host in system scope"),
        ({"users": ["ada"]}, "^users is set for a Windows host"),
        ({"scope": "user", "home": "/x"}, "^home is set for a Windows host"),
    ],
)
def test_a_windows_host_has_no_users_and_no_home(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettingError, match=says):
        parse_scope(validated(**given), windows=True)


def test_absent_sections() -> None:
    """The default sections mean all there are, and no setting beside the scope is asked for."""
    assert parse_scope(validated(state="absent"), False).sections == ("condarc", "environment", "netrc")
    assert parse_scope(validated(state="absent", sections=["netrc"]), False).sections == ("netrc",)


def test_removing_leaves_the_shared_homes_that_another_host_writes() -> None:
    """A worker that goes takes no login away from the others; whom it managed itself is in its state."""
    users = {"state": "absent", "users": ["ada"], "netrc": [NETRC]}
    everything = ("condarc", "environment", "netrc")
    worker = parse_scope(validated(**users), False)
    assert (worker.sections, worker.users) == (everything, ())
    head = parse_scope(validated(**users, sections=list(everything)), False)
    assert (head.sections, head.users) == (everything, ("ada",))
    own = parse_scope(validated(**users, scope="user"), False)
    assert (own.sections, own.users) == (everything, ("ada",))
