# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From settings to targets on Windows: values of the registry, and the files that conda reads.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc import NetrcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import ValueEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import build
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

# requests looks for them in this order, and reads the first
NETRC_NAMES = (".netrc", "_netrc")


def build_targets(
    scope: Scope,
    settings: Settings,
    sections: t.Collection[str],
    roots: str | None,
    netrc: str,
    escapes: bool | None,
    marked: bool,
) -> list[Target]:
    """The targets of C(sections), in the order in which they are written.

    C(roots) is what a CA bundle is joined with, C(netrc) the path of the netrc, C(escapes) how its reader quotes.
    C(marked): our mark is in the registry.
    """
    targets = []
    users = tuple(section for section in ("condarc", "environment") if section in sections)
    if users and settings["ca_bundle"]:
        targets.append(_inherited(build.ca_bundle(scope, settings, users, roots)))
    if "condarc" in sections and settings["condarc"]["fragment"]:
        targets.append(_inherited(build.condarc(scope, settings)))
    if "environment" in sections:
        targets += _environment(scope, settings, marked)
    if "netrc" in sections and settings["netrc"]:
        editor = NetrcEditor({"entries": settings["netrc"], "escapes": escapes})
        targets.append(Target("netrc", netrc, editor, ("netrc",), 0o600, "private", follow=False))
    return targets


def _inherited(target: Target) -> Target:
    """With the permissions of its folder: what lies in a profile is its owner's, what lies in ProgramData everybody's."""
    return target._replace(path=target.path.replace("/", "\\"), mode=0o644, access="keep")


def _environment(scope: Scope, settings: Settings, marked: bool) -> list[Target]:
    named = settings["environment"]["targets"]
    variables: dict[str, tuple[str, str]] = {}
    for name, value in build.environment_variables(scope, settings).items():
        variables.setdefault(name.lower(), (name, value))  # http_proxy and HTTP_PROXY are one on Windows
    targets = []
    for row in scope.platform.system if scope.system else scope.platform.user:
        if named and row.name not in named:
            continue
        for name, value in variables.values():
            path = registry_value.value_path(row.paths[0], name)
            editor = ValueEditor(value)
            editor.lost = marked
            targets.append(
                Target(
                    "environment",
                    path,
                    editor,
                    ("environment",),
                    activate=row.activate,
                    notice=row.notice,
                )
            )
    return targets
