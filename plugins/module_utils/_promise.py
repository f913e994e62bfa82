# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promise: a machine that reached its channels before a change reaches them after it, or is put back.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._engine import Failed, Outcome, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._plan import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._verdicts import VERDICTS

Row = t.Dict[str, t.Any]
_LOOKS = 3  # at most, at something that may be gone a moment later
_PAUSE = 1.0  # seconds between two of them


class Proof:
    """What C(conda_proxy_verify) says, as the two hooks of a transaction.

    C(prove) gives the rows: of the machine as a fresh login shell sees it today (false), or with the desired state
    (true). C(rows) are those of the last look, C(complaint) is the sentence that fails the task without putting back.
    """

    def __init__(self, settings: t.Mapping[str, t.Any], prove: t.Callable[[bool], list[Row]]) -> None:
        self._verify = settings["verify"]
        self._deadline = settings["proof"].get("deadline", 0)
        self._prove = prove
        self._healthy_before = False
        self.rows: list[Row] = []
        self.complaint = ""

    def look(self) -> None:
        """Prove once, the machine as it is: what check mode does."""
        if self._verify != "none":
            self.rows = self._prove(False)

    def before(self, _changes: list[Change]) -> None:
        """Was it healthy? Only asked where the answer decides something."""
        if self._verify == "rollback":
            self.look()
            self._healthy_before = self._failure() is None

    def after(self, changes: list[Change]) -> None:
        """Raises MachineError, which puts back, for a machine that lost its channels by C(changes)."""
        if self._verify == "none":
            return
        self._prove_patiently()
        failure = self._failure()
        if failure is None or self._verify == "report":
            return
        sentence = "conda does not reach {} ({}): {}".format(
            failure["url"] or "its channels", failure["verdict"], failure["remedy"]
        )
        if changes and (self._healthy_before or self._verify == "require"):
            raise MachineError("{}; everything was put back as it was before".format(sentence.rstrip(".")))
        self.complaint = sentence

    def _prove_patiently(self) -> None:
        """Repeat within the deadline what may be gone a moment later."""
        end = time.monotonic() + self._deadline
        self.rows = self._prove(True)
        for _look in range(_LOOKS - 1):
            if self._failure() is None or not self._all_transient() or time.monotonic() + _PAUSE > end:
                return
            time.sleep(_PAUSE)
            self.rows = self._prove(True)

    def _all_transient(self) -> bool:
        return all(VERDICTS[row["verdict"]].transient for row in self.rows if not self._passes(row))

    def _failure(self) -> Row | None:
        return next((row for row in self.rows if not self._passes(row)), None)

    def _passes(self, row: Row) -> bool:
        """A machine without conda passes while its proxy works, unless every channel is required.

        On Windows there is then no Python to ask, and the proxy counts as working.
        """
        if row["verdict"] == "no_conda" and self._verify != "require":
            return row.get("proxy_verdict") in ("ok", None)
        return bool(row["ok"])


def keep(transaction: Transaction, proof: Proof, check_mode: bool) -> tuple[Outcome, str, bool]:
    """Run a transaction with its proof: what came out, why it failed, and whether all was put back."""
    try:
        if check_mode:
            outcome = transaction.preview()
            proof.look()
        else:
            outcome = transaction.converge(proof.before, proof.after)
    except Failed as exc:
        return Outcome([], 0, exc.warnings, []), str(exc), True
    return outcome, "; ".join([*outcome.problems, *([proof.complaint] if proof.complaint else [])]), False
