# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run, put together from the answers of its parts (docs of conda_proxy).

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Outcome

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
    from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File

SCHEMA_VERSION = 1
Result = t.Dict[str, t.Any]


def new_result() -> Result:
    """A run that has done nothing yet."""
    return {
        "changed": False,
        "schema_version": SCHEMA_VERSION,
        "resources": [],
        "unchanged": 0,
        "proof": [],
        "rolled_back": False,
        "warnings": [],
        "diff": [],
    }


def failure(message: str) -> Result:
    """What a failed run says beside what it did."""
    return {"failed": True, "msg": message}


def answer(outcome: Outcome, proof: list[Result], error: str, permissions: t.Callable[[File], str]) -> Result:
    """One part's share, in what JSON can hold: it may have to cross a pipe.

    C(permissions) is a line that tells who may do what with a file, for the diff.
    """
    return {
        "resources": [change.resource() for change in outcome.changes],
        "unchanged": outcome.unchanged,
        "warnings": outcome.warnings + unique(change.notice for change in outcome.changes if change.notice),
        "proof": proof,
        "diff": [_difference(change, permissions) for change in outcome.changes],
        "recovered": outcome.recovered,
        "rolled_back": False,
        "settled": False,
        "error": error,
    }


def add(result: Result, part: Result, user: str = "") -> str:
    """Add what a part answered to the result of the run; what comes back is why the part failed."""
    mine = {"user": user} if user else {}
    result["resources"] += [dict(resource, **mine) for resource in part["resources"]]
    result["changed"] = result["changed"] or bool(part["resources"]) or part["recovered"]
    result["unchanged"] += part["unchanged"]
    result["warnings"] += [note for note in part["warnings"] if note not in result["warnings"]]
    seen = [asked(row) for row in part["proof"]]  # the last look at a channel is the one that counts
    result["proof"] = [row for row in result["proof"] if asked(row) not in seen] + part["proof"]
    result["rolled_back"] = result["rolled_back"] or part["rolled_back"]
    result["diff"] += part["diff"]
    return str(part["error"])


def asked(row: Result) -> tuple[t.Any, ...]:
    """Which look a row of the proof is: whose, by which base, at which channel."""
    return row["user"], row["base"], row["url"]


def finish(result: Result, errors: t.Sequence[str], with_diff: bool) -> Result:
    """The result as it leaves the machine."""
    if not with_diff:
        del result["diff"]
    if errors:
        result.update(failure("; ".join(errors)))
    return result


def _difference(change: Change, permissions: t.Callable[[File], str]) -> dict[str, str]:
    sides = {}
    for side, file, text in (("before", change.old, change.before), ("after", change.new, change.after)):
        sides[side + "_header"] = change.path
        sides[side] = text + (permissions(file) if file.exists else "")
    return sides


def unique(names: t.Iterable[str]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(names))
