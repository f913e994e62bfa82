# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions without a machine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.bed.settings import SECRET


class Vaulted:
    """An inline `!vault` as ansible-core before 2.19 has it: an object that is no text."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return SECRET


def run_action(module: Any, task_vars: dict[str, Any] | None = None, /, **arguments: Any) -> dict[str, Any]:
    """What the action of `module` answers to a task with these arguments."""
    action = module.ActionModule.__new__(module.ActionModule)
    action._task = SimpleNamespace(args=arguments)
    answer: dict[str, Any] = action.run(None, task_vars or {})
    return answer
