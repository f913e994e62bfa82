# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile settings that are tried and not written.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Candidate
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile import condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS, Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import (
    environment_variables,
    parse_proxies,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import (
    is_variable,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import parse_ssl_verify
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import (
    check_channel_options,
    check_dialects,
)

# What conda_connectivity can try, under the same names.
CANDIDATE = ("http", "https", "username", "password", "no_proxy", "tls_to_proxy", "ca_bundle", "ca_bundle_src")


def compile_candidate(options: Options, ca_bundle: str | None = None) -> Candidate | None:
    """What C(conda_connectivity) tries without writing it: the same checks and encodings. Raises Refused.

    None where no candidate is given: proxy settings without an address and a CA ask for nothing.
    """
    if not any(options[name] for name in ("http", "https", "username", "password", "ca_bundle", "ca_bundle_src")):
        return None
    settings: dict[str, t.Any] = {name: option.get("default") for name, option in OPTIONS.items()}
    settings.update({name: options[name] for name in CANDIDATE}, channels=options["channels"] or [])
    proxies = parse_proxies(settings)
    no_proxy = NoProxy(settings["no_proxy"])
    check_channel_options(settings)
    ssl_verify = parse_ssl_verify(settings, ca_bundle)
    content = condarc.document(settings, proxies, no_proxy, ssl_verify)
    credentials = proxies.credentials if proxies else None
    only_conda = credentials and any(is_variable(part or "") for part in credentials)
    variables = environment_variables(settings, None if only_conda else proxies, no_proxy)
    check_dialects(variables)
    return Candidate(
        proxy_servers=content["proxy_servers"]["value"] if proxies else None,
        variables=variables,
        ssl_verify=settings["ca_bundle"],
        ca_bundle=CaBundle(ca_bundle) if ca_bundle else None,
    )
