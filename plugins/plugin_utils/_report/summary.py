# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the summary that a person reads in ten seconds. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen, readable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome, overruled_text

LABELS: t.Mapping[str, str] = {
    _outcome.UNREACHABLE: "not reached",
    _outcome.REFUSED: "settings refused",
    _outcome.ROLLED_BACK: "rolled back",
    _outcome.FAILED: "failed",
    _outcome.BLOCKED: "channel not reached",
    _outcome.DRIFT: "drift",
    _outcome.OFF_NETWORK: "off the company network",
    _outcome.NOT_BEGUN: "not begun",
    _outcome.HELD: "held",
    _outcome.CHANGED: "changed",
    _outcome.IN_ORDER: "in order",
}
_MOST_NAMES = 8
_WIDEST = 240  # characters of a message


def summary(fleet: Fleet, seen: t.Mapping[str, Seen]) -> list[str]:
    """Return the lines: totals, one line for each host that is not in order, hosts without conda.

    `seen`: with this run.
    """
    outcomes = fleet.outcomes
    if not fleet.begun and not fleet.stopped:
        return [f"{len(outcomes)} {'host' if len(outcomes) == 1 else 'hosts'}: settings checked, nothing else begun"]
    totals = ", ".join(f"{count} {LABELS[state]}" for state, count in fleet.totals().items())
    lines = [f"{len(outcomes)} {'host' if len(outcomes) == 1 else 'hosts'}: {totals}"]
    if fleet.stopped:
        lines.append(fleet.stopped)
    width = max((len(one.host) for one in outcomes), default=0)
    rank = {state: number for number, state in enumerate(_outcome.STATES)}
    for one in sorted(outcomes, key=lambda item: rank[item.state]):
        if one.state not in (*_outcome.GOOD, _outcome.NOT_BEGUN):
            text = _last_reached(one, seen.get(one.host, Seen())) + one.message
            lines.append(f"  {LABELS[one.state]:<20} {one.host:<{width}}  {_short(text)}".rstrip())
        lines += [f"  {'overruled':<20} {one.host:<{width}}  {text}" for text in _overruled(one)]
    for label, found in (
        (LABELS[_outcome.NOT_BEGUN], [one.host for one in outcomes if one.state == _outcome.NOT_BEGUN]),
        ("without conda", [one.host for one in outcomes if one.without_conda]),
    ):
        if found:
            lines.append(f"  {label:<20} {_names(found)}")
    return lines


def _last_reached(one: Outcome, seen: Seen) -> str:
    if one.state != _outcome.UNREACHABLE:
        return ""
    return f"last reached {readable(seen.reached)}: " if seen.reached else ""


def _overruled(one: Outcome) -> list[str]:
    return [overruled_text(row) for row in one.overruled]


def _short(message: str) -> str:
    return message if len(message) <= _WIDEST else message[: _WIDEST - 3] + "..."


def _names(hosts: t.Sequence[str]) -> str:
    more = len(hosts) - _MOST_NAMES
    return ", ".join(hosts[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
