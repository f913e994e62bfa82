# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxies and their credentials.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import (
    Credentials,
    check_credentials,
    parse_proxy,
)

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
    from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import Proxy


class Proxies(t.NamedTuple):
    """The proxies of the settings; C(https) may be the same as C(http)."""

    http: Proxy
    https: Proxy
    credentials: Credentials | None

    def url(self, scheme: str, for_conda: bool) -> str:
        return (self.https if scheme == "https" else self.http).url(self.credentials, for_conda)


def parse_proxies(options: Options) -> Proxies | None:
    if not options["http"]:
        for name in ("https", "username", "password"):
            if options[name]:
                raise Refused(
                    name,
                    "is set without conda_proxy_http (with one of two proxies set, conda mixes them)",
                    "set conda_proxy_http too",
                )
        return None
    found: list[tuple[str, Credentials]] = []
    parsed = {}
    for scheme in ("http", "https"):
        option = scheme if options[scheme] else "http"
        parsed[scheme], credentials = parse_proxy(option, options[option], options["tls_to_proxy"])
        if credentials and options[scheme]:
            found.append((option, credentials))
    if options["password"] is not None and not options["username"]:
        raise Refused("password", "is set without conda_proxy_username", "set both")
    if options["username"]:
        if found:
            raise Refused(
                found[0][0], "holds credentials, and conda_proxy_username is set as well", "leave them out of the URL"
            )
        found.append(("username", Credentials(options["username"], options["password"])))
    for option, credentials in found:
        check_credentials(credentials, option, "password" if option == "username" else option)
    if len({credentials for _option, credentials in found}) > 1 or (
        len(found) == 1 and found[0][0] != "username" and options["https"]
    ):
        raise Refused(
            "https",
            "does not carry the same credentials as conda_proxy_http",
            "set conda_proxy_username and conda_proxy_password once",
        )
    return Proxies(parsed["http"], parsed["https"], found[0][1] if found else None)


def environment_variables(options: Options, proxies: Proxies | None, no_proxy: NoProxy) -> dict[str, str]:
    """Lower case and upper case: curl reads http_proxy only in lower case, others only the upper."""
    variables: dict[str, str] = {}
    if proxies:
        values = {scheme + "_proxy": proxies.url(scheme, for_conda=False) for scheme in ("http", "https")}
        if no_proxy.entries:
            values["no_proxy"] = no_proxy.environment()
        for name, value in values.items():
            variables[name] = value
            variables[name.upper()] = value
    if options["ca_bundle"]:
        variables["REQUESTS_CA_BUNDLE"] = options["ca_bundle"]
    return variables
