# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Decide with whose rights a conda base runs."""

from __future__ import annotations

import os
import pwd
import stat
import sys
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import attributes
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import RunAs


def untrusted_for_root(prefix: str) -> str | None:
    """Return why root must not run what is in `prefix`: who may write there, or rename a parent, would be root.

    Only the path itself is looked at, not every file below: what root's own installer made there is root's.
    """
    path = os.path.realpath(prefix)
    python = os.path.realpath(os.path.join(path, "bin", "python"))
    return _first_changeable([path, os.path.join(path, "bin"), python], ())


def untrusted_interpreter(groups: tuple[int, ...]) -> str | None:
    """Return why root must not run this Python; members of `groups` may write it."""
    return _first_changeable([os.path.realpath(sys.executable), os.path.realpath(os.__file__)], groups)


def _first_changeable(paths: t.Iterable[str], groups: tuple[int, ...]) -> str | None:
    """Return the first reason why a path, or one of its parents, can be changed by others."""
    for own in paths:
        refusal = _changeable(own, False, groups)
        place = own
        while refusal is None and place != os.path.dirname(place):
            place = os.path.dirname(place)
            refusal = _changeable(place, True, groups)
        if refusal is not None:
            return refusal
    return None


def _changeable(place: str, parent: bool, groups: tuple[int, ...]) -> str | None:
    try:
        info = os.stat(place)
    except OSError as exc:
        return f"{place}: {exc.strerror}"
    if info.st_uid != 0:
        return f"{place} is not owned by root"
    # in a sticky directory (/tmp) others can neither rename nor remove what is root's, but put things beside it
    harmless = parent and info.st_mode & stat.S_ISVTX
    others = 0o002 if info.st_gid in groups else 0o022
    if (stat.S_IMODE(info.st_mode) & others and not harmless) or attributes.opened_by_list(place):
        return f"{place} can be changed by users other than root"
    return None


_NOBODY = "nobody"
NO_HOME = "/nonexistent"


class NotAsRootError(Exception):
    """Error for a base that root must not run. The message has the reason."""


def account_for(base: Base, home: str) -> RunAs:
    """Return the rights to run a base with: never more than its owner has. Raises NotAsRootError.

    A base of root that others can change, such as a group that installs packages, runs as the user `nobody`.
    """
    own = RunAs(-1, -1, "", home)
    if os.geteuid() != 0:
        return own
    refusal = untrusted_for_root(base.prefix)
    if refusal is None:
        return own
    try:
        runner = pwd.getpwuid(base.uid) if base.uid != 0 else pwd.getpwnam(_NOBODY)
    except KeyError:
        raise NotAsRootError(f"Refused to run as root: {refusal}.") from None
    return RunAs(runner.pw_uid, runner.pw_gid, runner.pw_name, runner.pw_dir if base.uid != 0 else NO_HOME)
