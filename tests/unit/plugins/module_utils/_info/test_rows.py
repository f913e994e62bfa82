# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the result."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils import _redact
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows

PROXY = "http://ada:p%40ss@proxy.example.com:8080"


def test_every_text_of_a_result_is_masked() -> None:

    row = {"https_proxy": PROXY, "decided_by": {"https_proxy": "/f:1"}, "note": "see /t/Zq7token/x", "n": 1}
    masked = _rows.masked(row, _redact.Masker("key"))
    assert "p%40ss" not in str(masked)
    assert "Zq7token" not in str(masked)
    assert masked["https_proxy"].endswith("@proxy.example.com:8080")
    assert masked["decided_by"] == {"https_proxy": "/f:1"}
    assert _rows.masked("a\udc80", _redact.Masker("key")) == "a\\udc80"
