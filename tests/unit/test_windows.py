# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure pieces of Windows: values as text, the variables of a new logon, the proxies that Windows itself has."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import registry_value
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value, ValueEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import consumers, lease, logon
from tests.bed import hostile

URL = "http://ada:p%40ss@proxy.example.com:8080"


def strings(**values: str) -> dict[str, Value]:
    return {name: Value("REG_SZ", text, text) for name, text in values.items()}


class Registry:
    """A machine as far as reading keys goes."""

    def __init__(self, **keys: dict[str, Value]) -> None:
        self._keys = {MACHINE_ENVIRONMENT: keys.get("machine", {}), USER_ENVIRONMENT: keys.get("user", {})}

    def key(self, key: str) -> dict[str, Value]:
        return self._keys.get(key, {})


@pytest.mark.parametrize("text", [*hostile.values(100), "%TEMP%", "C:\\x"])
def test_a_value_survives_as_text(text: str) -> None:
    value = Value("REG_EXPAND_SZ", text, "expanded")
    assert registry_value.from_text(value.as_text()) == value._replace(seen=None)


def test_paths() -> None:
    path = registry_value.value_path(USER_ENVIRONMENT, "https_proxy")
    assert registry_value.is_registry(path)
    assert registry_value.split(path) == (USER_ENVIRONMENT, "https_proxy")
    assert not registry_value.is_registry("C:\\ProgramData\\conda\\.condarc")


def test_the_editor_of_a_value() -> None:
    editor = ValueEditor(URL)
    wanted = editor.edit(None, None, None)
    assert registry_value.from_text(wanted) == Value("REG_SZ", URL)
    assert editor.edit(wanted, URL, None) == wanted
    assert editor.present(wanted)
    for other in (Value("REG_EXPAND_SZ", URL), Value("REG_SZ", URL.upper()), Value("REG_SZ", "")):
        assert not editor.present(other.as_text()), other
    theirs = Value("REG_SZ", "http://old.example.com").as_text()
    assert editor.revert(theirs, None, force=False) == theirs, "somebody else's value was taken away"
    assert editor.revert(wanted, theirs, force=False) == theirs
    assert editor.revert(wanted, None, force=False) == ""
    assert "p%40ss" not in editor.view(wanted, Masker("key"))
    assert editor.view(wanted, Masker("key")) != ValueEditor("x").view(Value("REG_SZ", "x").as_text(), Masker("key"))
    assert editor.warnings(theirs, None)
    assert not editor.warnings(wanted, None)


def test_a_new_logon_has_the_users_value_before_the_machines() -> None:
    seen = logon.new_logon(
        Registry(  # type: ignore[arg-type]
            machine=strings(http_proxy="http://machine:1", https_proxy="http://machine:1", path="C:\\Windows"),
            user={
                "http_proxy": Value("REG_EXPAND_SZ", "%P%", "http://user:1"),
                "conda_envs_path": Value("REG_SZ", 1, 1),
            },
        )
    )
    assert seen["HTTP_PROXY"] == "http://user:1"
    assert seen["HTTPS_PROXY"] == "http://machine:1"
    assert seen["CONDA_ENVS_PATH"] == "1"
    assert seen["NO_PROXY"] is None, "what an older session has must not count"
    assert "PATH" not in seen


def test_a_new_logon_has_what_a_condarc_names() -> None:
    registry = Registry(
        machine=strings(proxy_password="machine's", plain="1", percent="2", path="C:\\Windows", username="SYSTEM"),
        user=strings(Proxy_Password="user's", unnamed="3"),
    )
    texts = ["a: http://${USERNAME}:${PROXY_PASSWORD}@proxy:1 # $Plain", "b: '%PERCENT%' p%40ss ${NOWHERE} %PATH%"]
    seen = logon.new_logon(registry, texts)  # type: ignore[arg-type]
    assert (seen["PROXY_PASSWORD"], seen["PLAIN"], seen["PERCENT"]) == ("user's", "1", "2")
    # Windows may have set them for this session alone
    assert not {"USERNAME", "PATH", "NOWHERE", "UNNAMED"} & set(seen)


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
    assert any("https_proxy is set by no variable" in one.what for one in conflicts)
    assert any("http_proxy differs" in one.what for one in conflicts), conflicts


def test_a_lease_ends_with_its_time_or_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    monkeypatch.setattr(lease, "_node", lambda: "here")
    over = lease._is_over
    assert over({"until": 999.0, "node": "elsewhere", "pid": 1})
    assert not over({"until": 1001.0, "node": "elsewhere", "pid": 2**22 + 1})
    assert over({"until": 1001.0, "node": "here", "pid": 2**22 + 1}), "no process has such a number"
    assert not over({"until": 1001.0, "node": "here", "pid": 1})
    assert not over({"until": 1001.0, "node": "here"})
