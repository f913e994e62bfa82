# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the actions share."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What went to the machine, which always answers that nothing changed."""
    bodies: list[Any] = []

    def on_machine(_self: HostAction, _task_vars: dict[str, Any], body: Any) -> dict[str, Any]:
        bodies.append(body)
        return {"changed": False}

    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(HostAction, "on_machine", on_machine)
    monkeypatch.setattr(HostAction, "windows", False)
    return bodies
