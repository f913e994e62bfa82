# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write metrics for the textfile collector of node_exporter. Pure.

No timestamps (node_exporter skips a file that has any); the time of the run is a metric of its own.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import verdict_of

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))


def metrics(fleet: Fleet, finished: float) -> str:
    """Return the text of `condafleet.prom`. `finished` is in seconds since 1970."""
    totals = fleet.totals()
    lines = _family("condafleet_hosts", "Hosts of the last run by state.")
    lines += [_line("condafleet_hosts", totals.get(state, 0), state=state) for state in _outcome.STATES]
    lines += _family("condafleet_host_in_order", "1 for a host that is in order after the last run.")
    for one in fleet.outcomes:
        lines.append(_line("condafleet_host_in_order", int(one.state in _outcome.GOOD), host=one.host, state=one.state))
    lines += _family("condafleet_host_channels_unreachable", "Channels that a host does not reach, by verdict.")
    for one in fleet.outcomes:
        verdicts = [verdict_of(row) for row in one.failures]
        for verdict in sorted(set(verdicts)):
            count = verdicts.count(verdict)
            lines.append(_line("condafleet_host_channels_unreachable", count, host=one.host, verdict=verdict))
    lines += _family("condafleet_last_run_timestamp_seconds", "When the last run ended.")
    lines.append(_line("condafleet_last_run_timestamp_seconds", finished))
    return "\n".join(lines) + "\n"


def _family(name: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge"]


def _line(name: str, value: float, **labels: str) -> str:
    pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"


def _escaped(text: t.Any) -> str:
    escaped = str(text)
    for plain, with_backslash in _ESCAPES:
        escaped = escaped.replace(plain, with_backslash)
    return escaped
