# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Refuse to write a secret where others can read it."""

from __future__ import annotations

import re

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import Condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.fragment import Fragment
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.json_values import texts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxy_url import is_variable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import Scope
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls

_USERINFO = re.compile(r"://([^/@\s]+)@")
_TOKEN = re.compile(r"/t/([^/\s\"']+)")


def parse_exposure(options: Options) -> bool:
    """Return whether others may read a password."""
    return bool(options["password_exposure"] == "allow")  # noqa: S105  # a choice, no password


def holds_secret(text: str, proxy: bool = False) -> bool:
    """Return whether a URL in `text` has a password or a token. What is exactly `${NAME}` is none.

    A user name without a password is a token in a channel's URL, and only a name in the URL of a `proxy`.
    """
    secrets = _TOKEN.findall(text)
    for userinfo in _USERINFO.findall(text):
        username, _colon, password = userinfo.partition(":")
        secrets.append(password or ("" if proxy else username))
    return any(secret and not is_variable(secret) for secret in secrets)


def option_with_secret(proxies: Proxies | None, channels: Channels, condarc: Condarc, fragment: Fragment) -> str | None:
    """Return the first option that puts a password or token into the condarc or the environment.

    `fragment` is what the template made, as a template of the user's own may hold one too.
    """
    if proxies and proxies.credentials and proxies.credentials.secret:
        return "password" if proxies.apart else "http"
    for name, value in (*channels._asdict().items(), ("extra", condarc.extra)):
        if any(holds_secret(text) for text in texts(value)):
            return name
    if any(holds_secret(text, proxy=key == "proxy_servers") for key, text in fragment):
        return "condarc_template"
    return None


def check_exposure(scope: Scope, secret: str | None, allowed: bool) -> None:
    """Raise InvalidSettingError for a secret that every user of the machine can read. `secret`: its option."""
    if not secret or allowed or not scope.system or not scope.manages("condarc", "environment"):
        return
    others = "a proxy that authenticates by address or a local helper proxy"
    if secret not in ("password", "http"):
        others = "{netrc} for a channel's login"
    raise InvalidSettingError(
        secret,
        "puts a password or token into files that every user of the machine can read (system scope requires this)",
        f"use {{scope}}: user, '${{NAME}}', {others}, or accept it with {{password_exposure}}: allow",
    )


def check_private_condarc(scope: Scope, condarc: Condarc, secret: str | None, allowed: bool) -> None:
    """Raise InvalidSettingError for a secret outside of a profile: on Windows a file has its directory's "
    "permissions."""
    outside = condarc.path and not scope.system and not condarc.path.startswith("~")
    if outside and secret and not allowed:
        raise InvalidSettingError(
            "condarc_path",
            "is outside the user profile on a Windows host, where other users can read a password in the file",
            "begin it with ~/, or accept it with {password_exposure}: allow",
        )


def check_variable(scope: Scope, proxies: Proxies | None, tls: Tls) -> None:
    """Raise InvalidSettingError for a `${NAME}` in the environment: only conda expands it."""
    option = proxies.credentials.variable if proxies and proxies.credentials else ""
    option = option or ("ca_bundle" if tls.path.startswith("${") else "")
    if option and scope.manages("environment"):
        raise InvalidSettingError(
            option,
            "has a variable that only conda expands, and the environment section would write it as literal text",
            "set {sections}: [condarc]",
        )
