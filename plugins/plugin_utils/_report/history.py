# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Keep one line for every run, at most as many as are shown and some more. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet

MOST = 500  # lines
SHOWN = 90
# what the picture shows of the states
KINDS: t.Mapping[str, tuple[str, ...]] = {
    "in order": (_outcome.IN_ORDER, _outcome.HELD),
    "corrected": (_outcome.CHANGED,),
    "drift or failed": (
        _outcome.DRIFT,
        _outcome.BLOCKED,
        _outcome.FAILED,
        _outcome.ROLLED_BACK,
        _outcome.REFUSED,
    ),
    "not reached": (_outcome.UNREACHABLE, _outcome.OFF_NETWORK, _outcome.NOT_BEGUN),
}


class Past(t.NamedTuple):
    """One run."""

    finished: str
    totals: t.Mapping[str, int]  # hosts by state

    def count(self, kind: str) -> int:
        """Return the number of hosts of one of KINDS."""
        return sum(self.totals.get(state, 0) for state in KINDS[kind])


def read(text: str) -> list[Past]:
    """Return the runs, the oldest first. A line that is damaged is left out."""
    found = []
    for line in text.splitlines():
        try:
            content = json.loads(line)
            totals = {str(state): int(count) for state, count in content["totals"].items()}
            found.append(Past(str(content["finished"]), totals))
        except (ValueError, KeyError, TypeError, AttributeError):  # noqa: PERF203  # one line must not hide the others
            continue
    return found


def with_run(text: str, fleet: Fleet, finished: str) -> str:
    """Return the text with this run as its last line, and without the oldest ones."""
    lines = text.splitlines()
    lines.append(json.dumps({"finished": finished, "totals": fleet.totals()}))
    return "".join(line + "\n" for line in lines[-MOST:])
