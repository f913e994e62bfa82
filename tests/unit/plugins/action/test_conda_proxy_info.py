# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action conda_proxy_info makes of a task's arguments. No machine takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.condafleet.proxy.plugins.action import conda_proxy_info
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Info
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from tests.bed.actions import run_action

if TYPE_CHECKING:
    import pytest


def test_options_arrive(sent: list[Any]) -> None:
    run_action(conda_proxy_info)
    run_action(conda_proxy_info, users=["ada"], prefix="/opt/conda", channel="https://x.example.com")
    assert sent == [Info("https://conda.anaconda.org"), Info("https://x.example.com", ("ada",), "/opt/conda")]


def test_a_value_of_another_type_is_refused(sent: list[Any]) -> None:
    answer = run_action(conda_proxy_info, users={"ada": 1})
    assert answer["failed"] is True
    assert answer["msg"].startswith("users is a mapping, and must be a list; ")
    assert not sent


def test_users_of_a_windows_host_are_refused(sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostAction, "windows", True)
    answer = run_action(conda_proxy_info, users=["ada"])
    assert answer["failed"] is True
    assert answer["msg"].startswith("users is set for a Windows host")
    assert not sent
