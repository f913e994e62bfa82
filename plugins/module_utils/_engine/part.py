# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run one part: the transaction of the system or of one user, on every operating system."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import PartResult
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import (
    Failed,
    Outcome,
    Transaction,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Verification
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, Machine
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import (
    Scope,
    build_targets,
    replaced,
    written,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import remarks as target_remarks
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Claim, Facts, claim_notes
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled, notes
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

_PENDING = (
    "another run on this machine is in progress or was interrupted; its changes may be incomplete during "
    "this verification"
)


class Part(t.NamedTuple):
    """What to do for one scope: apply the sections `desired`, remove everything managed in the other `sections`."""

    scope: Scope
    sections: tuple[str, ...]
    desired: tuple[str, ...]


class Side(t.Protocol):
    """What an operating system contributes to a part."""

    @property
    def machine(self) -> Machine:
        """The machine that the part changes."""

    def facts(self) -> Facts:
        """Return what the targets depend on. Called after an interrupted run was rolled back."""

    def leftovers(self) -> list[str]:
        """Return warnings about managed content that is in no state. Called when there was nothing to remove."""

    def remarks(self, changes: t.Sequence[Change]) -> list[str]:
        """Return warnings about what prevents the settings from taking effect."""

    def overruled(self, written: t.Collection[str]) -> list[Overruled]:
        """Return the consumers that do not have the desired variables, among those that the targets `written` feed."""

    def permissions(self, file: File) -> str:
        """Return the line of a diff that shows the permissions of a file."""


def run_part(
    part: Part, side: Side, settings: Settings, run: Run, verification: Verification, check_mode: bool
) -> PartResult:
    """Converge one scope and verify it. Raises MachineError for a failure before anything was written."""

    unread: list[Overruled] = []
    claims: list[Claim] = []

    def targets() -> t.Sequence[Target]:
        facts = side.facts()
        unread[:] = replaced(part.scope, settings, part.desired, facts)
        claims[:] = facts.claims
        return build_targets(part.scope, settings, part.desired, facts)

    masker = Masker(run.mask_key)
    transaction = Transaction(
        side.machine,
        part.scope.state,
        sections=part.sections,
        targets=targets,
        masker=masker,
        run=run.id,
        host=run.host,
        home=part.scope.home,
    )
    outcome, error, rolled_back = _verified(transaction, verification, check_mode)
    rows = list(unread)
    changing = any(change.kind == "environment" for change in outcome.changes)
    pending = check_mode and changing
    if settings.present and verification.requested and not rolled_back and not pending:
        rows += _overruled(part, side, transaction, masker, check_mode)
    remarks = [*target_remarks(part.scope, settings, part.desired), *side.remarks(outcome.changes), *notes(rows)]
    edited = {change.path for change in outcome.changes} if settings.takeover else set()
    left = [claim for claim in claims if not (claim.removable and claim.path in edited)]
    if changing:
        remarks += claim_notes(left, settings.takeover)
    if not settings.present and not outcome.changes and not rolled_back:
        remarks += side.leftovers()
    return PartResult.of(
        outcome._replace(warnings=[*outcome.warnings, *remarks]),
        side.permissions,
        proof=tuple(verification.rows),
        error=error,
        rolled_back=rolled_back,
        settled=not check_mode and transaction.settled,
        overruled=tuple(rows),
        claims=tuple(left),
    )


def _overruled(part: Part, side: Side, transaction: Transaction, masker: Masker, check_mode: bool) -> list[Overruled]:
    """Return the consumers that do not have the managed variables. A run that corrects records them in the state."""
    state = transaction.managed
    names = written(part.scope, [path for path, entry in state.targets.items() if entry.kind == "environment"])
    found = side.overruled(names) if names else []
    known = transaction.known
    keys = tuple(dict.fromkeys(row.key for row in found))
    if part.sections and not check_mode:
        transaction.remember(keys)
    return [row._replace(value=masker.text(row.value), known=row.key in known) for row in found]


def _verified(transaction: Transaction, verification: Verification, check_mode: bool) -> tuple[Outcome, str, bool]:
    """Return the outcome of a transaction, the error of a failed one, and whether it was rolled back."""
    try:
        if check_mode:
            outcome = transaction.preview()
            verification.preview()
        elif not transaction.sections:  # only verify: correct nothing, and roll back no interrupted run
            outcome = Outcome([], 0, [_PENDING] if transaction.pending else [], [])
            verification.after([])
        else:
            outcome = transaction.converge(verification.before, verification.after)
    except Failed as exc:
        return Outcome([], 0, exc.warnings, []), str(exc), True
    complaint = [verification.complaint] if verification.complaint else []
    return outcome, "; ".join([*outcome.problems, *complaint]), False
