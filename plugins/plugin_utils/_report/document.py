# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the report of a run as a JSON document. Pure. docs/fleet.md has the schema."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import Outcome, verdict_of

SCHEMA_VERSION = 1
_PROOF_KEYS = ("user", "base", "url", "ok", "status", "connect_status", "proxy", "tls_issuer", "detail", "remedy")


def document(fleet: Fleet, started: str, finished: str, complete: bool, seen: t.Mapping[str, Seen]) -> dict[str, t.Any]:
    """Return the report. Times are ISO 8601 in UTC; `complete`: the run came to its end; `seen`: with this run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "started": started,
        "finished": finished,
        "complete": complete,
        "stopped": fleet.stopped,
        "totals": fleet.totals(),
        "hosts": [_host(one, seen.get(one.host, Seen())) for one in fleet.outcomes],
    }


def _host(one: Outcome, seen: Seen) -> dict[str, t.Any]:
    return {
        "host": one.host,
        "state": one.state,
        "message": one.message,
        "changes": [{"path": path, "reasons": reasons} for path, reasons in one.changes],
        "proof": [dict({key: row.get(key) for key in _PROOF_KEYS}, verdict=verdict_of(row)) for row in one.proof],
        "without_conda": one.without_conda,
        "overruled": [dict(row) for row in one.overruled],
        "hold": one.hold,
        "last_reached": seen.reached,
        "last_proven": seen.proven,
    }
