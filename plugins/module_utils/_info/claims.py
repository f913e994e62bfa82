# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find lines of others that set the managed variables, in the files that sessions and shells read."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _files
from ansible_collections.condafleet.proxy.plugins.module_utils._editors import takeover
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import blanked
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.statements import settings
from ansible_collections.condafleet.proxy.plugins.module_utils._info.sourced import with_sourced
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import SYSCONFIG_PROXY
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Claim

_CONFIGURATION = ("/etc/", "/private/etc/", "/opt/homebrew/etc/", "/usr/local/etc/")


def find(scope: Scope, variables: t.Collection[str]) -> tuple[list[Claim], frozenset[str]]:
    """Return the lines that set one of `variables`, and the files with lines that the collection commented out."""
    claims: list[Claim] = []
    taken = set()
    ours = _whole_files(scope)
    read = [(path, text) for path, text in _files.read_all(_patterns(scope)) if path not in ours]
    # one file may have several names, and that of the platform's table counts
    table = {scope.path(path) for row in scope.consumers for path in row.paths}
    reals = {os.path.realpath(path): path for path in table}
    done: set[str] = set()
    for path, text in with_sourced(read, scope.home):
        real = os.path.realpath(path)
        if real in done or (path not in table and real in reals):
            continue
        done.add(real)
        mine = _belongs(scope, path)
        if mine and takeover.has_taken(text):
            taken.add(path)
        claims += [
            Claim(path, setting.line, setting.names, mine and setting.alone)
            for setting in settings(blanked(text), variables)
        ]
    return claims, frozenset(taken)


def _patterns(scope: Scope) -> list[str]:
    """Return the files of the scope that sessions and shells read."""
    platform = scope.platform
    read = [*platform.session.environment_files, SYSCONFIG_PROXY, *platform.startup.all]
    return [scope.path(path) for path in read if path.startswith("{") != scope.system]


def _whole_files(scope: Scope) -> set[str]:
    rows = [row for row in scope.consumers if row.form == "whole"]
    return {scope.path(path) for row in rows for path in (*row.paths, *row.former)}


def _belongs(scope: Scope, path: str) -> bool:
    """Return whether a file is the scope's own, by where it really lies: others may read what lies elsewhere."""
    real = os.path.realpath(path)
    if scope.system:
        return real.startswith(_CONFIGURATION)
    return real.startswith(os.path.realpath(scope.home).rstrip("/") + "/")
