# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From settings to targets: which files of this machine should hold what.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import common_escapes
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.certificates import CertificatesEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc import NetrcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH, Consumer, Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import ca_roots
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base

Settings = t.Mapping[str, t.Any]


class RootsNeeded(MachineError):
    """This machine has no CA roots to join the bundle with; the control node must send its own."""

    needs = "ca_roots"

    def __init__(self) -> None:
        super().__init__(
            "no CA roots were found on this machine, so conda_proxy_ca_bundle_src has nothing to be joined with"
        )


class Scope(t.NamedTuple):
    """Whose files: C(home) is empty for the whole system."""

    platform: Platform
    home: str = ""

    @property
    def system(self) -> bool:
        return not self.home

    def path(self, template: str) -> str:
        return template.replace("{home}", self.home)


def build_targets(
    scope: Scope, settings: Settings, sections: t.Collection[str], bases: t.Sequence[Base]
) -> list[Target]:
    """The targets of C(sections) for one user or the system, in the order in which they are written."""
    targets = []
    users = tuple(section for section in ("condarc", "environment") if section in sections)
    if users and settings["ca_bundle"]:
        roots = ca_roots.find_roots(scope.platform.ca_roots, bases) or settings["ca_bundle"]["roots"]
        targets.append(ca_bundle(scope, settings, users, roots))
    if "condarc" in sections and settings["condarc"]["fragment"]:
        targets.append(condarc(scope, settings))
    if "environment" in sections:
        targets += _environment(scope, settings)
    if "netrc" in sections and not scope.system and settings["netrc"]:
        targets.append(_netrc(scope, settings, bases))
    return [target._replace(uid=0) for target in targets] if scope.system else targets


def environment_variables(scope: Scope, settings: Settings) -> dict[str, str]:
    """The variables that the environment section sets, in their order."""
    variables = dict(settings["environment"]["variables"])
    if settings["ca_bundle"]:
        variables["REQUESTS_CA_BUNDLE"] = ca_bundle_path(scope)
    return variables


def _private(scope: Scope, settings: Settings) -> tuple[int, str]:
    """Mode for a new file, and what to do about the mode of one that is there."""
    if scope.system:
        return 0o644, "readable"  # an unreadable file in /etc/conda ends every conda command of every user
    return (0o600, "private") if settings["secret"] else (0o644, "keep")


def ca_bundle_path(scope: Scope) -> str:
    """Where the bundle lies that was joined there."""
    return scope.platform.system_ca_bundle if scope.system else scope.path(scope.platform.user_ca_bundle)


def ca_bundle(scope: Scope, settings: Settings, sections: tuple[str, ...], roots: str | None) -> Target:
    """The CA bundle: what was asked for, joined with C(roots)."""
    if not roots:
        raise RootsNeeded
    editor = CertificatesEditor({"ours": settings["ca_bundle"]["pem"], "roots": roots})
    return Target("ca_bundle", ca_bundle_path(scope), editor, sections, access="readable")


def condarc(scope: Scope, settings: Settings) -> Target:
    """The condarc, where it is asked for, else where conda looks for it."""
    path = settings["condarc"]["path"]
    if not path:
        path = scope.platform.system_condarc if scope.system else scope.path(scope.platform.user_condarc)
    elif path.startswith(("~/", "~\\")):
        path = os.path.join(scope.home or "/", path[2:])
    mode, access = _private(scope, settings)
    bundle = json.dumps(ca_bundle_path(scope))[1:-1]  # it stands in double quotes, where YAML escapes as JSON does
    fragment = [[key, text.replace(CA_BUNDLE_PATH, bundle)] for key, text in settings["condarc"]["fragment"]]
    return Target("condarc", path, CondarcEditor(fragment), ("condarc",), mode, access)


def _environment(scope: Scope, settings: Settings) -> list[Target]:
    named = settings["environment"]["targets"]
    variables = environment_variables(scope, settings)
    targets: list[Target] = []
    if not variables:
        return targets
    for row in scope.platform.system if scope.system else scope.platform.user:
        if (row.name in named) if named else not row.by_name:
            path = _consumer_path(scope, row)
            if path:
                targets.append(_consumer(scope, settings, row, path, variables))
    return targets


def _consumer_path(scope: Scope, row: Consumer) -> str:
    if row.needs and not any(os.path.exists(path) for path in row.needs):
        return ""
    paths = [scope.path(path) for path in row.paths]
    there = [path for path in paths if os.path.lexists(path)]
    if there or row.only_existing:
        return there[0] if there else ""
    with_folder = [path for path in paths if os.path.isdir(os.path.dirname(path))]
    return (with_folder or paths)[-1]


def _consumer(scope: Scope, settings: Settings, row: Consumer, path: str, variables: t.Mapping[str, str]) -> Target:
    try:
        lines = dialects.render(row.dialect, variables)
    except dialects.Unrepresentable as exc:
        raise MachineError(f"{path}: {exc}; leave {row.name} out of conda_proxy_environment_targets") from None
    mode, access = row.mode, "keep"
    if row.form == "whole":
        editor: t.Any = WholeEditor("".join(line + "\n" for line in [HEADER, *lines]))
        access = "exact"
    else:
        editor = BlockEditor({"lines": lines, "top": row.form == "block_top"})
    if not scope.system and settings["secret"]:
        mode, access = (0o600, "exact" if row.form == "whole" else "private")
    return Target(
        "environment", path, editor, ("environment",), mode, access, row.check, row.activate, notice=row.notice
    )


def _netrc(scope: Scope, settings: Settings, bases: t.Sequence[Base]) -> Target:
    escapes = common_escapes(base.netrc_escapes for base in bases)
    editor = NetrcEditor({"entries": settings["netrc"], "escapes": escapes})
    return Target("netrc", scope.path("{home}/.netrc"), editor, ("netrc",), 0o600, "private", follow=False)


def strays(scope: Scope) -> list[str]:
    """The files of the table that carry our mark, for a machine whose state was lost."""
    found = []
    for row in scope.platform.system if scope.system else scope.platform.user:
        for path in map(scope.path, row.paths):
            try:
                with open(path, encoding="utf-8", errors="replace") as stream:
                    text = stream.read(1 << 20)
            except OSError:
                continue
            if WholeEditor("").marked(text) or BlockEditor({}).marked(text):
                found.append(path)
    return found
