# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print a run on hundreds of hosts in a few lines."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
type: stdout
short_description: Print a run on hundreds of hosts in a few lines
version_added: 1.1.0
author:
  - condafleet.proxy contributors (@condafleet)
description:
  - >-
    For a terminal: a host that failed or was not reached is one line, its message. The other hosts of a task are a
    number in one line that counts up in place.
  - >-
    Where the output is no terminal, under ansible-runner, and with C(-v), it prints what P(ansible.builtin.default#callback)
    prints.
  - Diffs and warnings are printed as there.
requirements:
  - Set it as C(stdout_callback) in the configuration.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""

import collections
import os
import sys
import typing as t

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.play_hosts import play_hosts

_ERASE = "\r\033[K"
_RUNNER = "AWX_ISOLATED_DATA_DIR"  # ansible-runner sets it, and says that its output is a terminal


class CallbackModule(DefaultCallback):
    """See the documentation."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "condafleet.proxy.fleet"

    def __init__(self) -> None:
        super().__init__()
        self._in_place = sys.stdout.isatty() and _RUNNER not in os.environ and not self._display.verbosity
        self._total = 0
        self._hosts: dict[str, dict[str, str]] = {}  # of the play: task -> host -> what became of it
        self._drawn = False

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._erase()
        self._hosts = {}
        self._total = len(play_hosts(play))
        super().v2_playbook_on_play_start(play)

    def _task_start(self, task: t.Any, prefix: t.Any = None) -> None:
        self._keep()
        super()._task_start(task, prefix)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        # a loop, and a task such as debug, which is there for what it prints
        if not self._in_place or result._task.loop or self._run_is_verbose(result):  # noqa: SLF001  # on every ansible-core
            self._erase()
            super().v2_runner_on_ok(result)
            return
        self._begin(result)
        self._handle_warnings(result._result)  # noqa: SLF001
        self._count(result, "changed" if result._result.get("changed") else "ok")  # noqa: SLF001

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        if self._in_place and self.get_option("display_skipped_hosts"):
            self._begin(result)
            self._count(result, "skipped")
        else:
            super().v2_runner_on_skipped(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        if not self._in_place or result._task.loop:  # noqa: SLF001
            self._erase()
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._begin(result)
        self._handle_warnings(result._result)  # noqa: SLF001
        self._say(result, "ignored" if ignore_errors else "failed", ignore_errors)
        self._count(result, "ok" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        if not self._in_place:
            super().v2_runner_on_unreachable(result)
            return
        self._begin(result)
        self._say(result, "not reached")
        self._count(result, "not reached")

    def v2_on_file_diff(self, result: t.Any) -> None:
        self._erase()
        super().v2_on_file_diff(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._keep()
        super().v2_playbook_on_stats(stats)

    def _begin(self, result: t.Any) -> None:
        """Take the count away, and print the name of the task if that was left out until now."""
        self._erase()
        if self._last_task_banner != result._task._uuid:  # noqa: SLF001
            self._print_task_banner(result._task)  # noqa: SLF001

    def _say(self, result: t.Any, what: str, ignored: bool = False) -> None:
        found = result._result  # noqa: SLF001
        texts = [str(found.get("msg", "no message"))]
        # the message of a command that failed is its exit code
        texts += [
            str(found[name]).strip().splitlines()[-1]
            for name in ("module_stderr", "stderr")
            if str(found.get(name) or "").strip()
        ]
        message = " ".join("; ".join(texts).split())
        color = constants.COLOR_SKIP if ignored else constants.COLOR_ERROR
        self._display.display(f"{what}: [{result._host.get_name()}]: {message}", color=color)  # noqa: SLF001

    def _count(self, result: t.Any, what: str) -> None:
        hosts = self._hosts.setdefault(result._task._uuid, {})  # noqa: SLF001  # a ring goes on counting
        hosts[result._host.get_name()] = what  # noqa: SLF001
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(collections.Counter(hosts.values()).items()))
        self._display.display(
            f"{_ERASE}{len(hosts)} of {max(self._total, len(hosts))} hosts: {counts}\r", screen_only=True, newline=False
        )
        self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            self._display.display(_ERASE, screen_only=True, newline=False)
            self._drawn = False

    def _keep(self) -> None:
        """Leave the last count where it is, and go on below it."""
        if self._drawn:
            self._display.display("", screen_only=True)
            self._drawn = False
