# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Who sees what on a Windows host: the variables, and the two proxies that Windows itself has. All from the "
"registry."""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value
from ansible_collections.condafleet.proxy.plugins.module_utils._info import conflicts
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    FIELDS,
    Conflict,
    ConsumerRow,
    View,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine

Keys = t.Sequence[t.Tuple[str, t.Mapping[str, Value]]]
_HOW = "read from the registry"
_INTERNET_SETTINGS = r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_WININET = "HKCU:" + _INTERNET_SETTINGS
_WINHTTP = "HKLM:" + _INTERNET_SETTINGS + r"\Connections"
_USES_PROXY = 2  # a bit of the flags of WinHttpSettings


def look(machine: WindowsMachine) -> View:
    """Return the rows and the conflicts."""
    system, user = (
        (MACHINE_ENVIRONMENT, machine.key(MACHINE_ENVIRONMENT)),
        (USER_ENVIRONMENT, machine.key(USER_ENVIRONMENT)),
    )
    rows = [_of_variables("new logon", (system, user)), _of_variables("service", (system,))]
    rows += [wininet(machine.key(_WININET)), winhttp(machine.key(_WINHTTP))]
    return View(tuple(rows), (*_falls_back(rows[0], rows[2]), *conflicts.disagreements(rows)))


def _of_variables(consumer: str, keys: Keys) -> ConsumerRow:
    """Return what a process has that begins now. Of `keys` the later win."""
    found: dict[str, tuple[str, str]] = {}
    for key, values in keys:
        for name, value in values.items():
            found[name.upper()] = (str(value.seen), key)
    row = ConsumerRow(consumer, _HOW)
    for field in FIELDS:
        for name in ANY[field]:
            text, key = found.get(name.upper(), ("", ""))
            if text and not row.value(field):
                row = row.with_value(field, text, f"{key}: {name.upper()}")
    return row


def wininet(values: t.Mapping[str, Value]) -> ConsumerRow:
    """Return the proxy of the user's desktop, which Python's programs take where no variable is set."""
    row = ConsumerRow("WinINET", _HOW)
    if "autoconfigurl" in values:
        row = row._replace(note="a script chooses the proxy (AutoConfigURL), which Python programs do not read")
    if "proxyserver" in values and values.get("proxyenable", Value("REG_DWORD", 0)).data == 1:
        row = _with_servers(row, str(values["proxyserver"].data), _WININET + ": ProxyServer")
        if "proxyoverride" in values:
            row = row.with_value("no_proxy", str(values["proxyoverride"].data), _WININET + ": ProxyOverride")
    return row


def winhttp(values: t.Mapping[str, Value]) -> ConsumerRow:
    """Return the proxy of Windows' own services (netsh winhttp), which no program of conda's reads."""
    row = ConsumerRow("WinHTTP", _HOW)
    value = values.get("winhttpsettings")
    try:
        server, bypass = _settings(bytes(int(byte, 16) for byte in value.data)) if value else ("", "")
    except (ValueError, TypeError, struct.error):
        return row._replace(note="WinHttpSettings has an unknown format")
    row = _with_servers(row, server, _WINHTTP + ": WinHttpSettings")
    return row.with_value("no_proxy", bypass, _WINHTTP + ": WinHttpSettings") if bypass else row


def _settings(data: bytes) -> tuple[str, str]:
    """Proxy and exceptions: size, counter and flags, then two texts, each after its length."""
    _size, _counter, flags, length = struct.unpack_from("<4I", data)
    if not flags & _USES_PROXY:
        return "", ""
    server = data[16 : 16 + length]
    (length,) = struct.unpack_from("<I", data, 16 + length)
    bypass = data[20 + len(server) : 20 + len(server) + length]
    return server.decode("ascii"), bypass.decode("ascii")


def _with_servers(row: ConsumerRow, servers: str, source: str) -> ConsumerRow:
    """Read `host:port` for all schemes, or `http=host:port;https=host:port`."""
    named = dict(re.findall(r"(\w+)=([^;\s]+)", servers))
    for scheme in ("http", "https"):
        server = named.get(scheme, "") if named else servers
        if server:
            row = row.with_value(scheme + "_proxy", server if "://" in server else "http://" + server, source)
    return row


def _falls_back(logon: ConsumerRow, desktop: ConsumerRow) -> list[Conflict]:
    """Return where requests takes the registry's proxy as no variable is set (urllib.request.getproxies)."""
    return [
        Conflict(
            _WININET,
            f"{field} is not set by a variable, so Python programs use the WinINET value",
            desktop.value(field),
        )
        for field in ("http_proxy", "https_proxy")
        if desktop.value(field) and not logon.value(field)
    ]
