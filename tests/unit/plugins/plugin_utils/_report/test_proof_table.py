# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of proofs."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.proof_table import proof_table


def test_a_row_for_each_proof_and_for_a_host_without_one() -> None:
    fleet = Fleet()
    rows = [
        {"user": user, "base": "/opt/conda", "url": "https://x/main", "verdict": "ok", "ok": True}
        for user in ("ada", None)
    ]
    fleet.add("node01", {"proof": rows})
    fleet.add("node2", {"unreachable": True})
    assert proof_table(fleet) == [
        "  host   user conda      channel        verdict",
        "  node01 ada  /opt/conda https://x/main ok",
        "  node01 -    /opt/conda https://x/main ok",
        "  node2  -    -          -              not verified (not reached)",
    ]
