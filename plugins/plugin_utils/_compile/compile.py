# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Compile settings: parse, cross-check, render, warn. Pure, on the control node, before any connection."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels, parse_channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import parse_condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import Document, build_document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.environment_targets import (
    parse_environment_targets,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.exposure import (
    check_exposure,
    check_private_condarc,
    check_variable,
    option_with_secret,
    parse_exposure,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.fragment import (
    Fragment,
    parse_fragment,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.netrc_entries import NetrcEntries, parse_netrc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import parse_no_proxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import (
    Proxies,
    environment_variables,
    parse_proxies,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import Scope, parse_scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import parse_tls
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import (
    check_netrc,
    check_sizes,
    check_something,
    check_windows,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.verification import parse_verification
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.warnings import advise

Render = t.Callable[[Document], str]


class Compiled(t.NamedTuple):
    """What goes to the machine, and what the user should know."""

    settings: Settings
    warnings: list[str]


def compile_settings(options: Options, render: Render, pem: str | None = None, windows: bool = False) -> Compiled:
    """Return what the machine needs of the validated `options`. Raises InvalidSettingError.

    `render` makes the text of the condarc; `pem` is the text of `ca_bundle_src`.
    """
    scope = parse_scope(options, windows)
    if not scope.present:
        return Compiled(_removal(scope, options["prefix"] or ""), [])
    proxies = parse_proxies(options)
    no_proxy = parse_no_proxy(options)
    channels = parse_channels(options)
    condarc = parse_condarc(options, scope, windows)
    tls = parse_tls(options, pem)
    netrc = parse_netrc(options)
    environment_targets = parse_environment_targets(options)
    verification = parse_verification(options)
    exposure_allowed = parse_exposure(options)

    if windows:
        check_windows(scope, tls, environment_targets, verification)
    if scope.manages("netrc"):
        check_netrc(netrc, proxies)
    check_variable(scope, proxies, tls)

    document = build_document(channels, tls, condarc, proxies, no_proxy)
    fragment: Fragment = ()
    if scope.manages("condarc") and document:
        source = "condarc_template" if options["condarc_template"] else "extra"  # our own template has no other text
        fragment = parse_fragment(render(document), condarc.extra, source)
    # without sections, what consumers have is compared with it
    wanted = scope.manages("environment") or not scope.sections
    variables = environment_variables(proxies, no_proxy, tls) if wanted else {}
    check_sizes(variables)
    check_something(scope, fragment, variables, tls, netrc)
    secret = option_with_secret(proxies, channels, condarc, fragment)
    check_exposure(scope, secret, exposure_allowed)
    if windows:
        check_private_condarc(scope, condarc, secret, exposure_allowed)

    written = document if scope.manages("condarc") or not scope.sections else {}
    entries = netrc if scope.manages("netrc") else NetrcEntries()
    settings = Settings(
        state=scope.state,
        scope=scope.scope,
        users=scope.users,
        home=scope.home,
        sections=scope.sections,
        prefix=verification.prefix,
        # without sections verification is all that is requested
        verify="rollback" if verification.mode == "none" and not scope.sections else verification.mode,
        proof=verification.proof._replace(logins=netrc.machines, without_conda=_without_conda(channels, written)),
        condarc_path=condarc.path or None,
        fragment=fragment,
        variables=variables,
        environment_targets=environment_targets,
        takeover=options["takeover"],
        ca_bundle=tls.bundle,
        netrc=entries.entries,
        secret=bool(secret),
        exposed=exposure_allowed,
        secrets=_secrets(proxies, entries),
    )
    warnings = advise(
        scope,
        proxies=proxies,
        no_proxy=no_proxy,
        tls=tls,
        channels=channels,
        condarc=condarc,
        netrc=netrc,
        environment_targets=environment_targets,
    )
    return Compiled(settings, warnings)


def _removal(scope: Scope, prefix: str) -> Settings:
    """Return what removing needs: the state on the machine knows the rest."""
    return Settings(
        state=scope.state,
        scope=scope.scope,
        users=scope.users,
        home=scope.home,
        sections=scope.sections,
        prefix=prefix,
        verify="none",
    )


def _secrets(proxies: Proxies | None, netrc: NetrcEntries) -> tuple[str, ...]:
    """Return what to search for in text that other programs write."""
    found = [entry.password for entry in netrc.entries]
    if proxies and proxies.credentials and proxies.credentials.secret:
        found.append(str(proxies.credentials.password))
    return tuple(found)


def _without_conda(channels: Channels, written: Document) -> WithoutConda:
    """Return what Python alone verifies; `written` are the keys that this run writes into the condarc."""
    values = {key: setting.value for key, setting in written.items()}
    verify = values.get("ssl_verify")
    is_path = isinstance(verify, str) and verify != "truststore"
    return WithoutConda(
        channels=tuple(url for url in channels.urls() if url.startswith(("http://", "https://"))),
        proxy_servers=values.get("proxy_servers"),
        ca_bundle=verify if is_path else None,
    )
