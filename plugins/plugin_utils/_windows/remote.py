# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run modules of ansible.windows from an action, quietly: what they return in clear goes nowhere but to the caller."""

from __future__ import annotations

import os
import tempfile
import typing as t

from ansible.constants import DEFAULT_LOCAL_TMP
from ansible.errors import AnsibleActionFail

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

Result = t.Dict[str, t.Any]
_COLLECTION = "ansible.windows"


class ModuleFailed(MachineError):
    """A module said that it failed; `result` is what it returned, secrets and all."""

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result


class Remote:
    """One Windows host, by way of the `action` that works on it. `clean` masks secrets in what the modules say."""

    def __init__(self, action: ActionBase, task_vars: dict[str, t.Any], clean: t.Callable[[str], str]) -> None:
        self._action = action
        self._task_vars = task_vars
        self._clean = clean
        # the ssh connection shows under -vvv what a module answers, unless the play's context says no_log
        for context in (action._play_context, action._connection._play_context):  # noqa: SLF001
            context.no_log = True

    def module(self, name: str, /, check_mode: bool = False, **arguments: t.Any) -> Result:
        """Run `ansible.windows.<name>` once. Raises ModuleFailed with the module's own sentence."""
        answer = self._handler("ansible.legacy.normal", check_mode, arguments)._execute_module(  # noqa: SLF001
            module_name=f"{_COLLECTION}.{name}", module_args=arguments, task_vars=self._task_vars
        )
        return self._checked(name, answer)

    def copy(self, data: bytes, dest: str) -> None:
        """Make a file, byte for byte. Not by win_copy's `content`, which takes text alone."""
        handle, src = tempfile.mkstemp(prefix="condafleet-", dir=DEFAULT_LOCAL_TMP)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            # decrypt: what begins as a vaulted text does is the user's text all the same
            arguments = {"src": src, "dest": dest, "decrypt": False}
            answer = self._handler(f"{_COLLECTION}.win_copy", False, arguments).run(task_vars=self._task_vars)
        finally:
            os.unlink(src)
        self._checked("win_copy", answer)

    def cmd(self, command: str, *paths: str) -> None:
        """Run a command that cmd.exe has built in, on paths."""
        for path in paths:
            if "%" in path or '"' in path:
                raise MachineError(f"{path}: cmd.exe would change this path (it has a % or a quote); choose another")
        quoted = " ".join(f'"{path}"' for path in paths)
        try:
            self.module("win_command", cmd=f'cmd.exe /d /s /c "{command} {quoted}"')
        except ModuleFailed as exc:
            reason = " ".join(str(exc.result.get("stderr") or exc.result.get("msg") or "").split())
            raise MachineError(f"{command.split(maxsplit=1)[0]} {paths[-1]}: {self._clean(reason)}") from None

    def _handler(self, name: str, check_mode: bool, arguments: dict[str, t.Any]) -> t.Any:
        """Return an action of its own: with no_log a module writes its arguments into no log, on the machine either."""
        action = self._action
        task = action._task.copy()  # noqa: SLF001  # what an action runs on, ansible-core offers by these names only
        task.args, task.no_log, task.check_mode, task.diff, task.async_val = arguments, True, check_mode, False, 0
        loader = action._shared_loader_obj.action_loader  # noqa: SLF001
        return loader.get(
            name,
            task=task,
            connection=action._connection,  # noqa: SLF001
            play_context=action._play_context,  # noqa: SLF001
            loader=action._loader,  # noqa: SLF001
            templar=action._templar,  # noqa: SLF001
            shared_loader_obj=action._shared_loader_obj,  # noqa: SLF001
        )

    def _checked(self, name: str, answer: Result) -> Result:
        if answer.get("failed") or answer.get("skipped"):
            message = answer.get("msg") or "no reason given"
            raise ModuleFailed(f"{name}: {self._clean(str(message))}", answer)
        return answer


def check_collection(action: ActionBase) -> None:
    """Fails where ansible.windows is not installed: only Windows hosts need it."""
    if not action._shared_loader_obj.module_loader.has_plugin(f"{_COLLECTION}.win_regedit"):  # noqa: SLF001
        raise AnsibleActionFail(
            "this host is Windows, which needs the collection ansible.windows on the control node; "
            "run: ansible-galaxy collection install ansible.windows"
        )
