# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease that is Windows' lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import lease

if TYPE_CHECKING:
    import pytest


def test_a_lease_ends_with_its_time_or_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    monkeypatch.setattr(lease, "_node", lambda: "here")
    over = lease._is_over
    assert over({"until": 999.0, "node": "elsewhere", "pid": 1})
    assert not over({"until": 1001.0, "node": "elsewhere", "pid": 2**22 + 1})
    assert over({"until": 1001.0, "node": "here", "pid": 2**22 + 1}), "no process has such a number"
    assert not over({"until": 1001.0, "node": "here", "pid": 1})
    assert not over({"until": 1001.0, "node": "here"})
