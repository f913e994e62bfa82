# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Build the result of a run from the results of its parts (documentation of `conda_proxy`)."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Outcome
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._records import each, from_json
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Claim
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled

SCHEMA_VERSION = 1
Result = t.Dict[str, t.Any]  # Ansible's
_MOST_NAMES = 5


class PartResult(t.NamedTuple):
    """The result of one part of a run. May cross the pipe of a forked child."""

    resources: tuple[t.Mapping[str, t.Any], ...] = ()  # as the task's result lists them
    unchanged: int = 0
    warnings: tuple[str, ...] = ()
    proof: tuple[ProofRow, ...] = ()
    diff: tuple[t.Mapping[str, str], ...] = ()  # in Ansible's form
    recovered: bool = False  # an interrupted run was rolled back
    rolled_back: bool = False
    settled: bool = False  # nothing managed is left
    error: str = ""
    infos: tuple[CondaInfo, ...] = ()  # where it was requested
    overruled: tuple[Overruled, ...] = ()
    claims: tuple[Claim, ...] = ()

    @classmethod
    def of(cls, outcome: Outcome, permissions: t.Callable[[File], str], **more: t.Any) -> PartResult:
        """Return the result of `outcome`. `permissions` returns the line of a diff that shows a file's permissions."""
        notices = unique(change.notice for change in outcome.changes if change.notice)
        return cls(
            resources=tuple(change.resource() for change in outcome.changes),
            unchanged=outcome.unchanged,
            warnings=(*outcome.warnings, *notices),
            diff=tuple(_difference(change, permissions) for change in outcome.changes),
            recovered=outcome.recovered,
            **more,
        )

    @classmethod
    def from_json(cls, data: t.Any) -> PartResult:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(
            cls,
            data,
            resources=tuple,
            warnings=tuple,
            proof=each(ProofRow.from_json),
            diff=tuple,
            infos=each(CondaInfo.from_json),
            overruled=each(Overruled.from_json),
            claims=each(Claim.from_json),
        )


class RunResult:
    """Collects the results of the parts of a run."""

    def __init__(self) -> None:
        self._parts: list[tuple[PartResult, str]] = []
        self._errors: list[str] = []
        self._needs = ""
        self.warnings: list[str] = []

    @property
    def failed(self) -> bool:
        return bool(self._errors)

    def add(self, part: PartResult, user: str = "") -> None:
        """Add the result of a part. `user` owns its files; empty for the system."""
        self._parts.append((part, user))
        self.warnings += [note for note in part.warnings if note not in self.warnings]
        if part.error:
            self._errors.append(f"{user}: {part.error}" if user else part.error)

    def fail(self, error: MachineError, user: str = "") -> None:
        """Add the error of a part that could not be run."""
        self._needs = error.needs or self._needs
        self._errors.append(f"{user}: {error}" if user else str(error))

    def _listed(self, rows: t.Callable[[PartResult], t.Iterable[t.Any]]) -> list[dict[str, t.Any]]:
        """Return records of all parts as a result lists them."""
        return [
            dict(one._asdict(), **({"user": user} if user else {})) for part, user in self._parts for one in rows(part)
        ]

    def finish(self, with_diff: bool) -> Result:
        """Return the result as the task returns it."""
        parts = [part for part, _user in self._parts]
        proof: list[ProofRow] = []
        for part in parts:
            seen = {row.subject for row in part.proof}  # only the last attempt at a channel counts
            proof = [row for row in proof if row.subject not in seen] + list(part.proof)
        result: Result = {
            "changed": any(part.resources or part.recovered for part in parts),
            "schema_version": SCHEMA_VERSION,
            "resources": [
                dict(resource, **({"user": user} if user else {}))
                for part, user in self._parts
                for resource in part.resources
            ],
            "unchanged": sum(part.unchanged for part in parts),
            "proof": [row.result() for row in proof],
            "rolled_back": any(part.rolled_back for part in parts),
            "overruled": self._listed(lambda part: part.overruled),
            "claims": self._listed(lambda part: part.claims),
            "warnings": self.warnings + _without_conda(proof),
        }
        infos = [info._asdict() for part in parts for info in part.infos]
        if infos:
            result["conda_info"] = infos
        if with_diff:
            result["diff"] = [difference for part in parts for difference in part.diff]
        if self._needs:
            result["needs"] = self._needs
        if self._errors:
            result.update(failure("; ".join(self._errors)))
        return result


def _without_conda(proof: t.Sequence[ProofRow]) -> list[str]:
    """Return a warning where there is no conda: a proxy that works passes, and no channel was verified."""
    rows = [row for row in proof if row.verdict == "no_conda"]
    if not rows:
        return []
    users = unique(row.user for row in rows if row.user)
    names = ", ".join(users[:_MOST_NAMES]) + (", ..." if users[_MOST_NAMES:] else "")
    found = f"no conda was found for {names}" if users else "no conda was found"
    fix = (
        "install it, name its directory in conda_proxy_prefix, or set conda_proxy_verify: require where that must fail"
    )
    return [f"{found}, so no channel was verified; {fix}"]


def failure(message: str) -> Result:
    """Return the keys that a failed run adds to its result."""
    return {"failed": True, "msg": message}


def _difference(change: Change, permissions: t.Callable[[File], str]) -> dict[str, str]:
    sides = {}
    for side, file, text in (("before", change.old, change.before), ("after", change.new, change.after)):
        sides[side + "_header"] = change.path
        sides[side] = text + (permissions(file) if file.exists else "")
    return sides


def unique(names: t.Iterable[str]) -> list[str]:
    """Return each name once, in the given order."""
    return list(dict.fromkeys(names))
