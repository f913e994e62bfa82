# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the proofs of a run as a table. Pure."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import verdict_of
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import LABELS


def proof_table(fleet: Fleet) -> list[str]:
    """Return a row for each proof: host, user, base, channel, verdict. A host without a proof has a row too."""
    rows = [["host", "user", "conda", "channel", "verdict"]]
    for one in fleet.outcomes:
        for row in one.proof:
            where = [str(row.get(key) or "-") for key in ("user", "base", "url")]
            rows.append([one.host, *where, verdict_of(row)])
        if not one.proof:
            rows.append([one.host, "-", "-", "-", f"not verified ({LABELS[one.state]})"])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  " + " ".join([*(f"{text:<{width}}" for text, width in zip(row, widths)), row[4]]).rstrip() for row in rows
    ]
