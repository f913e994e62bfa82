# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Share what the actions do: validate here, then execute the internal module once on the machine."""

from __future__ import annotations

import base64
import json
import os
import ssl
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Task, pack
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Spec
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_printable,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.types import convert
from ansible_collections.condafleet.proxy.plugins.plugin_utils._no_answer import explained
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.library import missing_library
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import Remote, check_collection

_MODULE = "condafleet.proxy.conda_proxy_host"


class HostAction(ActionBase):
    """Base of the actions."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def validated(self, spec: Spec) -> dict[str, t.Any]:
        """Return the task's options by `spec`, with defaults. Null and an empty text mean that an option is not set.

        Raises InvalidSettingError for a value, and AnsibleActionFail for an option that does not exist.
        """
        given = convert(spec, {key: _plain(value) for key, value in self._task.args.items()})
        result = ArgumentSpecValidator(spec).validate(given)
        if result.error_messages:
            raise AnsibleActionFail("; ".join(result.error_messages))  # about names: each value has its type by now
        return t.cast("t.Dict[str, t.Any]", result.validated_parameters)

    def check_text(self) -> None:
        """Raise InvalidSettingError for credentials that are no text any more: `0123` is 83 by now."""
        for name in ("username", "password"):
            value = _plain(self._task.args.get(name))
            if value is not None and not isinstance(value, str):
                raise InvalidSettingError(name, "is not text, so YAML may have changed it already", "put it in quotes")

    def find_file(
        self, option: str, options: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any], directory: str
    ) -> str:
        """Return the path of a file of the control node: where Ansible looks for it, or beside the inventory.

        The collection's own playbooks are in no directory of the user's. Within a directory of inventories Ansible
        would read the file as one more, so that its parent is looked at too. Raises InvalidSettingError.
        """
        name = options[option]
        check_printable(option, name)
        try:
            return str(self._find_needle(directory, name))
        except AnsibleError:
            inventory = task_vars.get("inventory_dir") or ""
            for folder in (inventory, os.path.dirname(inventory)):
                for path in (os.path.join(folder, name), os.path.join(folder, directory, name)):
                    if folder and os.path.exists(path):
                        return path
            fix = (
                f"give its absolute path, or put it in {directory}/ beside the playbook or beside the directory of the "
                "inventory"
            )
            raise InvalidSettingError(option, "names a file that is not on the control node", fix) from None

    def read_ca_bundle(self, options: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any]) -> str | None:
        """Return the text of `ca_bundle_src`, or None where that is not set. Raises InvalidSettingError."""
        # beside the text it is refused later, with the better reason: in AWX there may be no such file
        if not options["ca_bundle_src"] or options["ca_bundle_content"]:
            return None
        path = self.find_file("ca_bundle_src", options, task_vars, "files")
        try:
            with open(path, encoding="ascii", errors="replace") as stream:
                return stream.read()
        except OSError as exc:
            reason = f"names a file that cannot be read ({exc.strerror})"
            raise InvalidSettingError("ca_bundle_src", reason, "name a PEM file") from None

    def check_windows(self) -> None:
        """Raise InvalidSettingError or AnsibleActionFail for what a Windows host needs and the control node has not."""
        if not self.windows:
            return
        check_collection(self)
        missing = missing_library(self._connection.transport)
        if missing:
            raise InvalidSettingError("ansible_connection", *missing)

    def remote(self, task_vars: dict[str, t.Any]) -> t.Callable[[t.Callable[[str], str]], Remote]:
        """Return what makes the Remote of a Windows host, given what masks secrets."""
        self.check_windows()
        return lambda clean: Remote(self, task_vars, clean)

    def with_roots(
        self, run: t.Callable[[CaBundle | None], dict[str, t.Any]], ca_bundle: CaBundle | None
    ) -> dict[str, t.Any]:
        """Return what `run` answers; it runs again with the control node's CA roots where the machine has none.

        Raises InvalidSettingError.
        """
        answer = run(ca_bundle)
        if answer.get("needs") == "ca_roots" and ca_bundle is not None:
            option = "ca_bundle_src" if self._task.args.get("ca_bundle_src") else "ca_bundle_content"
            answer = run(ca_bundle._replace(roots=_own_roots(option)))
        return answer

    @property
    def windows(self) -> bool:
        """Whether this host is Windows. Known before anything connects."""
        return bool(getattr(self._connection._shell, "_IS_WINDOWS", False))  # noqa: SLF001  # as ansible-core's own actions ask

    def on_machine(self, task_vars: dict[str, t.Any], task: Task) -> dict[str, t.Any]:
        """Return what the machine answers to `task`.

        The task travels as one base64 string, which Ansible keeps out of logs, argv and the environment.
        """
        payload = base64.b64encode(json.dumps(pack(task)).encode()).decode()
        answer: dict[str, t.Any] = self._execute_module(
            module_name=_MODULE, module_args={"payload": payload}, task_vars=task_vars
        )
        answer.pop("invocation", None)  # one masked string, of no use to anybody
        return explained(answer)


def _plain(value: t.Any) -> t.Any:
    """Return `value` with the text of each inline `!vault`: before ansible-core 2.19 it is an object that is no text."""
    if getattr(value, "__ENCRYPTED__", False):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _own_roots(option: str) -> str:
    """Return the control node's CA roots, for a machine that has none. Raises InvalidSettingError."""
    path = ssl.get_default_verify_paths().cafile
    if not path:
        raise InvalidSettingError(
            option,
            "cannot be joined: neither the machine nor this control node has CA roots",
            "install ca-certificates",
        )
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()
