# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the channels: which URLs and hosts conda will ask, as far as the settings tell."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import (
    DEFAULT_ALIAS,
    DEFAULT_CHANNEL,
    channel_host,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.json_values import texts

# conda asks these when nothing is configured, and for what a user adds; so they are always managed
_ALWAYS = ("repo.anaconda.com", "conda.anaconda.org")
_LISTS = ("channels", "default_channels", "allowlist_channels", "denylist_channels")

_LONGEST = 1000
_HOST = re.compile(r"[A-Za-z0-9._:-]+")  # not a pattern, as in channel_settings, and no variable
_ENCODED = r"(?:[A-Za-z0-9._~:/@!$&'()*+;={{}}{more}-]|%[0-9A-Fa-f]{{2}})"
_URL = re.compile(r"(?:https?|file|ftp|s3)://" + _ENCODED.format(more=r",\[\]") + "*")
# `https:host` is a slip, and so is a comma in a name
_NAME = re.compile(r"(?!https?:)" + _ENCODED.format(more="").replace("'", "") + "+")
_DRIVE = re.compile(r"(?:[A-Za-z]:|\\)\\[A-Za-z0-9._~$()+;={}@!&\\/%-]*")
# conda takes `/x`, `..` and `~` for paths, and the others for its own
_CUSTOM = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}(?:/[A-Za-z0-9._-]{1,64})*")
_OWN_NAMES = ("defaults", "local")


class Channels(t.NamedTuple):
    """The channels. Each field is an option, and conda's key of the same name, in the order of the file."""

    channels: tuple[str, ...] = ()
    default_channels: tuple[str, ...] = ()
    channel_alias: str | None = None
    custom_channels: t.Mapping[str, str] = {}
    allowlist_channels: tuple[str, ...] = ()
    denylist_channels: tuple[str, ...] = ()
    override_channels_enabled: bool | None = None

    def hosts(self, extra: t.Mapping[str, t.Any]) -> list[str]:
        """Return the hosts of all channels, each once, with those in `extra`: several keys of conda's name channels."""
        urls = [self.channel_alias or DEFAULT_ALIAS, *self.custom_channels.values()]
        urls += [*self.channels, *self.default_channels, *self.allowlist_channels]
        urls += [text for text in texts(extra) if _is_url(text)]
        hosts = [host for host in map(channel_host, urls) if _HOST.fullmatch(host)]
        return list(dict.fromkeys([*hosts, *_ALWAYS]))

    def urls(self) -> list[str]:
        """Return the channels that conda will ask; without any, the ones that it asks by default."""
        defaults = self.default_channels or (DEFAULT_CHANNEL,)
        names = self.channels or ("defaults",)
        return [self._url(name) for each in names for name in (defaults if each == "defaults" else (each,))]

    def _url(self, name: str) -> str:
        if "://" in name:
            return name
        for key, place in self.custom_channels.items():
            if f"{name}/".startswith(f"{key}/"):
                return f"{place.rstrip('/')}/{name}"
        return f"{(self.channel_alias or DEFAULT_ALIAS).rstrip('/')}/{name}"


def parse_channels(options: Options) -> Channels:
    """Return the channels. conda_connectivity has the option `channels` alone. Raises InvalidSettingError."""
    lists = {name: tuple(options.get(name) or ()) for name in _LISTS}
    for name, entries in lists.items():
        _check(name, entries)
    alias = options.get("channel_alias")
    if alias:
        _check("channel_alias", [alias], must_be_url=True)
    return Channels(
        **lists,
        channel_alias=alias,
        custom_channels=_parse_custom(options.get("custom_channels") or {}),
        override_channels_enabled=options.get("override_channels_enabled"),
    )


def _check(option: str, entries: t.Iterable[str], must_be_url: bool = False) -> None:
    """Raise InvalidSettingError for a channel that conda cannot use. An entry may hold credentials."""
    for entry in entries:
        if not entry or not entry.isascii() or re.search(r"[\x00-\x20\x7f]", entry):
            raise InvalidSettingError(
                option,
                "has an entry that is empty or has a space, a control character or a character outside ASCII",
                "percent-encode it",
            )
        if len(entry) > _LONGEST:
            raise InvalidSettingError(option, f"has an entry of more than {_LONGEST} characters", "shorten it")
        if "://" in entry:
            if not _is_url(entry):
                raise InvalidSettingError(
                    option, "has an entry that cannot be parsed as a URL", "write it as https://host/path"
                )
        elif must_be_url:
            raise InvalidSettingError(option, "must be a URL", "write it as https://host/path")
        elif not _NAME.fullmatch(entry) and not _DRIVE.fullmatch(entry):
            raise InvalidSettingError(
                option,
                "has an entry that is neither a channel's name, a path nor a URL",
                "write it as conda-forge, /path or https://host/path",
            )


def _is_url(text: str) -> bool:
    """Return whether conda can use this URL. It drops a query and a fragment, and knows schemes in small letters alone."""
    if not _URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname or parts.scheme == "file") and parts.port != 0
    except ValueError:
        return False


def _parse_custom(given: t.Mapping[t.Any, t.Any]) -> dict[str, str]:
    """Return conda's `custom_channels`. Raises InvalidSettingError for a name that conda never looks up there."""
    option = "custom_channels"
    for name in given:
        known = not isinstance(name, bool) and isinstance(name, (str, int)) and _CUSTOM.fullmatch(str(name))
        if not known or str(name) in _OWN_NAMES:
            raise InvalidSettingError(
                option, "has a name that no channel can have", "write it as conda-forge or team/dev"
            )
    _check(option, [place if isinstance(place, str) else "" for place in given.values()], must_be_url=True)
    return {str(name): place for name, place in given.items()}
