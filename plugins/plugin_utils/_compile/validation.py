# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check values that must fit each other or the machine."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.netrc_entries import NetrcEntries, entry_error
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.verification import Verification

_MOST_BYTES = 32_000  # of one variable; written in small and in capital letters


def check_windows(scope: Scope, tls: Tls, environment_targets: t.Collection[str], verification: Verification) -> None:
    """Raise InvalidSettingError for what a Windows host cannot have."""
    paths = {"ca_bundle": tls.path, "ssl_verify": str(tls.verify), "prefix": verification.prefix}
    for name, path in paths.items():
        if path.startswith("/"):
            raise InvalidSettingError(
                name, "is a path without a drive, for a Windows host", "begin it with a drive, as in C:\\"
            )
    if environment_targets and scope.manages("environment") and "registry" not in environment_targets:
        raise InvalidSettingError(
            "environment_targets",
            "contains no target that exists on Windows",
            "add registry, or remove environment from {sections} for that host",
        )


def check_netrc(netrc: NetrcEntries, proxies: Proxies | None) -> None:
    """Raise InvalidSettingError for an entry that names a proxy."""
    hosts = proxies.hosts() if proxies else set()
    for number, machine in enumerate(netrc.machines, 1):
        if machine in hosts:
            raise entry_error(
                number,
                "is for the proxy, but netrc is never used to authenticate to a proxy",
                "set {username} and {password} instead",
            )


def check_something(
    scope: Scope, fragment: t.Collection[t.Any], variables: t.Collection[str], tls: Tls, netrc: NetrcEntries
) -> None:
    """Raise InvalidSettingError for settings that request nothing: a run would remove everything."""
    if not scope.sections or fragment or variables or tls.has_bundle or (scope.manages("netrc") and netrc.entries):
        return
    raise InvalidSettingError(
        "http",
        "is not set, and nothing else requests anything in {sections}, so all that is managed would be removed",
        "set {http} or another setting, look for a misspelt name, or remove with {state}: absent",
    )


def check_sizes(variables: t.Mapping[str, str]) -> None:
    """Raise InvalidSettingError for variables with which no program could be started any more.

    Linux takes 128 KiB for one variable (MAX_ARG_STRLEN, execve(2)), macOS 1 MiB for all and the arguments (ARG_MAX,
    getconf(1)), Windows 32,767 characters for one (lpValue of SetEnvironmentVariable).
    """
    # credentials and paths have bounds of their own
    if len(variables.get("no_proxy", "")) > _MOST_BYTES:
        raise InvalidSettingError(
            "no_proxy",
            f"makes a variable of the environment longer than {_MOST_BYTES} bytes, and programs would fail to start",
            "use a .domain or a network in place of many hosts",
        )
