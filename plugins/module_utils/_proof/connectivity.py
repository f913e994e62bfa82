# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of conda_connectivity.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import SCHEMA_VERSION
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Row


def connectivity(rows: list[Row], infos: list[Row] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of conda_connectivity. `infos`: what `conda_info` gave, where it was asked for."""
    failed = [row for row in rows if not row["ok"]]
    result: dict[str, Any] = {"changed": False, "schema_version": SCHEMA_VERSION, "proof": rows}
    result["reachable"] = not failed
    if infos is not None:
        result["conda_info"] = infos
    if failed and options.get("require"):
        first = failed[0]
        result["failed"] = True
        result["msg"] = f"{len(failed)} of {len(rows)} channels are not reached. "
        result["msg"] += f"{first['url']}: {first['verdict']}. {first['remedy']}"
    return result
