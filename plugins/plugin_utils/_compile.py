# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile settings: refuse, warn, encode, render. Pure, on the control node, before any connection.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _dialects, _netrc
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import ENVIRONMENT_TARGETS
from ansible_collections.condafleet.proxy.plugins.plugin_utils import _condarc_document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._channels import check_channels, has_credentials
from ansible_collections.condafleet.proxy.plugins.plugin_utils._condarc_document import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._options import SECTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._proxy_url import (
    Credentials,
    check_credentials,
    is_variable,
    parse_proxy,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._refused import PREFIX, Refused

Settings = t.Mapping[str, t.Any]
Render = t.Callable[[t.Dict[str, t.Any]], str]
# The CA bundle that is deployed for one user, as the condarc names it: conda expands the variable.
_SYSTEM_CA_BUNDLE = "/etc/conda/condafleet-ca.pem"
_USER_CA_BUNDLE = "${HOME}/.conda/condafleet-ca.pem"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Compiled(t.NamedTuple):
    """What goes to the machine, and what the user should know. C(settings) holds secrets."""

    settings: dict[str, t.Any]
    warnings: list[str]


def compile_settings(options: Settings, render: Render, ca_bundle: str | None = None) -> Compiled:
    """Turn validated options into what the machine needs. Raises Refused.

    C(render) makes text of the mapping C(condarc); C(ca_bundle) is the text of C(ca_bundle_src).
    """
    sections = list(dict.fromkeys(options["sections"]))
    _check_scope(options, sections)
    if options["state"] == "absent":
        if {"condarc", "environment"} <= set(sections):
            sections = list(SECTIONS)  # the default sections mean all there is
        return Compiled(_absent(options, sections), [])
    proxies = _proxies(options)
    no_proxy = NoProxy(options["no_proxy"])
    _check_channel_options(options)
    _check_paths(options)
    ssl_verify = _ssl_verify(options, ca_bundle)
    netrc = check_netrc(options, proxies) if "netrc" in sections else []
    secret = bool(proxies and proxies.credentials and proxies.credentials.secret) or has_credentials(
        _all_channels(options)
    )
    _check_exposure(options, sections, proxies, secret)
    condarc = _condarc_document.document(options, proxies, no_proxy, ssl_verify)
    fragment = _condarc_document.check(render(condarc), options) if "condarc" in sections and condarc else []
    variables = _variables(options, proxies, no_proxy) if "environment" in sections else {}
    _check_dialects(variables)
    settings = dict(
        _absent(options, sections),
        state="present",
        condarc={"path": options["condarc_path"], "fragment": fragment},
        environment={"variables": variables, "targets": options["environment_targets"]},
        ca_bundle={"pem": ca_bundle, "roots": None} if ca_bundle else None,
        netrc=netrc,
        secret=secret,
        verify=options["verify"],
        proof=_proof(options, proxies),
    )
    return Compiled(settings, _warnings(options, sections, proxies, no_proxy, ssl_verify, netrc))


def _absent(options: Settings, sections: list[str]) -> dict[str, t.Any]:
    """Taking back needs no settings: the state on the machine knows."""
    return {
        "schema_version": 1,
        "state": "absent",
        "scope": options["scope"],
        "users": options["users"],
        "home": options["home"] or "",
        "sections": sections,
        "prefix": options["prefix"] or "",
        "condarc": {"path": None, "fragment": []},
        "environment": {"variables": {}, "targets": []},
        "ca_bundle": None,
        "netrc": [],
        "secret": False,
        "verify": "none",
        "proof": {},
    }


def _check_scope(options: Settings, sections: t.Collection[str]) -> None:
    present = options["state"] == "present"
    if options["home"] and (options["scope"] != "user" or options["users"]):
        raise Refused(
            "home",
            "is for the own scope of the connecting user only",
            "set conda_proxy_scope: user and leave conda_proxy_users empty",
        )
    if options["home"] and not options["home"].startswith("/"):
        raise Refused("home", "is not an absolute path", "begin it with /")
    if options["scope"] == "system" and options["users"] and "netrc" not in sections and present:
        raise Refused(
            "users",
            "is set, but system scope has users for the netrc section only",
            "set conda_proxy_scope: user, or name netrc in the sections",
        )
    if options["scope"] == "system" and "netrc" in sections and not options["users"] and present:
        raise Refused(
            "users",
            "is empty, and the netrc section writes into users' homes",
            "name the users, or set conda_proxy_scope: user",
        )
    for name in options["users"]:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.@\\-]*\$?", name):
            raise Refused(
                "users", "has an entry that is no user name", "name users as the machine's password database does"
            )


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


