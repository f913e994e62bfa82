# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Warn of settings that are allowed and yet surprise.

Only conda_proxy warns, so a warning names the role's variables.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc_parser
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import Condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import PREFIX
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.netrc_entries import NetrcEntries
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls


def advise(
    scope: Scope,
    *,
    proxies: Proxies | None,
    no_proxy: NoProxy,
    tls: Tls,
    channels: Channels,
    condarc: Condarc,
    netrc: NetrcEntries,
    environment_targets: t.Collection[str],
) -> list[str]:
    """Return all warnings about settings that passed the checks."""
    if not scope.sections:
        return []  # nothing is written
    notes = _about_proxies(scope, proxies, no_proxy) if proxies else []
    notes += _about_tls(tls, proxies)
    if not proxies and scope.manages("environment") and not tls.has_bundle:
        notes.append("conda_proxy_http is not set, so the environment section has nothing to write")
    notes += _about_condarc(scope, tls, channels, condarc)
    if environment_targets and not scope.manages("environment"):
        notes.append(
            "conda_proxy_environment_targets is set but has no effect: add environment to conda_proxy_sections"
        )
    return notes + _about_netrc(scope, netrc)


def _about_proxies(scope: Scope, proxies: Proxies, no_proxy: NoProxy) -> list[str]:
    notes = no_proxy.warnings(scope.manages("condarc"))
    for scheme, proxy in (("http", proxies.http), ("https", proxies.https)):
        if proxy and proxy.port is None:
            notes.append(
                f"{PREFIX}{scheme} has no port, so 80 is used (443 with https://), which is rarely a proxy's port; "
                f"add the port"
            )
    if proxies.credentials and not proxies.credentials.ascii and not scope.default_sections:
        notes.append(
            "conda_proxy_username or conda_proxy_password has characters outside ASCII, which conda and other programs "
            "encode differently: use both sections, condarc and environment, so that each gets the correct encoding"
        )
    return notes


def _about_tls(tls: Tls, proxies: Proxies | None) -> list[str]:
    notes = []
    if tls.verify == "truststore" and proxies:
        notes.append(
            "conda_proxy_ssl_verify: truststore is ignored by conda before 26.7 when a proxy is used; use "
            "conda_proxy_ca_bundle_src, which works with every version"
        )
    if tls.verify is False:
        notes.append(
            "conda_proxy_ssl_verify: false lets anyone on the network path change packages; use "
            "conda_proxy_ca_bundle_src to trust an intercepting proxy"
        )
    return notes


def _about_condarc(scope: Scope, tls: Tls, channels: Channels, condarc: Condarc) -> list[str]:
    only_there = {
        "channels": channels.channels,
        "channel_alias": channels.channel_alias,
        "ssl_verify": tls.verify is not None,
        "lock": condarc.lock,
        "extra": condarc.extra,
        "remote_max_retries": condarc.numbers.get("remote_max_retries"),
    }
    carried = [PREFIX + name for name, value in only_there.items() if value]
    if carried and not scope.manages("condarc") and scope.manages("environment"):
        return [f"conda_proxy_sections does not contain condarc, the only section that writes {', '.join(carried)}"]
    return []


def _about_netrc(scope: Scope, netrc: NetrcEntries) -> list[str]:
    if not scope.manages("netrc") and scope.system and scope.users:
        return []  # another host, or another play, writes them for these users; here they are only verified
    if not scope.manages("netrc"):
        note = "conda_proxy_netrc is set but is not written: add netrc to conda_proxy_sections"
        return [note] if netrc.entries else []
    return [
        f"conda_proxy_netrc entry {number} has characters that only Python 3.11 and newer can read from a netrc; "
        "hosts whose conda has an older or unknown Python refuse it"
        for number, entry in enumerate(netrc.entries, 1)
        if not all(netrc_parser.portable(text) for text in (entry.login, entry.password))
    ]
