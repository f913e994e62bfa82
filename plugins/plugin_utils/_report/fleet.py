# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Collect the outcomes of all hosts of one run. Pure."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import (
    Outcome,
    Result,
    joined,
    outcome_of,
)

_NOT_BEGUN = "the run did not get to this host"


class Fleet:
    """The hosts of a run, by name."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self.stopped = ""  # why the rollout was stopped before a ring
        self._failed_before: dict[str, Result] = {}

    def add(self, host: str, result: Result, check_mode: bool = False) -> None:
        """Add the result of a host's task, to those of its earlier ones. A check of the settings alone is no outcome."""
        before = self._outcomes.get(host)
        if result.get("preflight") and not result.get("failed"):
            self._outcomes.setdefault(host, Outcome(host, _outcome.NOT_BEGUN, _NOT_BEGUN))
            return
        found = outcome_of(host, result, check_mode)
        if before is not None and before.state != _outcome.NOT_BEGUN:
            found = joined(before, found)
        self._outcomes[host] = found

    def add_other_task(self, host: str, result: Result) -> None:
        """Add the failure of a task of somebody else: if the settings' task never comes, this is why."""
        self._failed_before[host] = result

    def end(self, missed: t.Iterable[str]) -> None:
        """Add hosts that the task of the settings should have got to. A run without that task gets no report."""
        if not self._outcomes:
            return
        for host in missed:
            if host not in self._outcomes:
                failed = self._failed_before.get(host)
                self._outcomes[host] = (
                    outcome_of(host, failed) if failed else Outcome(host, _outcome.NOT_BEGUN, _NOT_BEGUN)
                )

    @property
    def begun(self) -> bool:
        """Whether there is more to say than that settings were checked."""
        return any(one.state != _outcome.NOT_BEGUN for one in self._outcomes.values())

    @property
    def failed_before(self) -> frozenset[str]:
        """Return the hosts on which a task of somebody else failed."""
        return frozenset(self._failed_before)

    @property
    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[host] for host in sorted(self._outcomes)]

    def totals(self) -> dict[str, int]:
        """Return the number of hosts by state, the worst state first; states without a host are left out."""
        counts = collections.Counter(one.state for one in self.outcomes)
        return {state: counts[state] for state in _outcome.STATES if counts[state]}

    def remaining(self) -> list[str]:
        """Return the hosts that a second run must take."""
        return [one.host for one in self.outcomes if one.state in _outcome.LEFT]
