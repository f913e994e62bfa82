# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts conda will ask, as far as the settings tell.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import DEFAULT_ALIAS, DEFAULT_CHANNEL
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused

# conda asks these when nothing is configured, and for what a user adds; so they are always managed
CHANNEL_LISTS = ("channels", "default_channels", "allowlist_channels", "denylist_channels")
ALWAYS = ("repo.anaconda.com", "conda.anaconda.org")


def check_channels(option: str, values: t.Iterable[str], must_be_url: bool = False) -> None:
    """Raises Refused for a channel that conda cannot use. Values are never shown: they may hold credentials."""
    for value in values:
        if not value or not value.isascii() or re.search(r"[\x00-\x20\x7f]", value):
            raise Refused(
                option,
                "has an entry that is empty or has a space, a control character or a character outside ASCII",
                "percent-encode it",
            )
        if "://" in value:
            try:
                parts = urlsplit(value)
                valid = (
                    parts.scheme in ("http", "https", "file", "ftp", "s3")
                    and (parts.hostname or parts.scheme == "file")
                    and parts.port != 0
                )
            except ValueError:
                valid = False
            if not valid:
                raise Refused(option, "has an entry that cannot be parsed as a URL", "write it as https://host/path")
        elif must_be_url:
            raise Refused(option, "must be a URL", "write it as https://host/path")


def channel_hosts(settings: t.Mapping[str, t.Any]) -> list[str]:
    """The hosts of all channels in the settings, without brackets, each once."""
    alias = settings["channel_alias"] or DEFAULT_ALIAS
    custom: t.Mapping[str, str] = settings["custom_channels"] or {}
    urls = [alias, *custom.values()]
    urls += [*settings["channels"], *settings["default_channels"], *settings["allowlist_channels"]]
    hosts = [_host(url) for url in urls]
    return list(dict.fromkeys([host for host in hosts if host] + list(ALWAYS)))


def channel_urls(settings: t.Mapping[str, t.Any]) -> list[str]:
    """The channels that conda will ask, as far as the settings tell; none: what it asks by default."""
    names = [*settings["channels"]] or ["defaults"]
    defaults = settings["default_channels"] or [DEFAULT_CHANNEL]
    return [_url(name, settings) for each in names for name in (defaults if each == "defaults" else [each])]


def _url(name: str, settings: t.Mapping[str, t.Any]) -> str:
    if "://" in name:
        return name
    for key, place in (settings["custom_channels"] or {}).items():
        if f"{name}/".startswith(f"{key}/"):
            return f"{str(place).rstrip('/')}/{name}"
    return f"{(settings['channel_alias'] or DEFAULT_ALIAS).rstrip('/')}/{name}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower() if "://" in url else ""
