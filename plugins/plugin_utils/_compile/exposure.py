# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a secret may be read by others.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import CHANNEL_LISTS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import is_variable

_USERINFO = re.compile(r"://([^/@\s]+)@")
_TOKEN = re.compile(r"/t/([^/\s\"']+)")


def holds_secret(text: str, proxy: bool = False) -> bool:
    """Is there a URL in C(text) with a password or a token? What is exactly C(${NAME}) is none.

    A user name without a password is a token in a channel's URL, and only a name in the URL of a C(proxy).
    """
    secrets = _TOKEN.findall(text)
    for userinfo in _USERINFO.findall(text):
        username, _colon, password = userinfo.partition(":")
        secrets.append(password or ("" if proxy else username))
    return any(secret and not is_variable(secret) for secret in secrets)


def check_private_condarc(options: Options, secret: bool) -> None:
    """On Windows a file has the permissions of its folder."""
    path = options["condarc_path"]
    outside = path and options["scope"] == "user" and not path.startswith("~")
    if outside and secret and options["password_exposure"] == "refuse":  # noqa: S105  # a choice, no password
        raise Refused(
            "condarc_path",
            "lies outside of the profile of a Windows host, where others can read a password in it",
            "begin it with ~/, or accept it with conda_proxy_password_exposure: allow",
        )


def option_with_secret(options: Options, proxies: Proxies | None, fragment: t.Iterable[t.Sequence[str]]) -> str | None:
    """The first option that puts a password or token into the condarc or the environment.

    C(fragment): the condarc's keys and texts, as a template of the user's own may hold one too.
    """
    if proxies and proxies.credentials and proxies.credentials.secret:
        return "password" if options["username"] else "http"
    for name in (*CHANNEL_LISTS, "channel_alias", "custom_channels", "extra"):
        if any(holds_secret(text) for text in _texts(options[name])):
            return name
    if any(holds_secret(text, proxy=key == "proxy_servers") for key, text in fragment):
        return "condarc_template"
    return None


def _texts(value: t.Any) -> t.Iterator[str]:
    """Every text in a value of the inventory, at any depth."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def check_exposure(options: Options, sections: t.Collection[str], proxies: Proxies | None, secret: str | None) -> None:
    """A password where every user of the machine could read it. C(secret): the option that holds it."""
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
        and options["password_exposure"] == "refuse"  # noqa: S105  # a choice, no password
    ):
        others = "a proxy that authenticates by address or a local helper proxy"
        if secret not in ("password", "http"):
            others = "conda_proxy_netrc for a channel's login"
        raise Refused(
            secret,
            "puts a password or token into files that every user of the machine can read, which system scope needs",
            f"use conda_proxy_scope: user, '${{NAME}}', {others}, "
            "or accept it with conda_proxy_password_exposure: allow",
        )
