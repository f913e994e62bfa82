# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe by way of win_command."""

from __future__ import annotations

from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.probe import WindowsLauncher
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote
from tests.bed.settings import SECRET

BASE = Base("C:\\Miniconda3", "C:\\Miniconda3\\python.exe")


class OneAnswer(Remote):
    """Gives one answer to win_command and keeps what it was asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def module(self, name: str, /, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:  # noqa: ARG002
        self.asked.append((name, arguments))
        if self.answer.get("failed"):
            raise ModuleFailed("win_command: " + str(self.answer["msg"]), self.answer)
        return self.answer


def test_the_program_goes_in_on_stdin_and_never_on_the_command_line() -> None:
    remote = OneAnswer({"stdout": " {}\r\n"})
    answer = WindowsLauncher(remote).run(BASE, f"print('{SECRET}')".encode(), 45.0)
    assert (answer.output, answer.in_time, answer.failure) == (b"{}", True, "")
    assert remote.asked == [
        ("win_command", {"argv": [BASE.python, "-B", "-"], "stdin": f"print('{SECRET}')"}),
    ]


def test_a_failure_gives_the_exit_code_and_none_of_the_program() -> None:
    remote = OneAnswer({"failed": True, "msg": f"Traceback: {SECRET}", "rc": 3})
    answer = WindowsLauncher(remote).run(BASE, b"x", 45.0)
    assert answer.failure == f"{BASE.python} cannot be run (exit code 3)."


def test_every_base_runs_as_the_connecting_user() -> None:
    launcher = WindowsLauncher(OneAnswer({}))
    assert launcher.owner(BASE) == (-1, -1)
    assert launcher.python_alone is None
