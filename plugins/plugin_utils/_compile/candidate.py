# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Compile settings that are tried and not written."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import parse_channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import parse_no_proxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import (
    environment_variables,
    parse_proxies,
    proxy_servers,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import BUNDLES, parse_tls

# What conda_connectivity can try, under the names that conda_proxy has.
CANDIDATE = ("http", "https", "username", "password", "no_proxy", "tls_to_proxy", *BUNDLES)
_EITHER = ("http", "https", "username", "password", *BUNDLES)


def compile_candidate(options: Options, pem: str | None = None) -> Candidate | None:
    """Return what conda_connectivity tries: checked and encoded as conda_proxy would write it.

    `options` are those of conda_connectivity, `pem` is the text of `ca_bundle_src`. None: there is no proxy and no CA
    bundle to try. Raises InvalidSettingError.
    """
    if not any(options[name] for name in _EITHER):
        return None
    proxies = parse_proxies(options)
    no_proxy = parse_no_proxy(options)
    channels = parse_channels(options)
    tls = parse_tls(options, pem)

    only_conda = proxies and proxies.credentials and proxies.credentials.variable
    variables = environment_variables(None if only_conda else proxies, no_proxy, tls)

    return Candidate(
        proxy_servers=proxy_servers(proxies, no_proxy, channels.hosts({})) if proxies else None,
        variables=variables,
        ssl_verify=tls.path or None,
        ca_bundle=tls.bundle,
    )
