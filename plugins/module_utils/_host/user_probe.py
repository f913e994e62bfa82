# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user of this machine sees: the proof with that user's rights and login environment.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import platform
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import (
    Result,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import PLATFORMS
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, probe
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    Scope,
    Settings,
    ca_bundle_path,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._host.jobs import Part


def logged_in(account: Account, prefix: str) -> dict[str, str]:
    return login_shell.login_environment(account.home, account.shell, account.name, prefix)


def testimony(account: Account, settings: Settings, written: bool) -> Result:
    """What a user sees whose own files are not the ones that change."""
    login = logged_in(account, settings["prefix"])
    bases = find_bases(account.home, login.get("PATH", ""), settings["prefix"])
    return {"rows": seen_by(account, bases, login, settings, written)}


def seen_by(
    account: Account, bases: t.Sequence[Base], login: t.Mapping[str, str], settings: Settings, written: bool
) -> list[Result]:
    bare = dict(settings["proof"]["bare"])  # without conda, Python alone looks
    if not written:
        bare.update(proxies=None, ca_bundle=None)
    elif bare["ca_bundle"] == CA_BUNDLE_PATH:
        table = PLATFORMS[platform.system()]
        bare["ca_bundle"] = ca_bundle_path(Scope(table, "" if settings["scope"] == "system" else account.home))
    options = dict(settings["proof"], user=account.name, bare=bare)
    environment: dict[str, str | None] = {name: value for name, value in login.items() if name != "PATH"}
    return probe.prove(bases, environment, account.home, options)


def elsewhere(part: Part, account: Account, login: t.Mapping[str, str]) -> list[str]:
    """Is another netrc read than the one that is written?"""
    path = os.path.join(account.home, ".netrc")
    named = login.get("NETRC", path)
    if "netrc" not in part.wanted or not part.account or os.path.realpath(named) == os.path.realpath(path):
        return []
    return [f"{path}: a login shell of {account.name} sets NETRC to another file, so this one is not read"]
