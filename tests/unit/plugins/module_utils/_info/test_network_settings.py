# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of `scutil --proxy`, as the sources of configd print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._info import network_settings
from ansible_collections.condafleet.proxy.plugins.module_utils._info.network_settings import parse, row_of_output
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    import pytest

FULL = """<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  ExcludeSimpleHostnames : 1
  HTTPEnable : 1
  HTTPPort : 3128
  HTTPProxy : proxy.example.com
  HTTPSEnable : 1
  HTTPSPort : 3129
  HTTPSProxy : 2001:db8::1
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : http://wpad.example.com/p.pac
  ProxyAutoDiscoveryEnable : 0
}"""


def test_everything() -> None:
    row = row_of_output(FULL, "scutil --proxy")
    assert (row.http_proxy, row.https_proxy) == ("http://proxy.example.com:3128", "http://[2001:db8::1]:3129")
    assert row.no_proxy == "*.local,169.254/16"
    assert row.decided_by["http_proxy"] == "scutil --proxy: HTTPProxy"
    assert "http://wpad.example.com/p.pac" in row.note
    assert "without a dot" in row.note
    assert "discovery" not in row.note


def test_what_is_switched_off_is_none() -> None:
    row = row_of_output(FULL.replace("HTTPEnable : 1", "HTTPEnable : 0"), "x")
    assert row.http_proxy == ""
    assert row.https_proxy


def test_nothing_is_configured() -> None:
    assert parse("No proxy configuration available") == ({}, [])
    row = row_of_output("<dictionary> {\n}", "x")
    assert [row.value(field) for field in ("http_proxy", "https_proxy", "no_proxy")] == ["", "", ""]
    assert row.note == ""


def test_only_where_the_platform_has_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "command", lambda _argv: (1, "boom"))
    subject = Subject(LINUX, Account("ada", 1, 1, "/home/ada", "/bin/sh"), {}, "https://x")
    assert network_settings.rows(subject) == []
    (row,) = network_settings.rows(subject._replace(platform=DARWIN))
    assert row.note == "scutil --proxy failed"
