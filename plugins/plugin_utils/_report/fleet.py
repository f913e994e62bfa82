# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Collect the outcomes of all hosts of one run. Pure."""

from __future__ import annotations

import collections

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome, Result, outcome_of


class Fleet:
    """The hosts of a run, by name."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self.stopped = ""  # why the rollout was stopped before a ring

    def add(self, host: str, result: Result, check_mode: bool = False) -> None:
        """Add the result of a host's task; a later one replaces it. A check of the settings alone is no outcome."""
        if result.get("preflight"):
            self._outcomes.setdefault(host, Outcome(host, _outcome.NOT_BEGUN, "the run did not get to this host"))
        else:
            self._outcomes[host] = outcome_of(host, result, check_mode)

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
