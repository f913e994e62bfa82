# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile settings: refuse, warn, encode, render. Pure, on the control node, before any connection.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import ntpath
import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH
from ansible_collections.condafleet.proxy.plugins.plugin_utils import _condarc_document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._advice import advise
from ansible_collections.condafleet.proxy.plugins.plugin_utils._channels import channel_urls
from ansible_collections.condafleet.proxy.plugins.plugin_utils._checks import (
    check_channel_options,
    check_dialects,
    check_exposure,
    check_netrc,
    check_paths,
    check_private_condarc,
    check_scope,
    check_windows,
    option_with_secret,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._condarc_document import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._options import OPTIONS, SECTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._proxy_url import (
    Credentials,
    check_credentials,
    is_variable,
    parse_proxy,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._refused import Refused

Settings = t.Mapping[str, t.Any]
# What conda_connectivity can try, under the same names.
CANDIDATE = ("http", "https", "username", "password", "no_proxy", "tls_to_proxy", "ca_bundle", "ca_bundle_src")
Render = t.Callable[[t.Dict[str, t.Any]], str]
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Compiled(t.NamedTuple):
    """What goes to the machine, and what the user should know. C(settings) holds secrets."""

    settings: dict[str, t.Any]
    warnings: list[str]


def compile_settings(
    options: Settings, render: Render, ca_bundle: str | None = None, windows: bool = False
) -> Compiled:
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
    proxies = _proxies(options)
    no_proxy = NoProxy(options["no_proxy"])
    check_channel_options(options)
    check_paths(options, windows)
    ssl_verify = _ssl_verify(options, ca_bundle)
    netrc = check_netrc(options["netrc"], proxies) if "netrc" in sections else []
    condarc = _condarc_document.document(options, proxies, no_proxy, ssl_verify)
    fragment = _condarc_document.check(render(condarc), options) if "condarc" in sections and condarc else []
    secret = option_with_secret(options, proxies, fragment)
    check_exposure(options, sections, proxies, secret)
    if windows:
        check_private_condarc(options, bool(secret))
    normal = ntpath.normpath if windows else os.path.normpath
    variables = _variables(options, proxies, no_proxy) if "environment" in sections else {}
    check_dialects(variables)
    settings = dict(
        _absent(options, sections),
        state="present",
        condarc={
            "path": normal(options["condarc_path"]) if options["condarc_path"] else None,
            "fragment": fragment,
        },
        environment={"variables": variables, "targets": options["environment_targets"]},
        ca_bundle={"pem": ca_bundle, "roots": None} if ca_bundle else None,
        netrc=netrc,
        secret=bool(secret),
        secrets=_secrets(proxies, netrc),
        verify=_verify(options, sections),
        proof=_proof(options, condarc if "condarc" in sections or not sections else None),
    )
    # where nothing is written there is nothing to say about it
    notes = advise(options, sections, proxies, no_proxy, ssl_verify, netrc) if sections else []
    return Compiled(settings, notes)


def compile_candidate(options: Settings, ca_bundle: str | None = None) -> dict[str, t.Any] | None:
    """What C(conda_connectivity) tries without writing it: the same checks and encodings. Raises Refused.

    None where no candidate is given: proxy settings without an address and a CA ask for nothing.
    """
    if not any(options[name] for name in ("http", "https", "username", "password", "ca_bundle", "ca_bundle_src")):
        return None
    settings: dict[str, t.Any] = {name: option.get("default") for name, option in OPTIONS.items()}
    settings.update({name: options[name] for name in CANDIDATE}, channels=options["channels"] or [])
    proxies = _proxies(settings)
    no_proxy = NoProxy(settings["no_proxy"])
    check_channel_options(settings)
    ssl_verify = _ssl_verify(settings, ca_bundle)
    content = _condarc_document.document(settings, proxies, no_proxy, ssl_verify)
    credentials = proxies.credentials if proxies else None
    only_conda = credentials and any(is_variable(part or "") for part in credentials)
    variables = _variables(settings, None if only_conda else proxies, no_proxy)
    check_dialects(variables)
    return {
        "proxy_servers": content["proxy_servers"]["value"] if proxies else None,
        "variables": variables,
        "ssl_verify": settings["ca_bundle"],
        "ca_bundle": {"pem": ca_bundle, "roots": None} if ca_bundle else None,
        "bundle": None,
    }


def _absent(options: Settings, sections: list[str]) -> dict[str, t.Any]:
    """Taking back needs no settings: the state on the machine knows."""
    return {
        "schema_version": 1,
        "state": "absent",
        "scope": options["scope"],
        "users": options["users"],
        "home": os.path.normpath(options["home"]) if options["home"] else "",
        "sections": sections,
        "prefix": options["prefix"] or "",
        "condarc": {"path": None, "fragment": []},
        "environment": {"variables": {}, "targets": []},
        "ca_bundle": None,
        "netrc": [],
        "secret": False,
        "secrets": [],
        "verify": "none",
        "proof": {},
    }


def _proxies(options: Settings) -> Proxies | None:
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


def _ssl_verify(options: Settings, ca_bundle: str | None) -> t.Any:
    """The value for the condarc: a bool, C(truststore), a path, or None when it is not managed."""
    text = options["ssl_verify"]
    if options["ca_bundle_src"] and options["ca_bundle"]:
        raise Refused(
            "ca_bundle",
            "and conda_proxy_ca_bundle_src are both set",
            "keep the one that says where the bundle comes from",
        )
    if ca_bundle is not None and not _CERTIFICATE.search(ca_bundle):
        raise Refused(
            "ca_bundle_src", "names a file without a PEM certificate", "give a file with -----BEGIN CERTIFICATE-----"
        )
    if ca_bundle is not None and "PRIVATE KEY" in ca_bundle:
        raise Refused(
            "ca_bundle_src",
            "names a file that holds a private key, which would go to every machine",
            "give the certificates alone",
        )
    bundle = options["ca_bundle"]
    if bundle and not re.match(r"/|[A-Za-z]:[\\/]|\$\{", bundle):
        raise Refused(
            "ca_bundle",
            "is not an absolute path on the machine",
            "use conda_proxy_ca_bundle_src for a file of the control node",
        )
    if options["ca_bundle_src"]:
        bundle = CA_BUNDLE_PATH
    if text is None:
        return bundle
    if bundle:
        raise Refused(
            "ssl_verify",
            "and a CA bundle are both set, and REQUESTS_CA_BUNDLE would win over it",
            "leave conda_proxy_ssl_verify out",
        )
    if text.lower() in ("true", "yes", "false", "no"):
        return text.lower() in ("true", "yes")
    if text != "truststore" and not re.match(r"/|[A-Za-z]:[\\/]|\$\{", text):
        raise Refused("ssl_verify", "is neither true, false, truststore nor an absolute path", "choose one of them")
    return text


def _variables(options: Settings, proxies: Proxies | None, no_proxy: NoProxy) -> dict[str, str]:
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


def _secrets(proxies: Proxies | None, netrc: t.Sequence[t.Mapping[str, str]]) -> list[str]:
    """What to search for in text that other programs write."""
    found = [entry["password"] for entry in netrc]
    if proxies and proxies.credentials and proxies.credentials.secret:
        found.append(str(proxies.credentials.password))
    return found


def _verify(options: Settings, sections: t.Sequence[str]) -> str:
    """Without sections the proof is all that is asked for."""
    return "rollback" if options["verify"] == "none" and not sections else str(options["verify"])


def _proof(options: Settings, condarc: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """C(bare): what Python alone looks at where there is no conda, once C(condarc) is written."""
    written = {name: setting["value"] for name, setting in (condarc or {}).items()}
    verify = written.get("ssl_verify")
    is_path = isinstance(verify, str) and verify != "truststore"
    bare = {
        "channels": [url for url in channel_urls(options) if url.startswith(("http://", "https://"))],
        "proxies": written.get("proxy_servers"),
        "ca_bundle": verify if is_path else None,
    }
    logins = [str(entry.get("machine", "")).lower() for entry in options["netrc"] if isinstance(entry, dict)]
    return {"deadline": options["verify_deadline"], "bare": bare, "logins": logins}
