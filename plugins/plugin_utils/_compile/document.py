# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Build the mapping that the template of the condarc gets."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import Condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies, proxy_servers
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls

_LOCKED = ("proxy_servers", "ssl_verify", "channels", "allowlist_channels", "override_channels_enabled")


class CondarcKey(t.NamedTuple):
    """One key of the condarc."""

    value: t.Any  # text, number, bool, list or dict, as conda reads it
    final: bool = False  # locked with `#!final`


Document = t.Mapping[str, CondarcKey]


def build_document(
    channels: Channels, tls: Tls, condarc: Condarc, proxies: Proxies | None, no_proxy: NoProxy
) -> dict[str, CondarcKey]:
    """Return the keys in the order of the file.

    A flag on a line that ends a key is lost when a comment follows, so scalars come first and proxy_servers, whose last
    line carries no flag, comes last.
    """
    content: dict[str, t.Any] = {}
    if tls.ssl_verify is not None:
        content["ssl_verify"] = tls.ssl_verify
    for key, value in channels._asdict().items():
        if value not in (None, (), {}):
            content[key] = list(value) if isinstance(value, tuple) else value
    content.update(condarc.numbers)
    if condarc.lock:
        content.setdefault("ssl_verify", True)
        if "channels" in content or "allowlist_channels" in content:
            content.setdefault("override_channels_enabled", False)
    content.update(condarc.extra)
    if proxies is not None:
        content["proxy_servers"] = proxy_servers(proxies, no_proxy, channels.hosts(condarc.extra))
    ordered = sorted(content.items(), key=lambda pair: isinstance(pair[1], (list, dict)))
    return {key: CondarcKey(value, condarc.lock and key in _LOCKED) for key, value in ordered}


def template_variable(document: Document) -> dict[str, dict[str, t.Any]]:
    """Return the variable `condarc` of the template (docs/template.md): key to `value` and `final`."""
    return {key: setting._asdict() for key, setting in document.items()}
