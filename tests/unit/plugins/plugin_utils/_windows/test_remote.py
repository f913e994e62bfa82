# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of ansible.windows, run from an action: quietly, and with their own sentence when they fail."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.constants import DEFAULT_LOCAL_TMP
from ansible.errors import AnsibleActionFail

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import (
    ModuleFailed,
    Remote,
    check_collection,
)
from tests.bed.settings import SECRET


class Task:
    """As far as a handler takes one."""

    def __init__(self) -> None:
        self.args: dict[str, Any] = {}
        self.no_log = False
        self.check_mode = True
        self.diff = True
        self.async_val = 60

    def copy(self) -> Task:
        return Task()


class Bed:
    """An action whose handlers give `answer` and keep what they were asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.tasks: list[Task] = []
        self.handlers: list[str] = []
        self.modules: list[tuple[str, dict[str, Any]]] = []
        self.files: list[bytes] = []
        self.sources: list[str] = []
        context = SimpleNamespace(no_log=False)
        self.contexts = [context, SimpleNamespace(no_log=False)]
        self.action = SimpleNamespace(
            _task=Task(),
            _play_context=context,
            _connection=SimpleNamespace(_play_context=self.contexts[1]),
            _loader=None,
            _templar=None,
            _shared_loader_obj=SimpleNamespace(action_loader=SimpleNamespace(get=self._handler)),
        )
        self.remote = Remote(self.action, {}, lambda text: text.replace(SECRET, "***"))

    def _handler(self, name: str, task: Task, **_rest: Any) -> Any:
        self.handlers.append(name)
        self.tasks.append(task)
        return SimpleNamespace(_execute_module=self._execute, run=self._run)

    def _execute(self, module_name: str, module_args: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        self.modules.append((module_name, module_args))
        return self.answer

    def _run(self, **_rest: Any) -> dict[str, Any]:
        source = self.tasks[-1].args["src"]
        self.sources.append(source)
        with open(source, "rb") as stream:
            self.files.append(stream.read())
        return self.answer


def test_a_module_runs_with_no_log_and_without_the_tasks_own_modes() -> None:
    bed = Bed({"exists": True})
    assert bed.remote.module("win_stat", path="C:\\x") == {"exists": True}
    assert bed.modules == [("ansible.windows.win_stat", {"path": "C:\\x"})]
    task = bed.tasks[0]
    assert (task.no_log, task.check_mode, task.diff, task.async_val) == (True, False, False, 0)
    assert all(context.no_log for context in bed.contexts), "-vvv would show what a module answers"


def test_check_mode_is_for_those_who_ask_for_it() -> None:
    bed = Bed({})
    bed.remote.module("win_regedit", check_mode=True)
    assert bed.tasks[0].check_mode


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"failed": True, "msg": f"no: {SECRET}"}, "win_stat: no: ***"),
        ({"failed": True}, "win_stat: no reason given"),
        ({"skipped": True, "msg": "not in check mode"}, "win_stat: not in check mode"),
    ],
)
def test_a_failure_is_the_modules_own_sentence_without_secrets(answer: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed) as raised:
        Bed(answer).remote.module("win_stat")
    assert str(raised.value) == message
    assert raised.value.result == answer


@pytest.mark.parametrize("answer", [{}, {"failed": True, "msg": "full"}])
def test_a_copy_sends_bytes_as_they_are_and_leaves_no_file_here(answer: dict[str, Any]) -> None:
    bed = Bed(answer)
    data = b"$ANSIBLE_VAULT;1.1\r\n\xff\0"
    if answer:
        with pytest.raises(ModuleFailed, match="win_copy: full"):
            bed.remote.copy(data, "C:\\x")
    else:
        bed.remote.copy(data, "C:\\x")
    assert bed.files == [data]
    assert bed.handlers == ["ansible.windows.win_copy"]
    assert (bed.tasks[0].args["dest"], bed.tasks[0].args["decrypt"]) == ("C:\\x", False)
    assert os.path.dirname(bed.sources[0]) == DEFAULT_LOCAL_TMP
    assert not os.path.exists(bed.sources[0])


def test_a_command_quotes_its_paths() -> None:
    bed = Bed({})
    bed.remote.cmd("move /y", "C:\\Program Files\\a", "C:\\b")
    assert bed.modules[0][1] == {"cmd": 'cmd.exe /d /s /c "move /y "C:\\Program Files\\a" "C:\\b""'}


@pytest.mark.parametrize("path", ["C:\\%PATH%", 'C:\\a"b'])
def test_a_path_that_cmd_would_change_is_refused(path: str) -> None:
    bed = Bed({})
    with pytest.raises(MachineError, match=r"cmd\.exe would change this path"):
        bed.remote.cmd("rd", path)
    assert bed.modules == []


def test_a_command_that_fails_names_the_path_and_the_reason() -> None:
    bed = Bed({"failed": True, "msg": "non-zero return code", "stderr": f"Access \r\n is denied: {SECRET}"})
    with pytest.raises(MachineError) as raised:
        bed.remote.cmd("move /y", "C:\\a", "C:\\b")
    assert str(raised.value) == "move C:\\b: Access is denied: ***"


@pytest.mark.parametrize("installed", [True, False])
def test_a_windows_host_needs_the_collection(installed: bool) -> None:
    loader = SimpleNamespace(module_loader=SimpleNamespace(has_plugin=lambda _name: installed))
    action: Any = SimpleNamespace(_shared_loader_obj=loader)
    if installed:
        check_collection(action)
    else:
        with pytest.raises(AnsibleActionFail, match=r"ansible-galaxy collection install ansible\.windows"):
            check_collection(action)