def _all_channels(options: Settings) -> list[str]:
    names = ("channels", "default_channels", "allowlist_channels", "denylist_channels")
    values = [value for name in names for value in options[name]]
    return [*values, *[str(value) for value in options["custom_channels"].values()], options["channel_alias"] or ""]


def _check_channel_options(options: Settings) -> None:
    for name in ("channels", "default_channels", "allowlist_channels", "denylist_channels"):
        check_channels(name, options[name])
    if options["channel_alias"]:
        check_channels("channel_alias", [options["channel_alias"]], must_be_url=True)
    check_channels("custom_channels", [str(value) for value in options["custom_channels"].values()], must_be_url=True)
    for name in ("remote_connect_timeout_secs", "remote_read_timeout_secs", "verify_deadline"):
        if options[name] is not None and options[name] <= 0:
            raise Refused(name, "is not more than 0", "give seconds")


def _check_paths(options: Settings) -> None:
    path = options["condarc_path"]
    if path:
        if not path.startswith(("/", "~/")) or re.search(r"[\x00-\x1f]", path):
            raise Refused("condarc_path", "is not an absolute path", "begin it with / (or ~/ in user scope)")
        if path.startswith("~/") and options["scope"] == "system":
            raise Refused(
                "condarc_path",
                "is in a home, but the scope is the system",
                "set conda_proxy_scope: user, or begin the path with /",
            )
        if not re.search(r"/(\.?condarc|[^/]*\.ya?ml)$", path):
            raise Refused(
                "condarc_path", "has a name that conda does not read", "end it in /.condarc, /condarc or .yml"
            )
    for name in options["environment_targets"]:
        if name not in ENVIRONMENT_TARGETS:
            raise Refused("environment_targets", "has an unknown name", "choose from " + ", ".join(ENVIRONMENT_TARGETS))


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
        bundle = _SYSTEM_CA_BUNDLE if options["scope"] == "system" else _USER_CA_BUNDLE
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


