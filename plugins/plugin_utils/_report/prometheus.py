# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write metrics for the textfile collector of node_exporter. Pure.

No timestamps (node_exporter skips a file that has any); the time of the run is a metric of its own.
"""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import verdict_of

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))


def metrics(fleet: Fleet, finished: float, seen: t.Mapping[str, Seen]) -> str:
    """Return the text of `condafleet.prom`. `finished` is in seconds since 1970; `seen`: with this run."""
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
    known = {one.host: seen.get(one.host, Seen()) for one in fleet.outcomes}
    for what in ("reached", "proven"):
        name = f"condafleet_host_last_{what}_timestamp_seconds"
        lines += _family(name, f"When a host was last {what}.")
        for host, one_seen in known.items():
            if getattr(one_seen, what):
                lines.append(_line(name, _seconds(getattr(one_seen, what)), host=host))
    lines += _family("condafleet_host_drift_total", "How often drift began on a host.", "counter")
    lines += [_line("condafleet_host_drift_total", one_seen.drift_total, host=host) for host, one_seen in known.items()]
    lines += _family("condafleet_last_run_timestamp_seconds", "When the last run ended.")
    lines.append(_line("condafleet_last_run_timestamp_seconds", finished))
    return "\n".join(lines) + "\n"


def _seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


def _family(name: str, text: str, kind: str = "gauge") -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _line(name: str, value: float, **labels: str) -> str:
    pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"


def _escaped(text: t.Any) -> str:
    escaped = str(text)
    for plain, with_backslash in _ESCAPES:
        escaped = escaped.replace(plain, with_backslash)
    return escaped
