# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The netrc entries.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.proxies import Proxies


def check_netrc(entries: t.Any, proxies: Proxies | None) -> tuple[NetrcEntry, ...]:
    """The netrc entries as strings. Raises Refused."""
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
    return tuple(NetrcEntry(entry["machine"].lower(), entry["login"], entry["password"]) for entry in entries)
