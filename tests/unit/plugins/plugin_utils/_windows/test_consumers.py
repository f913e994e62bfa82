# SPDX-License-Identifier: GPL-3.0-or-later
"""What the consumers on Windows have, and its own proxies."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import consumers

URL = "http://ada:p%40ss@proxy.example.com:8080"


def strings(**values: str) -> dict[str, Value]:
    return {name: Value("REG_SZ", text, text) for name, text in values.items()}


class Registry:
    """A machine as far as reading keys goes."""

    def __init__(self, **keys: dict[str, Value]) -> None:
        self._keys = {MACHINE_ENVIRONMENT: keys.get("machine", {}), USER_ENVIRONMENT: keys.get("user", {})}

    def key(self, key: str) -> dict[str, Value]:
        return self._keys.get(key, {})


@pytest.mark.parametrize(
    ("values", "http", "https"),
    [
        ({}, "", ""),
        ({"proxyserver": Value("REG_SZ", "proxy:8080"), "proxyenable": Value("REG_DWORD", 0)}, "", ""),
        (
            {"proxyserver": Value("REG_SZ", "proxy:8080"), "proxyenable": Value("REG_DWORD", 1)},
            "http://proxy:8080",
            "http://proxy:8080",
        ),
        (
            {"proxyserver": Value("REG_SZ", "http=one:1;https=two:2;ftp=x:3"), "proxyenable": Value("REG_DWORD", 1)},
            "http://one:1",
            "http://two:2",
        ),
        ({"proxyserver": Value("REG_SZ", "https=two:2"), "proxyenable": Value("REG_DWORD", 1)}, "", "http://two:2"),
    ],
)
def test_wininet(values: dict[str, Value], http: str, https: str) -> None:
    row = consumers.wininet(values)
    assert (row.http_proxy, row.https_proxy) == (http, https)
    assert ("https_proxy" in row.decided_by) == bool(https)


def settings(flags: int, proxy: str, bypass: str) -> dict[str, Value]:
    data = struct.pack("<4I", 0x28, 0, flags, len(proxy)) + proxy.encode()
    data += struct.pack("<I", len(bypass)) + bypass.encode()
    return {"winhttpsettings": Value("REG_BINARY", [f"0x{byte:02x}" for byte in data])}


def test_winhttp() -> None:
    row = consumers.winhttp(settings(3, "proxy.example.com:8080", "<local>;*.example.com"))
    assert row.https_proxy == "http://proxy.example.com:8080"
    assert row.no_proxy == "<local>;*.example.com"
    for nothing in ({}, settings(1, "", "")):
        row = consumers.winhttp(nothing)
        assert (row.http_proxy, row.no_proxy, row.note) == ("", "", "")
    strange: Any = {"winhttpsettings": Value("REG_BINARY", ["0x28", "0x00"])}
    assert consumers.winhttp(strange).note


def test_where_no_variable_is_set_the_desktop_decides() -> None:
    class Desktop(Registry):
        def key(self, key: str) -> dict[str, Value]:
            if key.startswith("HKCU:\\SOFTWARE"):
                return {
                    "proxyserver": Value("REG_SZ", "desktop:1", "desktop:1"),
                    "proxyenable": Value("REG_DWORD", 1, 1),
                }
            return super().key(key)

    rows, conflicts = consumers.look(Desktop(machine=strings(http_proxy=URL)))  # type: ignore[arg-type]
    assert [row.consumer for row in rows] == ["new logon", "service", "WinINET", "WinHTTP"]
    assert any("https_proxy is not set by a variable" in one.what for one in conflicts)
    assert any("http_proxy differs" in one.what for one in conflicts), conflicts
