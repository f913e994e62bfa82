# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the proxies and their credentials, and write them as the condarc and the environment want them."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import (
    Credentials,
    Proxy,
    check_credentials,
    parse_proxy,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls


class Proxies(t.NamedTuple):
    """The proxies, and what authenticates to both."""

    http: Proxy
    https: Proxy | None = None  # None: as http
    credentials: Credentials | None = None
    apart: bool = False  # the credentials were in options of their own, not in a URL

    def url(self, scheme: str, for_conda: bool) -> str:
        """Return the proxy's URL for URLs of `scheme`, with credentials as conda or as all others decode them."""
        proxy = self.https if scheme == "https" and self.https else self.http
        return proxy.url(self.credentials, for_conda)

    def hosts(self) -> set[str]:
        """Return the hosts of the proxies, in lower case and without brackets."""
        return {proxy.host.strip("[]").lower() for proxy in (self.http, self.https) if proxy}


def parse_proxies(options: Options) -> Proxies | None:
    """Return the proxies, or None where there are none. Raises InvalidSettingError."""
    if not options["http"]:
        for name in ("https", "username", "password"):
            if options[name]:
                raise InvalidSettingError(
                    name,
                    "is set without {http} (if only one of them is set, conda mixes condarc and environment)",
                    "set {http} too",
                )
        return None
    http, in_http = parse_proxy("http", options["http"], options["tls_to_proxy"])
    https, in_https = None, None
    if options["https"]:
        https, in_https = parse_proxy("https", options["https"], options["tls_to_proxy"])
    apart = _parse_apart(options)
    if apart:
        if in_http or in_https:
            raise InvalidSettingError(
                "http" if in_http else "https",
                "holds credentials, and {username} is set as well",
                "leave them out of the URL",
            )
        check_credentials(apart, "username", "password")
        return Proxies(http, https, apart, apart=True)
    for option, credentials in (("http", in_http), ("https", in_https)):
        if credentials:
            check_credentials(credentials, option, option)
    if https and in_http != in_https:
        raise InvalidSettingError(
            "https", "does not contain the same credentials as {http}", "set {username} and {password} once"
        )
    return Proxies(http, https, in_http)


def _parse_apart(options: Options) -> Credentials | None:
    if options["password"] is not None and not options["username"]:
        raise InvalidSettingError("password", "is set without {username}", "set both")
    return Credentials(options["username"], options["password"]) if options["username"] else None


def proxy_servers(proxies: Proxies, no_proxy: NoProxy, hosts: t.Iterable[str]) -> dict[str, str]:
    """Return conda's `proxy_servers`: the scheme keys, and keys for each of `hosts`, which are those of the channels.

    A key for a host also beats the environment, for every kind of request.
    """
    servers = {scheme: proxies.url(scheme, for_conda=True) for scheme in ("http", "https")}
    exempt = no_proxy.exact_hosts()
    for host in [*hosts, *exempt]:
        direct = host in exempt or no_proxy.covers(host)
        for scheme in ("http", "https"):
            servers[f"{scheme}://{host}"] = "" if direct else servers[scheme]
    return servers


def environment_variables(proxies: Proxies | None, no_proxy: NoProxy, tls: Tls) -> dict[str, str]:
    """Return the environment variables, in lower and upper case: curl reads http_proxy only in lower case."""
    variables: dict[str, str] = {}
    if proxies:
        values = {scheme + "_proxy": proxies.url(scheme, for_conda=False) for scheme in ("http", "https")}
        if no_proxy.entries:
            values["no_proxy"] = no_proxy.environment()
        for name, value in values.items():
            variables[name] = value
            variables[name.upper()] = value
    if tls.path:
        variables["REQUESTS_CA_BUNDLE"] = tls.path
    return variables
