# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report what became of every host of a run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
type: notification
short_description: Report what became of every host, as a summary and as files
version_added: 1.1.0
author:
  - condafleet.proxy contributors (@condafleet)
description:
  - >-
    Prints a summary after a run with M(condafleet.proxy.conda_proxy): totals, a line for each host that is not in order
    with the reason and the remedy, and the hosts without conda. It also does so when the run was interrupted.
  - Writes C(remaining.txt), the hosts that a second run must take, for C(--limit @remaining.txt).
  - >-
    The playbooks of the collection load it by themselves. For a playbook of your own, name it in C(callbacks_enabled).
  - A run without M(condafleet.proxy.conda_proxy) gets no report.
options:
  report_dir:
    description:
      - >-
        The directory for C(report.html), C(report.json), C(junit.xml), C(history.jsonl) and C(remaining.txt). Without it
        only C(remaining.txt) is written, into the working directory.
      - The extra variable C(conda_proxy_report_dir) comes first.
    type: path
    env:
      - name: CONDA_PROXY_REPORT_DIR
    ini:
      - section: condafleet
        key: report_dir
  metrics_dir:
    description:
      - The directory of the textfile collector of node_exporter, for C(condafleet.prom).
      - The extra variable C(conda_proxy_metrics_dir) comes first.
    type: path
    env:
      - name: CONDA_PROXY_METRICS_DIR
    ini:
      - section: condafleet
        key: metrics_dir
"""

import atexit
import datetime as dt
import json
import os
import time
import typing as t

from ansible.plugins.callback import CallbackBase

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import files, history
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.document import document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.junit import junit
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.page import page
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.prometheus import metrics
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import summary
from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.gate import end_of_rollout

_TASK = "condafleet.proxy.conda_proxy"
_GATE = "condafleet.proxy.conda_proxy_rollout"
_REMAINING = "remaining.txt"
_loaded: list[t.Any] = []  # by the playbooks' own directory and by name: the first one reports


class CallbackModule(CallbackBase):
    """See the documentation."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "condafleet.proxy.fleet_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display: t.Any = None, options: t.Any = None) -> None:
        super().__init__(display, options)
        self._fleet = Fleet()
        self._extra: t.Mapping[str, t.Any] = {}
        self._started = _now()
        self._complete = False
        self._done = bool(_loaded)
        _loaded.append(self)

    def v2_playbook_on_start(self, playbook: t.Any) -> None:  # noqa: ARG002
        """Report at the end of the process too: an interrupted run has no statistics."""
        atexit.register(self._report)

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._extra = play.get_variable_manager().extra_vars

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._add(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        if _action(result._task) == _GATE and "state" not in result._result:  # noqa: SLF001
            self._fleet.stopped = " ".join(str(result._result.get("msg", "")).split())  # noqa: SLF001
        self._add(result, failed=True)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._add(result, unreachable=True)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:  # noqa: ARG002
        self._complete = True
        self._report()

    def _add(self, result: t.Any, **more: bool) -> None:
        task = result._task  # noqa: SLF001  # what callbacks have on every supported ansible-core
        if _action(task) == _TASK:
            # ansible-core 2.19 leaves out what the name of the method says
            self._fleet.add(result._host.get_name(), {**result._result, **more}, bool(task.check_mode))  # noqa: SLF001

    def _report(self) -> None:
        if self._done or not self._fleet.outcomes:
            return
        self._done = True
        self._fleet.stopped = self._fleet.stopped or end_of_rollout(self._fleet.outcomes)
        self._display.banner("CONDA FLEET")
        for line in summary(self._fleet):
            self._display.display(line)
        try:
            self._write_files()
        except OSError as exc:
            self._display.warning(f"the report cannot be written: {exc.filename}: {exc.strerror}")

    def _write_files(self) -> None:
        directory, metrics_directory = self._directory("report_dir"), self._directory("metrics_dir")
        remaining = self._fleet.remaining()
        path = os.path.join(directory or os.getcwd(), _REMAINING)
        if remaining:
            files.write(path, "".join(host + "\n" for host in remaining))
            self._display.display(f"  {len(remaining)} left for a second run: --limit @{path}")
        else:
            files.remove(path)
        if directory:
            report = document(self._fleet, self._started, _now(), self._complete)
            files.write(os.path.join(directory, "report.json"), json.dumps(report, indent=1) + "\n")
            files.write(os.path.join(directory, "junit.xml"), junit(self._fleet))
            past = history.with_run(
                files.read(os.path.join(directory, "history.jsonl")), self._fleet, report["finished"]
            )
            files.write(os.path.join(directory, "history.jsonl"), past)
            text = page(self._fleet, report["finished"], self._complete, history.read(past))
            files.write(os.path.join(directory, "report.html"), text)
        if metrics_directory:
            files.write(os.path.join(metrics_directory, "condafleet.prom"), metrics(self._fleet, time.time()))

    def _directory(self, name: str) -> str:
        try:
            option = self.get_option(name)
        except KeyError:  # loaded from a directory of playbooks, where Ansible reads no documentation
            option = os.environ.get(f"CONDA_PROXY_{name.upper()}")
        return os.path.expanduser(str(self._extra.get(f"conda_proxy_{name}") or option or ""))


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")


def _action(task: t.Any) -> str:
    """Return the full name of a task's action, also where a playbook uses the short one."""
    return str(getattr(task, "resolved_action", None) or task.action)
