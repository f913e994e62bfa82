# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Build targets from settings: the desired files and registry values of a machine. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value, takeover
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER, Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.certificates import CertificatesEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc import NetrcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import ValueEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.takeover import TakeoverEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import (
    CA_BUNDLE_PATH,
    SYSCONFIG_PROXY,
    Activation,
    Agent,
    Consumer,
    Platform,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target


class RootsNeededError(MachineError):
    """Error for a machine without CA roots to join the bundle with. The control node can send its own."""

    needs = "ca_roots"

    def __init__(self) -> None:
        super().__init__(
            "no CA root certificates were found on this machine to combine the CA bundle with; install the package "
            "ca-certificates"
        )


_PASSWORD = re.compile(r"://[^/@:\s]*:[^/@\s]+@")


class Scope(t.NamedTuple):
    """The system or one user, on one platform."""

    platform: Platform
    home: str = ""  # of the user; empty: the system
    zdotdir: str = ""  # where zsh looks for the user's files; empty: in the home

    @property
    def system(self) -> bool:
        return not self.home

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        return self.platform.system if self.system else self.platform.user

    @property
    def state(self) -> str:
        """The state directory."""
        return self.platform.system_state if self.system else self.path(self.platform.user_state)

    @property
    def ca_bundle(self) -> str:
        """The path of the joined bundle."""
        return self.platform.system_ca_bundle if self.system else self.path(self.platform.user_ca_bundle)

    @property
    def condarc(self) -> str:
        """The default path of the condarc."""
        return self.platform.system_condarc if self.system else self.path(self.platform.user_condarc)

    @property
    def activations(self) -> dict[str, Activation | Agent]:
        """What makes changes take effect, with the paths of this scope."""
        return {
            kind: one._replace(plist=self.path(one.plist)) if isinstance(one, Agent) else one
            for kind, one in self.platform.activations.items()
        }

    def path(self, template: str) -> str:
        return template.replace("{home}", self.home).replace("{zdotdir}", self.zdotdir or self.home)

    def native(self, path: str) -> str:
        """Return a configured path in the notation of this platform, with `~/` expanded."""
        if path.startswith(("~/", "~\\")):
            path = self.home + self.platform.separator + path[2:]
        return path.replace("/", "\\") if self.platform.separator == "\\" else path


def build_targets(scope: Scope, settings: Settings, sections: t.Collection[str], facts: Facts) -> list[Target]:
    """Return the targets of `sections` for one user or the system, in the order in which they are written.

    Raises MachineError for a value that a file cannot hold, and RootsNeededError.
    """
    targets = []
    users = tuple(section for section in ("condarc", "environment") if section in sections)
    if users and settings.ca_bundle:
        targets.append(_ca_bundle(scope, settings.ca_bundle, users, facts.ca_roots))
    if "condarc" in sections and settings.fragment:
        targets.append(_condarc(scope, settings))
    if "environment" in sections:
        targets += _environment(scope, settings, facts)
    if "netrc" in sections and not scope.system and settings.netrc:
        targets.append(_netrc(settings, facts))
    if scope.platform.inherited_modes:
        targets = [target if target.kind == "netrc" else _inherited(target) for target in targets]
    return [target._replace(uid=scope.platform.system_uid) for target in targets] if scope.system else targets


def environment_variables(scope: Scope, settings: Settings) -> dict[str, str]:
    """Return the variables that the environment section sets, in order."""
    variables = dict(settings.variables)
    if settings.ca_bundle:
        variables["REQUESTS_CA_BUNDLE"] = scope.ca_bundle
    return variables


def _inherited(target: Target) -> Target:
    """Return the target with the permissions of its directory: a profile is its owner's, ProgramData everybody's."""
    return target._replace(mode=0o644, access="keep")


def _ca_bundle(scope: Scope, bundle: CaBundle, sections: tuple[str, ...], roots: str | None) -> Target:
    roots = roots or bundle.roots
    if not roots:
        raise RootsNeededError
    editor = CertificatesEditor({"ours": bundle.pem, "roots": roots})
    return Target("ca_bundle", scope.ca_bundle, editor, sections, access="readable")


def _condarc(scope: Scope, settings: Settings) -> Target:
    path = scope.native(settings.condarc_path) if settings.condarc_path else scope.condarc
    bundle = json.dumps(scope.ca_bundle)[1:-1]  # in double quotes, YAML escapes like JSON
    fragment = [[key, text.replace(CA_BUNDLE_PATH, bundle)] for key, text in settings.fragment]
    editor = CondarcEditor(fragment, _separate(scope))
    if scope.system:
        # an unreadable file in /etc/conda makes every conda command of every user fail
        return Target("condarc", path, editor, ("condarc",), 0o644, "readable")
    mode, access = (0o600, "private") if settings.secret else (0o644, "keep")
    return Target("condarc", path, editor, ("condarc",), mode, access)


def _separate(scope: Scope) -> str:
    """Return an example of a condarc of one's own, which the owner of this scope may create."""
    if not scope.system:
        return "~/.conda/condarc.d/50-proxy.yml"
    separator = scope.platform.separator
    return separator.join([scope.condarc.rpartition(separator)[0], "condarc.d", "50-proxy.yml"])


def _environment(scope: Scope, settings: Settings, facts: Facts) -> list[Target]:
    variables = environment_variables(scope, settings)
    if scope.platform.ignores_case:
        first = {name.lower(): name for name in reversed(list(variables))}
        variables = {name: value for name, value in variables.items() if first[name.lower()] == name}
    targets: list[Target] = []
    if not variables:
        return targets
    for row in _requested(scope, settings):
        if row.form == "value":
            targets += _registry_values(row, variables, facts.marked)
        elif not _left_out(row, settings, variables):
            path = _consumer_path(scope, row, facts.existing)
            target = _consumer_file(scope, settings, row, path, variables) if path else None
            if target:
                targets.append(target)
    if settings.takeover and targets:
        targets += _taken_over(scope, facts, variables)
    return targets


def _taken_over(scope: Scope, facts: Facts, variables: t.Mapping[str, str]) -> t.Iterator[Target]:
    """Yield the files of others in which lines are commented out.

    A file of the platform's table holds a block of ours, which does that itself; where none is requested, it is left alone.
    """
    table = {scope.path(path) for row in scope.consumers for path in row.paths}
    for path in sorted({claim.path for claim in facts.claims if claim.removable} | facts.taken_over):
        if path not in table:
            yield Target("environment", path, TakeoverEditor(_takeover(scope, path, variables)), ("environment",))


def _takeover(scope: Scope, path: str, variables: t.Mapping[str, str]) -> dict[str, t.Any]:
    plain = path in (*scope.platform.session.environment_files, SYSCONFIG_PROXY)
    return {"names": list(variables), "prefix": takeover.PLAIN if plain else takeover.SHELL}


def _requested(scope: Scope, settings: Settings) -> list[Consumer]:
    named = settings.environment_targets
    rows = [row for row in scope.consumers if ((row.name in named) if named else not row.by_name)]
    if settings.home:
        # an agent works for the user's session, which has the real home
        rows = [row for row in rows if not isinstance(scope.platform.activations.get(row.activate), Agent)]
    return rows


def _left_out(row: Consumer, settings: Settings, variables: t.Mapping[str, str]) -> bool:
    return row.exposes and not settings.exposed and any(map(_PASSWORD.search, variables.values()))


def remarks(scope: Scope, settings: Settings, sections: t.Collection[str]) -> list[str]:
    """Return warnings about readers of environment variables that are left out."""
    if "environment" not in sections:
        return []
    variables = environment_variables(scope, settings)
    names = [row.name for row in _requested(scope, settings) if _left_out(row, settings, variables)]
    return [
        f"the environment target {name} was left out: every user who runs ps could see the password for a moment; "
        "accept that with conda_proxy_password_exposure: allow"
        for name in dict.fromkeys(names)
    ]


def written(scope: Scope, paths: t.Collection[str]) -> frozenset[str]:
    """Return the names of the environment targets that are managed, when `paths` are."""
    return frozenset(row.name for row in scope.consumers if any(scope.path(path) in paths for path in row.paths))


def replaced(scope: Scope, settings: Settings, sections: t.Collection[str], facts: Facts) -> list[Overruled]:
    """Return the readers that read another file in place of the managed one."""
    if "environment" not in sections or not environment_variables(scope, settings):
        return []
    return [
        Overruled(row.name, row.paths[0], row.replaced_by)
        for row in _requested(scope, settings)
        if row.replaced_by in facts.existing
    ]


def _registry_values(row: Consumer, variables: t.Mapping[str, str], marked: bool) -> t.Iterator[Target]:
    for name, value in variables.items():
        path = registry_value.value_path(row.paths[0], name)
        editor = ValueEditor(value, has_marker=marked)
        yield Target("environment", path, editor, ("environment",), activate=row.activate, notice=row.notice)


def _consumer_path(scope: Scope, row: Consumer, existing: t.Collection[str]) -> str:
    """Return the file to write; empty when the program is not installed or the file must not be created."""
    if row.needs and not any(path in existing for path in row.needs):
        return ""
    paths = [scope.path(path) for path in row.paths]
    found = [path for path in paths if path in existing]
    if found or row.only_existing:
        return found[0] if found else ""
    creatable = [path for path in paths if directory_of(path) in existing]
    return (creatable or paths)[-1]


def directory_of(path: str) -> str:
    """Return the directory of a path in the platform's table."""
    return path.rpartition("/")[0]


def _consumer_file(
    scope: Scope, settings: Settings, row: Consumer, path: str, variables: t.Mapping[str, str]
) -> Target | None:
    """Return the target; None where the program has no use for these variables."""
    whole = row.form in ("whole", "constant")
    editor: Editor = WholeEditor(row.content)
    if row.form != "constant":
        try:
            lines = dialects.render(row.dialect, variables)
        except dialects.Unrepresentable as exc:
            raise MachineError(f"{path}: {exc}; leave {row.name} out of conda_proxy_environment_targets") from None
        if not lines:
            return None
        text = "".join(line + "\n" for line in [HEADER, *lines])
        block: dict[str, t.Any] = {"lines": lines, "top": row.form == "block_top"}
        if settings.takeover:
            block["takeover"] = _takeover(scope, path, variables)
        editor = WholeEditor(text) if whole else BlockEditor(block)
    mode, access = row.mode, "exact" if whole else "keep"
    if not scope.system and settings.secret and row.form != "constant":
        mode, access = 0o600, "exact" if whole else "private"
    return Target(
        "environment", path, editor, ("environment",), mode, access, row.check, row.activate, notice=row.notice
    )


def _netrc(settings: Settings, facts: Facts) -> Target:
    entries = [entry._asdict() for entry in settings.netrc]
    editor = NetrcEditor({"entries": entries, "escapes": facts.netrc_escapes})
    return Target("netrc", facts.netrc_path, editor, ("netrc",), 0o600, "private", follow=False)
