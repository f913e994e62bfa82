# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is allowed and yet surprises: warnings about settings.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc_parser
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import PREFIX
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies

_ONLY_IN_CONDARC = ("channels", "channel_alias", "ssl_verify", "lock", "extra", "remote_max_retries")


def advise(
    options: Options,
    sections: t.Collection[str],
    proxies: Proxies | None,
    no_proxy: NoProxy,
    ssl_verify: t.Any,
    netrc: t.Sequence[NetrcEntry],
) -> list[str]:
    """All warnings about settings that passed the checks."""
    notes = _about_proxies(options, sections, proxies, no_proxy) if proxies else []
    notes += _about_tls(ssl_verify, proxies)
    if not proxies and "environment" in sections and not options["ca_bundle"] and not options["ca_bundle_src"]:
        notes.append("conda_proxy_http is not set, so the environment section has nothing to write")
    notes += _about_sections(options, sections)
    return notes + _about_netrc(netrc)


def _about_proxies(options: Options, sections: t.Collection[str], proxies: Proxies, no_proxy: NoProxy) -> list[str]:
    notes = no_proxy.warnings() if "condarc" in sections else []
    for scheme in ("http", "https") if options["https"] else ("http",):
        if getattr(proxies, scheme).port is None:
            notes.append(f"{PREFIX}{scheme} has no port: 80 is meant (443 with https://), hardly ever a proxy's")
    both = {"condarc", "environment"} <= set(sections)
    if proxies.credentials and not proxies.credentials.ascii and not both:
        notes.append(
            "conda_proxy_username or conda_proxy_password has characters outside ASCII, which conda and other programs "
            "encode differently: only with both sections, condarc and environment, does each get its own form"
        )
    return notes


def _about_tls(ssl_verify: t.Any, proxies: Proxies | None) -> list[str]:
    notes = []
    if ssl_verify == "truststore" and proxies:
        notes.append(
            "conda_proxy_ssl_verify: truststore is ignored through a proxy before conda 26.7; "
            "conda_proxy_ca_bundle_src works on every version"
        )
    if ssl_verify is False:
        notes.append(
            "conda_proxy_ssl_verify: false lets anybody on the way change packages; "
            "conda_proxy_ca_bundle_src makes an intercepting proxy trusted"
        )
    return notes


def _about_sections(options: Options, sections: t.Collection[str]) -> list[str]:
    notes = []
    carried = [PREFIX + name for name in _ONLY_IN_CONDARC if options[name]]
    if carried and "condarc" not in sections and "environment" in sections:
        notes.append(f"conda_proxy_sections does not name condarc, which alone carries {', '.join(carried)}")
    if options["environment_targets"] and "environment" not in sections:
        notes.append("conda_proxy_environment_targets is set, and conda_proxy_sections does not name environment")
    if options["netrc"] and "netrc" not in sections:
        notes.append("conda_proxy_netrc is set, and conda_proxy_sections does not name netrc: nothing is written of it")
    return notes


def _about_netrc(entries: t.Sequence[NetrcEntry]) -> list[str]:
    return [
        f"conda_proxy_netrc entry {number} has characters that only Python 3.11 and newer can read from a netrc; "
        "hosts whose conda has an older or unknown Python refuse it"
        for number, entry in enumerate(entries, 1)
        if not all(netrc_parser.portable(text) for text in (entry.login, entry.password))
    ]
