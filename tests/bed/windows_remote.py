# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's modules without Ansible in between: hundreds of whole runs in the time of one playbook.

What Ansible does on the way is shown by the tests that play; here only the order of the executions counts.
"""

from __future__ import annotations

import hashlib
import importlib
import ntpath
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine, Refused
from tests.stubs.ansible_windows.plugins.module_utils.standin import Call, Failed

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]

_STUBS = "tests.stubs.ansible_windows.plugins.modules."
_WITHOUT_CHECK_MODE = ("win_acl", "win_command")
_TEXT = {"type": "str"}
_INTERNAL = {"win_file": {"_original_basename": _TEXT}, "win_command": {"_raw_params": _TEXT}}


class Cut(BaseException):
    """The control node is gone: no handler of ours may run on it."""


class Lost(Exception):
    """The connection is gone: handlers run, and reach nothing."""


class DirectRemote(Remote):
    """`state` is the stand-in's. Execution number `cut_after` + 1 raises `cut`; `before` runs ahead of a number."""

    def __init__(
        self,
        state: Json,
        cut_after: int | None = None,
        cut: type[BaseException] = Cut,
        before: tuple[int, Callable[[Machine], None]] | None = None,
    ) -> None:
        self.state = state
        self.log: list[str] = []
        self._cut_after = cut_after
        self._cut = cut
        self._before = before
        self._clean: Callable[[str], str] = str

    def made_for(self, clean: Callable[[str], str]) -> Remote:
        """What an action hands to a task."""
        self._clean = clean
        return self

    def module(self, name: str, /, check_mode: bool = False, **arguments: Any) -> Json:
        return self._execute(name, check_mode, arguments)

    def copy(self, data: bytes, dest: str) -> None:
        """What the real action does: ask, then send."""
        with tempfile.TemporaryDirectory(prefix="ansible-tmp-") as folder:
            source = Path(folder, "source")
            source.write_bytes(data)
            checksum = hashlib.sha1(data).hexdigest()
            entry = {"src": str(source), "dest": ntpath.basename(dest), "checksum": checksum}
            query = {"dest": ntpath.dirname(dest), "_copy_mode": "query", "files": [entry], "force": True}
            if self._execute("win_copy", False, query)["files"]:
                self._execute("win_copy", False, {"src": str(source), "dest": dest, "_copy_mode": "single"})

    def _execute(self, name: str, check_mode: bool, arguments: Json) -> Json:
        number = len(self.log) + 1
        if self._cut_after is not None and number > self._cut_after:
            raise self._cut
        self.log.append(name)
        machine = Machine(self.state)
        if self._before and self._before[0] == number:
            self._before[1](machine)
        module = importlib.import_module(_STUBS + name)
        spec = {**self.state["options"][name], **getattr(module, "INTERNAL", _INTERNAL.get(name, {}))}
        checked = ArgumentSpecValidator(spec).validate(arguments)
        assert not checked.error_messages, (name, checked.error_messages)
        assert not (check_mode and name in _WITHOUT_CHECK_MODE), name
        params = SimpleNamespace(params=checked.validated_parameters, check_mode=check_mode, _diff=False)
        body = getattr(module, name.removeprefix("win_").removeprefix("acl_"))
        try:
            result: Json = {"changed": False, **body(Call(params, machine))}
        except Failed as failed:
            result = {"failed": True, "msg": str(failed), **failed.result}
        except Refused as refused:
            result = {"failed": True, "msg": f"Unhandled exception while executing module: {refused}"}
        if result.get("failed"):
            raise ModuleFailed(f"{name}: {self._clean(result['msg'])}", result)
        return result
