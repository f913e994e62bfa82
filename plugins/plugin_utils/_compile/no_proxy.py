# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse no_proxy: one list in, what each reader obeys out.

As soon as `proxy_servers` is set, conda ignores no_proxy; what it obeys is an empty string under the exact
`scheme://host` (run on conda 4.6 to 26.7). So the list is applied here to every host whose name is known.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

_ENTRY = re.compile(r"(?=.{1,260}$)(?:\*|(?:\*?\.)?(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?(?::\d{1,5})?)")
# "10." or "192.168": a beginning of addresses, which no reader knows
_NUMBERS = re.compile(r"(?:\*?\.)?(?:\d+\.)*\d+\.?(?::\d+)?")
_CIDR = re.compile("/")
_IPV4, _IPV6 = 4, 6
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class NoProxy(t.NamedTuple):
    """Hosts that are reached without the proxy."""

    entries: tuple[str, ...]

    def environment(self) -> str:
        """Return the value of the environment variable: requests and curl know `.domain`, not `*.domain`."""
        if "*" in self.entries:
            return "*"  # urllib knows it only alone
        words = [word for entry in self.entries for word in (_plain(entry), _address_of(entry)) if word]
        return ",".join(dict.fromkeys(words))

    def covers(self, host: str) -> bool:
        """Return whether `host` (a name, or an address without brackets) is exempt."""
        host = host.lower().rstrip(".")
        address = _network(host)
        for entry in self.entries:
            network = _network(entry)
            if network is not None:
                if address is not None and address.version == network.version and address.subnet_of(network):  # type: ignore[arg-type]
                    return True
            elif entry == "*":
                return True
            else:
                name = entry.lower().partition(":")[0].lstrip("*").strip(".")
                if host == name or host.endswith("." + name):
                    return True
        return False

    def exact_hosts(self) -> list[str]:
        """Return the entries that name one host, as conda writes a host in a `proxy_servers` key."""
        hosts = []
        for entry in self.entries:
            network = _network(entry)
            if network is not None:
                if network.num_addresses == 1 and "/" not in entry:
                    hosts.append(str(network.network_address))
            elif not entry.startswith((".", "*")):
                hosts.append(entry.partition(":")[0].lower().rstrip("."))
        return list(dict.fromkeys(hosts))

    def warnings(self, condarc: bool) -> list[str]:
        """Return what the readers cannot obey, and what is done instead. `condarc`: its section is managed."""
        notes = []
        networks = {network.version for network in map(_network, filter(_CIDR.search, self.entries)) if network}
        if condarc and _IPV4 in networks:
            notes.append(
                "conda_proxy_no_proxy has a network (CIDR): conda matches exact host names only, so the network "
                "applies only to managed channels whose host is an address in it, and to programs that know networks "
                "in the environment variables, such as pip"
            )
        if _IPV6 in networks:
            notes.append(
                "conda_proxy_no_proxy has an IPv6 network (CIDR): neither conda nor pip knows one, so it applies only to "
                "managed channels whose host is an address in it, and to a few programs, such as curl 7.86 and newer; "
                "name each host"
            )
        if any(map(_address_of, self.entries)):
            notes.append(
                "conda_proxy_no_proxy has an address with a port: conda and pip match an address only without its port, "
                "so the address is exempt with all its ports"
            )
        if condarc and any(entry.startswith(("*", ".")) for entry in self.entries):
            notes.append(
                "conda_proxy_no_proxy has a domain or wildcard: conda matches exact host names only, so each "
                "managed channel host in the domain is added by name, but conda uses the proxy for other hosts of "
                "the domain"
            )
        return notes


def parse_no_proxy(options: Options) -> NoProxy:
    """Return the hosts. Raises InvalidSettingError for an entry that no reader understands."""
    entries = tuple(entry.strip() for entry in options["no_proxy"] if entry.strip())
    for entry in entries:
        if _network(entry) is None and (not _ENTRY.fullmatch(entry) or _part_of_address(entry)):
            raise InvalidSettingError(
                "no_proxy",
                "has an entry that is neither a host, a .domain, a host:port, an address nor a network",
                "separate entries by commas and leave out schemes and paths",
            )
    return NoProxy(entries)


def _part_of_address(entry: str) -> bool:
    return bool(_NUMBERS.fullmatch(entry)) and _network(entry.partition(":")[0]) is None


def _address_of(entry: str) -> str:
    """Return the address of an entry that also has a port; empty for any other entry."""
    address, colon, _port = entry.partition(":")
    network = _network(address) if colon else None
    return address if network is not None and network.version == _IPV4 else ""


def _plain(entry: str) -> str:
    """Return an entry as all readers match it: no brackets around an address, no star before a dot, no final dot."""
    if _network(entry) is not None:
        return entry.strip("[]")
    return (entry[1:] if entry.startswith("*.") else entry).rstrip(".")


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
