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
  - While the run goes on, it prints a line now and then with the hosts that are done, not in order and left.
  - Writes C(remaining.txt), the hosts that a second run must take, for C(--limit @remaining.txt).
  - >-
    The playbooks of the collection load it by themselves. For a playbook of your own, name it in C(callbacks_enabled).
  - A run without M(condafleet.proxy.conda_proxy) gets no report.
options:
  report_dir:
    description:
      - >-
        The directory for C(report.html), C(report.json), C(junit.xml), C(history.jsonl), C(hosts.json) and
        C(remaining.txt). Without it only C(remaining.txt) is written, into the working directory.
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
  proof:
    description:
      - Whether a table of all proofs comes before the summary.
      - The extra variable C(conda_proxy_report_proof) comes first.
    type: bool
    default: false
    env:
      - name: CONDA_PROXY_REPORT_PROOF
    ini:
      - section: condafleet
        key: report_proof
  progress:
    description:
      - How many seconds lie between two lines of progress, at least. V(0) prints none.
      - The extra variable C(conda_proxy_report_progress) comes first.
    type: int
    default: 30
    env:
      - name: CONDA_PROXY_REPORT_PROGRESS
    ini:
      - section: condafleet
        key: report_progress
"""

import atexit
import datetime as dt
import os
import sys
import time
import typing as t

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.play_hosts import play_hosts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.progress import progress
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.proof_table import proof_table
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.save import (
    Directories,
    Times,
    hosts_after,
    save,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import summary
from ansible_collections.condafleet.proxy.plugins.plugin_utils._rollout.gate import end_of_rollout

_TASK = "condafleet.proxy.conda_proxy"
_GATE = "condafleet.proxy.conda_proxy_rollout"
_STDOUT_CALLBACK = "condafleet.proxy.fleet"
_PROGRESS_SECONDS = 30
_loaded: list[t.Any] = []  # by the playbooks' own directory and by name: the first one reports


class _Play:
    """A play: its hosts, those of them that any task ran on, and whether our task is in it."""

    def __init__(self, hosts: t.Sequence[str]) -> None:
        self.hosts = hosts
        self.seen: set[str] = set()
        self.ours = False


class CallbackModule(CallbackBase):
    """See the documentation."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "condafleet.proxy.fleet_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display: t.Any = None, options: t.Any = None) -> None:
        super().__init__(display, options)
        self._fleet = Fleet()
        self._plays: list[_Play] = []
        self._extra: t.Mapping[str, t.Any] = {}
        self._started = _now()
        self._clock = self._said = time.monotonic()
        self._complete = False
        self._done = bool(_loaded)
        _loaded.append(self)

    def v2_playbook_on_start(self, playbook: t.Any) -> None:  # noqa: ARG002
        """Report at the end of the process too: an interrupted run has no statistics."""
        atexit.register(self._report)

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._extra = play.get_variable_manager().extra_vars
        self._plays.append(_Play(play_hosts(play)))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._add(result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._see(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        if _action(result._task) == _GATE and "state" not in result._result:  # noqa: SLF001
            self._fleet.stopped = " ".join(str(result._result.get("msg", "")).split())  # noqa: SLF001
        self._add(result, failed=True, ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._add(result, unreachable=True)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:  # noqa: ARG002
        self._complete = True
        self._report()

    def _add(self, result: t.Any, ignored: bool = False, **more: bool) -> None:
        task, host = result._task, result._host.get_name()  # noqa: SLF001  # what callbacks have on every ansible-core
        # ansible-core 2.19 leaves out what the name of the method says
        found = {**result._result, **more}  # noqa: SLF001
        play = self._see(result)
        if _action(task) == _TASK:
            play.ours = True
            self._fleet.add(host, found, bool(task.check_mode))
            if not found.get("preflight"):
                self._say_progress()
        elif more and not ignored and _action(task) != _GATE:
            self._fleet.add_other_task(host, found)

    def _see(self, result: t.Any) -> _Play:
        if not self._plays:
            self._plays.append(_Play([]))
        self._plays[-1].seen.add(result._host.get_name())  # noqa: SLF001
        return self._plays[-1]

    def _missed(self) -> t.Iterator[str]:
        """Yield the hosts of plays with our task that it did not get to: a task failed before, or a ring never began."""
        failed = self._fleet.failed_before
        for play in self._plays:
            for host in play.hosts if play.ours else ():
                if host in failed or host not in play.seen or not self._complete:
                    yield host

    def _say_progress(self) -> None:
        wait = int(self._extra.get("conda_proxy_report_progress", self._option("progress", _PROGRESS_SECONDS)))
        now = time.monotonic()
        if self._done or not wait or now - self._said < wait or _counts_in_place():
            return
        self._said = now
        # a whole line: anything else garbles what another callback is printing
        self._display.display(f"conda fleet: {progress(self._fleet, self._total(), now - self._clock)}")

    def _total(self) -> int:
        names = {host for play in self._plays if play.ours for host in play.hosts}
        return len(names | {one.host for one in self._fleet.outcomes})

    def _report(self) -> None:
        self._fleet.end(self._missed())
        if self._done or not self._fleet.outcomes:
            return
        self._done = True
        self._fleet.stopped = self._fleet.stopped or end_of_rollout(self._fleet.outcomes)
        times = Times(self._started, _now(), self._complete)
        directories = Directories(self._directory("report_dir"), self._directory("metrics_dir"))
        try:
            seen = hosts_after(self._fleet, directories, times.finished)
        except OSError as exc:
            self._display.warning(f"what is known of the hosts cannot be read: {exc.filename}: {exc.strerror}")
            seen = {}
        self._display.banner("CONDA FLEET")
        wanted = boolean(self._extra.get("conda_proxy_report_proof", self._option("proof", False)), strict=False)
        for line in [*(proof_table(self._fleet) if wanted else ()), *summary(self._fleet, seen)]:
            self._display.display(line)
        if not self._fleet.begun:
            return  # the files tell of the last run that did something
        try:
            remaining = save(self._fleet, directories, times, seen)
        except OSError as exc:
            self._display.warning(f"the report cannot be written: {exc.filename}: {exc.strerror}")
            return
        if remaining:
            count = len(self._fleet.remaining())
            self._display.display(f"  {count} left for a second run: --limit @{remaining}")
        if directories.report:
            self._display.display(f"  report: {os.path.join(directories.report, 'report.html')}")

    def _directory(self, name: str) -> str:
        return os.path.expanduser(str(self._extra.get(f"conda_proxy_{name}") or self._option(name, "") or ""))

    def _option(self, name: str, default: t.Any) -> t.Any:
        try:
            return self.get_option(name)
        except KeyError:  # loaded from a directory of playbooks, where Ansible reads no documentation
            variable = name if name.endswith("_dir") else f"report_{name}"
            return os.environ.get(f"CONDA_PROXY_{variable.upper()}", default)


def _counts_in_place() -> bool:
    return constants.DEFAULT_STDOUT_CALLBACK == _STDOUT_CALLBACK and sys.stdout.isatty()


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")


def _action(task: t.Any) -> str:
    """Return the full name of a task's action, also where a playbook uses the short one."""
    return str(getattr(task, "resolved_action", None) or task.action)
