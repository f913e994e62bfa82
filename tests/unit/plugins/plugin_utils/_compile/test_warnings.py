# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about settings that passed."""

from __future__ import annotations

from typing import Any

from tests.bed.settings import NETRC, PROXY, SECRET, compiled


def test_warnings() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"http": "http://proxy.example.com"}, "has no port"),
        ({"http": PROXY, "ssl_verify": "truststore"}, "before conda 26.7"),
        ({"ssl_verify": "false"}, "anybody on the way"),
        ({"http": PROXY, "sections": ["environment"], "channels": ["a"]}, "alone carries conda_proxy_channels"),
        ({"netrc": [NETRC]}, "does not name netrc"),
        ({"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, password=SECRET + "\\ ")]}, "Python 3.11"),
        (
            {"http": PROXY, "scope": "user", "username": "\u00fc", "password": "x", "sections": ["condarc"]},
            "outside ASCII",
        ),
    ]
    for settings, says in cases:
        notes = compiled(**settings).warnings
        assert [note for note in notes if says in note], (says, notes)
        assert SECRET not in str(notes)
    assert compiled(http=PROXY, channels=["a"]).warnings == []
