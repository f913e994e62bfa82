# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Keep for every host when it was last reached and last proven, and how often drift came back. Pure."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome

SCHEMA_VERSION = 1
_KEPT_DAYS = 400  # a host that no run names any more is forgotten then
_NOT_ASKED = (_outcome.UNREACHABLE, _outcome.REFUSED, _outcome.NOT_BEGUN, _outcome.HELD)


class Seen(t.NamedTuple):
    """What is known of a host from all runs. Times are ISO 8601 in UTC; empty: never."""

    reached: str = ""
    proven: str = ""
    drift_total: int = 0  # how often drift began
    state: str = ""  # after its last run that reached it
    named: str = ""  # the last run that had this host


def readable(moment: str) -> str:
    """Return a time of a record as a person reads it."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def read(text: str) -> dict[str, Seen]:
    """Return what is known by host. A damaged file or entry is as one that does not exist."""
    try:
        entries = json.loads(text or "{}").get("hosts", {}).items()
    except (ValueError, AttributeError):
        return {}
    found = {}
    for host, entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("drift_total", 0), int):
            texts = {key: str(entry.get(key) or "") for key in ("reached", "proven", "state", "named")}
            found[str(host)] = Seen(drift_total=entry.get("drift_total", 0), **texts)
    return found


def with_run(seen: t.Mapping[str, Seen], outcomes: t.Sequence[Outcome], finished: str) -> dict[str, Seen]:
    """Return what is known after this run, which ended at `finished`."""
    oldest = (dt.datetime.fromisoformat(finished) - dt.timedelta(days=_KEPT_DAYS)).isoformat(timespec="seconds")
    found = {host: one for host, one in seen.items() if one.named >= oldest}
    for one in outcomes:
        before = found.get(one.host, Seen())
        after = before._replace(named=finished)
        if one.state not in _NOT_ASKED:
            proven = finished if one.proof and one.proven and not one.failures else before.proven
            more = int(_drift_began(before.state, one.state))
            after = after._replace(
                reached=finished, proven=proven, drift_total=before.drift_total + more, state=one.state
            )
        found[one.host] = after
    return found


def write(seen: t.Mapping[str, Seen]) -> str:
    """Return the text of `hosts.json`."""
    hosts = {host: seen[host]._asdict() for host in sorted(seen)}
    return json.dumps({"schema_version": SCHEMA_VERSION, "hosts": hosts}, indent=1) + "\n"


def _drift_began(before: str, now: str) -> bool:
    """Return whether this is new drift: the first run on a host is none, nor is what detect found and correct put right."""
    return bool(before) and before != _outcome.DRIFT and now in (_outcome.DRIFT, _outcome.CHANGED)
