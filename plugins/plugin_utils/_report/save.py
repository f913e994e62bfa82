# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the files that a run leaves."""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import files, history, last_seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.document import document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.junit import junit
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.page import page
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.prometheus import metrics

_REMAINING = "remaining.txt"
_HOSTS = "hosts.json"


class Directories(t.NamedTuple):
    """Where the files go; empty: nowhere."""

    report: str
    metrics: str

    @property
    def state(self) -> str:
        """The path of what is known of the hosts from run to run; empty without a directory."""
        directory = self.report or self.metrics
        return os.path.join(directory, _HOSTS) if directory else ""


class Times(t.NamedTuple):
    """When a run began and ended (ISO 8601, UTC), and whether it came to its end."""

    started: str
    finished: str
    complete: bool


def hosts_after(fleet: Fleet, directories: Directories, finished: str) -> dict[str, Seen]:
    """Return what is known of the hosts with this run. Raises OSError."""
    before = last_seen.read(files.read(directories.state)) if directories.state else {}
    return last_seen.with_run(before, fleet.outcomes, finished)


def save(fleet: Fleet, directories: Directories, times: Times, seen: t.Mapping[str, Seen]) -> str:
    """Write the files; return the path of the list of hosts for a second run, empty if none is left. Raises OSError."""
    remaining = fleet.remaining()
    path = os.path.join(directories.report or os.getcwd(), _REMAINING)
    if remaining:
        files.write(path, "".join(host + "\n" for host in remaining))
    else:
        files.remove(path)
    if directories.state:
        files.write(directories.state, last_seen.write(seen))
    if directories.report:
        _save_report(fleet, directories.report, times, seen)
    if directories.metrics:
        files.write(os.path.join(directories.metrics, "condafleet.prom"), metrics(fleet, time.time(), seen))
    return path if remaining else ""


def _save_report(fleet: Fleet, directory: str, times: Times, seen: t.Mapping[str, Seen]) -> None:
    started, finished, complete = times
    report = document(fleet, started, finished, complete, seen)
    files.write(os.path.join(directory, "report.json"), json.dumps(report, indent=1) + "\n")
    files.write(os.path.join(directory, "junit.xml"), junit(fleet))
    past = history.with_run(files.read(os.path.join(directory, "history.jsonl")), fleet, finished)
    files.write(os.path.join(directory, "history.jsonl"), past)
    text = page(fleet, finished, complete, history.read(past), seen)
    files.write(os.path.join(directory, "report.html"), text)
