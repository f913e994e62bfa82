# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse whom the settings are for, and which sections are managed."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import SECTIONS, Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_path,
    has_control_character,
)

_LONGEST_NAME = 256  # LOGIN_NAME_MAX


class Scope(t.NamedTuple):
    """Whom the settings are for, and which sections are managed."""

    state: str  # present, absent
    scope: str  # system, user
    users: tuple[str, ...]
    home: str  # empty: the password database's
    sections: tuple[str, ...]

    @property
    def present(self) -> bool:
        return self.state == "present"

    @property
    def system(self) -> bool:
        return self.scope == "system"

    def manages(self, *sections: str) -> bool:
        """Return whether one of `sections` is managed."""
        return bool(set(sections) & set(self.sections))

    @property
    def default_sections(self) -> bool:
        """Whether the two sections are managed that are managed by default."""
        return {"condarc", "environment"} <= set(self.sections)


def parse_scope(options: Options, windows: bool) -> Scope:
    """Return the scope. Raises InvalidSettingError."""
    scope = Scope(
        state=options["state"],
        scope=options["scope"],
        users=tuple(options["users"]),
        home=options["home"] or "",
        sections=tuple(dict.fromkeys(options["sections"])),
    )
    if windows:
        _check_windows(scope)
    _check_home(scope)
    _check_users(scope, elsewhere=bool(options["netrc"]))
    if not scope.present and scope.default_sections:
        # the users of homes that another host writes keep what it wrote; those whom this one managed are in its state
        users = () if scope.system and not scope.manages("netrc") else scope.users
        scope = scope._replace(sections=SECTIONS, users=users)  # the default sections mean all there are
    return scope._replace(home=os.path.normpath(scope.home) if scope.home else "")


def _check_windows(scope: Scope) -> None:
    if scope.system and scope.manages("netrc") and scope.present:
        raise InvalidSettingError(
            "sections",
            "contains netrc for a Windows host in system scope, but netrc can be written only to the connecting "
            "user's profile",
            "set {scope}: user for that host, or remove netrc",
        )
    if scope.users:
        raise InvalidSettingError(
            "users",
            "is set for a Windows host, where only the machine and the connecting user can be managed (the registry of "
            "another user is loaded only while that user is logged in)",
            "connect as that user, with {scope}: user",
        )
    if scope.home:
        raise InvalidSettingError(
            "home",
            "is set for a Windows host, where the home directory is always the user profile",
            "remove it for that host",
        )


def _check_home(scope: Scope) -> None:
    if scope.home and (scope.system or scope.users):
        raise InvalidSettingError(
            "home",
            "is allowed only for the connecting user in user scope",
            "set {scope}: user and leave {users} empty",
        )
    if scope.home and not scope.home.startswith("/"):
        raise InvalidSettingError("home", "is not an absolute path", "begin it with /")
    check_path("home", scope.home)


def _check_users(scope: Scope, elsewhere: bool) -> None:
    """Refuse names of users that mean nothing. `elsewhere`: there are netrc entries, which another host may write.

    Without entries, users in system scope are most often meant for user scope. One section alone, or none
    (verification), passes: another play with the same inventory has the netrc section.
    """
    everything = scope.default_sections and not scope.manages("netrc")
    if scope.system and scope.users and everything and scope.present and not elsewhere:
        raise InvalidSettingError(
            "users",
            "is set, but system scope uses it for the netrc section only",
            "set {scope}: user, or add netrc to the sections",
        )
    if scope.system and scope.manages("netrc") and not scope.users and scope.present:
        raise InvalidSettingError(
            "users",
            "is empty, and the netrc section writes to the users' home directories",
            "list the users, or set {scope}: user",
        )
    for name in scope.users:
        # directories have names such as 4711 or "john smith"; these could be in no password database
        odd = name != name.strip() or name[:1] in ("-", "+") or re.search("[/:]", name) or has_control_character(name)
        if not name or odd or len(name) > _LONGEST_NAME:
            raise InvalidSettingError(
                "users", "has an entry that is not a user name", "use the user names of the machine's password database"
            )
