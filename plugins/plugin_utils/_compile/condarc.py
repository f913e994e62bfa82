# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The .condarc: the mapping that the template gets, and the checks on what it made.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t

import yaml

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import condarc
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import channel_hosts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy


# Options that are a key of conda's under the same name, in the order of the file.
_SAME_NAME = (
    "channels",
    "default_channels",
    "channel_alias",
    "custom_channels",
    "allowlist_channels",
    "denylist_channels",
    "override_channels_enabled",
    "remote_connect_timeout_secs",
    "remote_read_timeout_secs",
    "remote_max_retries",
    "remote_backoff_factor",
)
_LOCKED = ("proxy_servers", "ssl_verify", "channels", "allowlist_channels", "override_channels_enabled")
KEYS = frozenset(("ssl_verify", "proxy_servers", *_SAME_NAME))
_TEMPLATE = "condarc_template"


def document(settings: Options, proxies: Proxies | None, no_proxy: NoProxy, ssl_verify: t.Any) -> dict[str, t.Any]:
    """The mapping C(condarc) for the template: key to C(value) and C(final), in the order of the file.

    A flag on a line that ends a key is lost when a comment follows, so scalars come first and proxy_servers, whose last
    line carries no flag, comes last.
    """
    content: dict[str, t.Any] = {}
    if ssl_verify is not None:
        content["ssl_verify"] = ssl_verify
    for name in _SAME_NAME:
        if settings[name] not in (None, [], {}):
            content[name] = settings[name]
    if settings["lock"]:
        content.setdefault("ssl_verify", True)
        if "channels" in content or "allowlist_channels" in content:
            content.setdefault("override_channels_enabled", False)
    for key, value in (settings["extra"] or {}).items():
        if key in KEYS or condarc.ALIASES.get(key, key) in KEYS:
            raise Refused(
                "extra", f"has the key {key}, which has a variable of its own", f"set conda_proxy_{_variable_of(key)}"
            )
        content[key] = value
    if proxies is not None:
        content["proxy_servers"] = _proxy_servers(settings, proxies, no_proxy)
    ordered = sorted(content.items(), key=lambda pair: isinstance(pair[1], (list, dict)))
    return {key: {"value": value, "final": bool(settings["lock"]) and key in _LOCKED} for key, value in ordered}


def _variable_of(key: str) -> str:
    return "http" if key == "proxy_servers" else condarc.ALIASES.get(key, key)


def _proxy_servers(settings: Options, proxies: Proxies, no_proxy: NoProxy) -> dict[str, str]:
    """The scheme keys, and a key per known host: such a key also beats the environment, for every kind of request."""
    servers = {scheme: proxies.url(scheme, for_conda=True) for scheme in ("http", "https")}
    exempt = no_proxy.exact_hosts()
    for host in [*channel_hosts(settings), *exempt]:
        direct = host in exempt or no_proxy.covers(host)
        for scheme in ("http", "https"):
            servers[f"{scheme}://{host}"] = "" if direct else servers[scheme]
    return servers


def check(text: str, settings: Options) -> list[list[str]]:
    """Check what the template made and split it into top-level keys: pairs of canonical key and text.

    Raises Refused: the output must be a mapping in ASCII with keys that conda knows, and its locks must hold.
    """
    if not text.isascii():
        raise Refused(
            _TEMPLATE,
            "made text with characters outside ASCII, which conda reads in the machine's own encoding",
            "use to_json on values",
        )
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        line = getattr(getattr(exc, "problem_mark", None), "line", None)
        where = "" if line is None else f" at line {line + 1} of its output"
        raise Refused(_TEMPLATE, "made text that is not YAML" + where, "use to_json on values") from None
    if content is None:
        return []
    if not isinstance(content, dict):
        raise Refused(_TEMPLATE, "made YAML that is not a mapping", "begin each line with 'key: '")
    try:
        items = condarc.parse(text).items
    except Unreadable as exc:
        raise Refused(
            _TEMPLATE,
            f"made YAML that the merge on the machine cannot split: {exc}",
            "keep to plain 'key: value' lines",
        ) from None
    for key in content:
        if condarc.ALIASES.get(key, key) not in KEYS and key not in (settings["extra"] or {}):
            raise Refused(
                _TEMPLATE, f"sets the key {key}, which is not among the settings", "name it in conda_proxy_extra"
            )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, following in zip(lines, lines[1:]):
        if condarc.FLAG.search(line) and following.startswith("#"):
            raise Refused(
                _TEMPLATE,
                "has a comment line after a line that ends in a flag, which switches the flag off",
                "move the comment above",
            )
    for line in lines:
        if re.search(r"#\s*!?\s*(final|top|bottom)\b", line) and not condarc.FLAG.search(line):
            raise Refused(
                _TEMPLATE, "has a flag that conda does not see", "write exactly '#!final' at the end of the line"
            )
    return [[item.key, "\n".join(condarc.own(item.text).splitlines()) + "\n"] for item in items]
