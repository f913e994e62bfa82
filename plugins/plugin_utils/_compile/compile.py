# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile settings: refuse, warn, encode, render. Pure, on the control node, before any connection.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import ntpath
import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import (
    CaBundle,
    NetrcEntry,
    ProofOptions,
    Settings,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile import condarc as _condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import SECTIONS, Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import channel_urls
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.exposure import (
    check_exposure,
    check_private_condarc,
    option_with_secret,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.netrc_entries import check_netrc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import (
    Proxies,
    environment_variables,
    parse_proxies,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import parse_ssl_verify
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import (
    check_channel_options,
    check_dialects,
    check_paths,
    check_scope,
    check_windows,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.warnings import advise

Render = t.Callable[[t.Dict[str, t.Any]], str]


class Compiled(t.NamedTuple):
    """What goes to the machine, and what the user should know."""

    settings: Settings
    warnings: list[str]


def compile_settings(options: Options, render: Render, ca_bundle: str | None = None, windows: bool = False) -> Compiled:
    """Turn validated options into what the machine needs. Raises Refused.

    C(render) makes text of the mapping C(condarc); C(ca_bundle) is the text of C(ca_bundle_src).
    """
    sections = list(dict.fromkeys(options["sections"]))
    if windows:
        check_windows(options, sections)
    check_scope(options, sections)
    if options["state"] == "absent":
        if {"condarc", "environment"} <= set(sections):
            sections = list(SECTIONS)  # the default sections mean all there is
        return Compiled(_absent(options, sections), [])
    proxies = parse_proxies(options)
    no_proxy = NoProxy(options["no_proxy"])
    check_channel_options(options)
    check_paths(options, windows)
    ssl_verify = parse_ssl_verify(options, ca_bundle)
    netrc = check_netrc(options["netrc"], proxies) if "netrc" in sections else ()
    condarc = _condarc.document(options, proxies, no_proxy, ssl_verify)
    fragment = _condarc.check(render(condarc), options) if "condarc" in sections and condarc else []
    secret = option_with_secret(options, proxies, fragment)
    check_exposure(options, sections, proxies, secret)
    if windows:
        check_private_condarc(options, bool(secret))
    normal = ntpath.normpath if windows else os.path.normpath
    variables = environment_variables(options, proxies, no_proxy) if "environment" in sections else {}
    check_dialects(variables)
    settings = _absent(options, sections)._replace(
        state="present",
        condarc_path=normal(options["condarc_path"]) if options["condarc_path"] else None,
        fragment=tuple((key, text) for key, text in fragment),
        variables=variables,
        environment_targets=tuple(options["environment_targets"]),
        ca_bundle=CaBundle(ca_bundle) if ca_bundle else None,
        netrc=netrc,
        secret=bool(secret),
        secrets=_secrets(proxies, netrc),
        verify=_verify(options, sections),
        proof=_proof(options, condarc if "condarc" in sections or not sections else None),
    )
    # where nothing is written there is nothing to say about it
    notes = advise(options, sections, proxies, no_proxy, ssl_verify, netrc) if sections else []
    return Compiled(settings, notes)


def _absent(options: Options, sections: t.Sequence[str]) -> Settings:
    """Removing needs no settings: the state on the machine knows."""
    return Settings(
        state="absent",
        scope=options["scope"],
        users=tuple(options["users"]),
        home=os.path.normpath(options["home"]) if options["home"] else "",
        sections=tuple(sections),
        prefix=options["prefix"] or "",
        verify="none",
    )


def _secrets(proxies: Proxies | None, netrc: t.Sequence[NetrcEntry]) -> tuple[str, ...]:
    """What to search for in text that other programs write."""
    found = [entry.password for entry in netrc]
    if proxies and proxies.credentials and proxies.credentials.secret:
        found.append(str(proxies.credentials.password))
    return tuple(found)


def _verify(options: Options, sections: t.Sequence[str]) -> str:
    """Without sections the proof is all that is asked for."""
    return "rollback" if options["verify"] == "none" and not sections else str(options["verify"])


def _proof(options: Options, condarc: t.Mapping[str, t.Any] | None) -> ProofOptions:
    """`condarc`: its keys, where this run writes it; Python alone looks at what they say."""
    written = {name: setting["value"] for name, setting in (condarc or {}).items()}
    verify = written.get("ssl_verify")
    is_path = isinstance(verify, str) and verify != "truststore"
    return ProofOptions(
        deadline=options["verify_deadline"],
        logins=tuple(str(entry.get("machine", "")).lower() for entry in options["netrc"] if isinstance(entry, dict)),
        without_conda=WithoutConda(
            channels=tuple(url for url in channel_urls(options) if url.startswith(("http://", "https://"))),
            proxy_servers=written.get("proxy_servers"),
            ca_bundle=verify if is_path else None,
        ),
    )
