# SPDX-License-Identifier: GPL-3.0-or-later
"""The stdout callback. In a terminal: tests/integration/local/test_callbacks.py."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.condafleet.proxy.plugins.callback import fleet


@pytest.mark.parametrize(
    ("terminal", "runner", "expected"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_only_a_terminal_counts_in_place(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, runner: bool, expected: bool
) -> None:
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: terminal))
    monkeypatch.delenv(fleet._RUNNER, raising=False)
    if runner:
        monkeypatch.setenv(fleet._RUNNER, "/x")
    assert fleet.CallbackModule()._in_place is expected
