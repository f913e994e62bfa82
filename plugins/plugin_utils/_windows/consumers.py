# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who sees what on a Windows host: the variables, and the two proxies that Windows itself has. All from the registry.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value
from ansible_collections.condafleet.proxy.plugins.module_utils._info import conflicts
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine

Row = t.Dict[str, t.Any]
Keys = t.Sequence[t.Tuple[str, t.Mapping[str, Value]]]
_HOW = "read from the registry"
_INTERNET_SETTINGS = r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_WININET = "HKCU:" + _INTERNET_SETTINGS
_WINHTTP = "HKLM:" + _INTERNET_SETTINGS + r"\Connections"
_USES_PROXY = 2  # a bit of the flags of WinHttpSettings


def look(machine: WindowsMachine) -> tuple[list[Row], list[conflicts.Conflict]]:
    """The rows and the conflicts, unmasked."""
    system, user = (
        (MACHINE_ENVIRONMENT, machine.key(MACHINE_ENVIRONMENT)),
        (USER_ENVIRONMENT, machine.key(USER_ENVIRONMENT)),
    )
    rows = [_of_variables("new logon", (system, user)), _of_variables("service", (system,))]
    rows += [wininet(machine.key(_WININET)), winhttp(machine.key(_WINHTTP))]
    return rows, [*_falls_back(rows[0], rows[2]), *conflicts.disagreements(rows)]


def _of_variables(consumer: str, keys: Keys) -> Row:
    """What a process has that begins now. Of C(keys) the later win."""
    found: dict[str, tuple[str, str]] = {}
    for key, values in keys:
        for name, value in values.items():
            found[name.upper()] = (str(value.seen), key)
    row = _new_row(consumer)
    for field in _rows.FIELDS:
        for name in _rows.ANY[field]:
            text, key = found.get(name.upper(), ("", ""))
            if text and not row[field]:
                row[field] = text
                row["decided_by"][field] = f"{key}: {name.upper()}"
    return row


def wininet(values: t.Mapping[str, Value]) -> Row:
    """The proxy of the user's desktop, which Python's programs take where no variable is set."""
    row = _new_row("WinINET")
    if "autoconfigurl" in values:
        row["note"] = "a script chooses the proxy (AutoConfigURL), which Python's programs do not read"
    if "proxyserver" in values and values.get("proxyenable", Value("REG_DWORD", 0)).data == 1:
        _fill(row, str(values["proxyserver"].data), _WININET + ": ProxyServer")
        if "proxyoverride" in values:
            row["no_proxy"] = str(values["proxyoverride"].data)
            row["decided_by"]["no_proxy"] = _WININET + ": ProxyOverride"
    return row


def winhttp(values: t.Mapping[str, Value]) -> Row:
    """The proxy of Windows' own services (netsh winhttp), which no program of conda's reads."""
    row = _new_row("WinHTTP")
    value = values.get("winhttpsettings")
    try:
        server, bypass = _settings(bytes(int(byte, 16) for byte in value.data)) if value else ("", "")
    except (ValueError, TypeError, struct.error):
        row["note"] = "WinHttpSettings has a form that is not known"
        return row
    _fill(row, server, _WINHTTP + ": WinHttpSettings")
    if bypass:
        row["no_proxy"] = bypass
        row["decided_by"]["no_proxy"] = _WINHTTP + ": WinHttpSettings"
    return row


def _settings(data: bytes) -> tuple[str, str]:
    """Proxy and exceptions: size, counter and flags, then two texts, each after its length."""
    _size, _counter, flags, length = struct.unpack_from("<4I", data)
    if not flags & _USES_PROXY:
        return "", ""
    server = data[16 : 16 + length]
    (length,) = struct.unpack_from("<I", data, 16 + length)
    bypass = data[20 + len(server) : 20 + len(server) + length]
    return server.decode("ascii"), bypass.decode("ascii")


def _fill(row: Row, servers: str, source: str) -> None:
    """C(host:port) for all schemes, or C(http=host:port;https=host:port)."""
    named = dict(re.findall(r"(\w+)=([^;\s]+)", servers))
    for scheme in ("http", "https"):
        server = named.get(scheme, "") if named else servers
        if server:
            row[scheme + "_proxy"] = server if "://" in server else "http://" + server
            row["decided_by"][scheme + "_proxy"] = source


def _new_row(consumer: str) -> Row:
    return dict(
        {"consumer": consumer, "how": _HOW, "base": "", "decided_by": {}, "note": ""},
        **dict.fromkeys(_rows.FIELDS, ""),
    )


def _falls_back(logon: Row, desktop: Row) -> list[conflicts.Conflict]:
    """requests reads the registry's proxy where no variable is set (urllib.request.getproxies)."""
    return [
        {
            "path": _WININET,
            "what": f"{field} is set by no variable, so Python's programs take the one of WinINET",
            "winner": desktop[field],
        }
        for field in ("http_proxy", "https_proxy")
        if desktop[field] and not logon[field]
    ]
