# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play. With real plays: tests/integration/local/test_callbacks.py."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.play_hosts import play_hosts


def test_without_an_inventory_there_are_none() -> None:
    assert play_hosts(SimpleNamespace(get_variable_manager=SimpleNamespace, hosts="all")) == []