def check_netrc(options: Settings, proxies: Proxies | None) -> list[dict[str, str]]:
    """The netrc entries as strings. Raises Refused."""
    entries = options["netrc"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("netrc", "is not a list of mappings", "write a list of machine, login and password")
    hosts = set()
    if proxies:
        hosts = {proxies.http.host.strip("[]").lower(), proxies.https.host.strip("[]").lower()}
    seen = set()
    for number, entry in enumerate(entries, 1):
        where = f"entry {number} "
        if set(entry) != {"machine", "login", "password"} or not all(
            isinstance(value, str) and value for value in entry.values()
        ):
            raise Refused(
                "netrc",
                where + "does not have exactly machine, login and password as non-empty text",
                "quote numbers; remove other keys",
            )
        machine = entry["machine"].lower()
        if machine == "default":
            raise Refused(
                "netrc",
                where + "is a default entry, which would send its password to every channel",
                "name the channel's host",
            )
        if machine in hosts:
            raise Refused(
                "netrc",
                where + "names the proxy, and netrc never authenticates to a proxy",
                "set conda_proxy_username and conda_proxy_password instead",
            )
        if not re.fullmatch(r"[A-Za-z0-9._:-]+", machine) or re.search(r":\d+$", machine):
            raise Refused(
                "netrc",
                where + "has a machine that is not a host name (a port or a URL never matches)",
                "give the host name alone",
            )
        if machine in seen:
            raise Refused("netrc", where + "names a machine that stands above already", "keep one")
        seen.add(machine)
        for key in ("login", "password"):
            if re.search(r"[\x00-\x1f\x7f]", entry[key]):
                raise Refused("netrc", where + "has a line end or another control character in its " + key, "remove it")
            if not entry[key].isprintable() or any(ord(char) > 0xFF for char in entry[key]):
                raise Refused(
                    "netrc",
                    where + f"has a character outside Latin-1 in its {key}, which requests cannot send",
                    "change it",
                )
    return [dict(entry, machine=entry["machine"].lower()) for entry in entries]


def _check_exposure(options: Settings, sections: t.Collection[str], proxies: Proxies | None, secret: bool) -> None:
    if proxies and proxies.credentials and "environment" in sections:
        parts = (proxies.credentials.username, proxies.credentials.password or "")
        if any(is_variable(part) for part in parts):
            name = "password" if is_variable(parts[1]) else "username"
            raise Refused(
                name,
                "is a variable that only conda expands, and the environment section would write it as text",
                "set conda_proxy_sections: [condarc]",
            )
    if (
        secret
        and options["scope"] == "system"
        and {"condarc", "environment"} & set(sections)
        and options["password_exposure"] != "allow"
    ):
        raise Refused(
            "password",
            "(or one in a URL of a proxy or channel) would stand in files that every user of the machine can read, which system scope needs",
            "use conda_proxy_scope: user, '${NAME}', a proxy that authenticates by address or a local helper proxy, "
            "or accept it with conda_proxy_password_exposure: allow",
        )


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


def _check_dialects(variables: t.Mapping[str, str]) -> None:
    try:
        _dialects.render("sh", variables)
    except _dialects.Unrepresentable as exc:
        raise Refused(
            "no_proxy", f"or a path gives a variable that no environment file can hold ({exc})", "remove it"
        ) from None


def _proof(options: Settings, proxies: Proxies | None) -> dict[str, t.Any]:
    bare: dict[str, t.Any] = {}
    if proxies:
        bare["proxies"] = {scheme: proxies.url(scheme, for_conda=True) for scheme in ("http", "https")}
    if options["channels"]:
        bare["channels"] = options["channels"]
    return {"deadline": options["verify_deadline"], "bare": bare}


def _warnings(
    options: Settings,
    sections: t.Collection[str],
    proxies: Proxies | None,
    no_proxy: NoProxy,
    ssl_verify: t.Any,
    netrc: t.Sequence[t.Mapping[str, str]],
) -> list[str]:
    notes: list[str] = []
    both = {"condarc", "environment"} <= set(sections)
    if proxies:
        if "condarc" in sections:
            notes += no_proxy.warnings()
        for scheme in ("http", "https") if options["https"] else ("http",):
            if getattr(proxies, scheme).port is None:
                notes.append(
                    f"{PREFIX}{scheme} has no port: 80 is meant (443 with https://), hardly ever a proxy's"
                )
        if proxies.credentials and not proxies.credentials.ascii and not both:
            notes.append(
                "conda_proxy_username or conda_proxy_password has characters outside ASCII, which conda and other programs encode differently: "
                "only with both sections, condarc and environment, does each get its own form"
            )
    if ssl_verify == "truststore" and proxies:
        notes.append(
            "conda_proxy_ssl_verify: truststore is ignored through a proxy before conda 26.7; conda_proxy_ca_bundle_src works on every version"
        )
    if ssl_verify is False:
        notes.append(
            "conda_proxy_ssl_verify: false lets anybody on the way change packages; conda_proxy_ca_bundle_src makes an intercepting proxy trusted"
        )
    if "environment" in sections and "condarc" not in sections:
        carried = [
            name
            for name in ("channels", "channel_alias", "ssl_verify", "lock", "extra", "remote_max_retries")
            if options[name]
        ]
        if carried:
            notes.append(
                "{} only the condarc carries, and conda_proxy_sections does not name it".format(
                    ", ".join(PREFIX + name for name in carried)
                )
            )
    if "netrc" not in sections and options["netrc"]:
        notes.append("conda_proxy_netrc is set, and conda_proxy_sections does not name netrc: nothing is written of it")
    for number, entry in enumerate(netrc, 1):
        if not all(_netrc.portable(entry[key]) for key in ("login", "password")):
            notes.append(
                f"conda_proxy_netrc entry {number} has characters that only Python 3.11 and newer can read from a netrc; "
                "hosts whose conda has an older or unknown Python refuse it"
            )
    return notes
