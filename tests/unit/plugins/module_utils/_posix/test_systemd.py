# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl show-environment prints."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import systemd


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("http://plain:1", "http://plain:1"),
        ("", ""),
        ("$'", "$'"),
        ("$'a \\'b\\' c'", "a 'b' c"),
        ("$'a\\\\'", "a\\"),
        ("$'\\\\n'", "\\n"),  # a backslash and an n
        ("$'a\\nb\\tc'", "a\nb\tc"),
        ("$'\\$ \\` \\! \\\"'", '$ ` ! "'),
        ("$'\\x1b\\033'", "\x1b\x1b"),
    ],
)
def test_values_as_systemctl_shows_them(shown: str, value: str) -> None:
    assert systemd.unquoted(shown) == value


def test_variables() -> None:
    output = "LANG=C.UTF-8\nhttps_proxy=$'http://a:\\'@p:1'\nODD=a\x0bb=c\n\n"
    assert systemd.variables(output) == {"LANG": "C.UTF-8", "https_proxy": "http://a:'@p:1", "ODD": "a\x0bb=c"}
