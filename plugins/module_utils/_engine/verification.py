# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promise: a machine that reached its channels before a change reaches them after it, or is put back.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import time
import typing as t
from urllib.parse import urlsplit

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import asked
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Failed, Outcome, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import VERDICTS

Row = t.Dict[str, t.Any]
_LOOKS = 3  # at most, at something that may be gone a moment later
_LOGIN = "channel_unauthorized"
_PENDING = "a run is under way or was cut off here, so what is proven may be half of what it does"
_PAUSE = 1.0  # seconds between two of them


class Proof:
    """What C(conda_proxy_verify) says, as the two hooks of a transaction.

    C(prove) gives the rows: of the machine as a fresh login shell sees it today (false), or with the desired state
    (true). C(only_changes): where nothing changes nothing is asked. C(logins): hosts that want a login which whoever looks
    is not meant to have. C(rows) are those of the last look, C(complaint) is the sentence that fails the task without
    putting back.
    """

    def __init__(
        self,
        settings: t.Mapping[str, t.Any],
        prove: t.Callable[[bool], list[Row]],
        only_changes: bool = False,
        logins: t.Collection[str] = (),
    ) -> None:
        self._verify = settings["verify"]
        self._only_changes = only_changes
        self._logins = logins
        self._deadline = settings["proof"].get("deadline", 0)
        self._prove = prove
        self._well: set[tuple[t.Any, ...]] = set()  # users and bases that reached a channel before
        self._lost: set[tuple[t.Any, ...]] = set()  # channels that were not reached before
        self.rows: list[Row] = []
        self.complaint = ""

    def look(self) -> None:
        """Prove once, the machine as it is: what check mode does."""
        if self._verify != "none" and not self._only_changes:
            self.rows = self._prove(False)

    def before(self, _changes: list[Change]) -> None:
        """What was healthy? Only asked where the answer decides something.

        Again only after an answer that may be another one a moment later: a machine that knows no proxy yet is refused
        or waits in vain, which it does the next time too.
        """
        if self._verify == "rollback":
            self._prove_patiently(False, lambda row: row["status"] or row["connect_status"])
            self._well = {_base(row) for row in self.rows if self._passes(row)}
            self._lost = {asked(row) for row in self._failures()}

    def after(self, changes: list[Change]) -> None:
        """Raises MachineError, which puts back, for a machine that lost a channel by C(changes)."""
        if self._verify == "none" or (self._only_changes and not changes):
            return
        self._prove_patiently(True, lambda _row: True)
        failures = self._failures()
        if not failures or self._verify == "report":
            return
        healthy_before = [row for row in failures if _base(row) in self._well and asked(row) not in self._lost]
        guilty = failures if self._verify == "require" else healthy_before
        if changes and guilty:
            raise MachineError("{}; everything was put back as it was before".format(_sentence(guilty[0]).rstrip(".")))
        self.complaint = _sentence(failures[0])

    def _prove_patiently(self, written: bool, worth_it: t.Callable[[Row], t.Any]) -> None:
        """Repeat within the deadline what may be gone a moment later."""
        end = time.monotonic() + self._deadline
        self.rows = self._prove(written)
        for _look in range(_LOOKS - 1):
            failures = self._failures()
            hopeful = all(VERDICTS[row["verdict"]].transient and worth_it(row) for row in failures)
            if not failures or not hopeful or time.monotonic() + _PAUSE > end:
                return
            time.sleep(_PAUSE)
            self.rows = self._prove(written)

    def _failures(self) -> list[Row]:
        return [row for row in self.rows if not self._passes(row)]

    def _passes(self, row: Row) -> bool:
        """A machine without conda passes while its proxy works, unless every channel is required.

        On Windows there is then no Python to ask, and the proxy counts as working.
        """
        if row["verdict"] == "no_conda" and self._verify != "require":
            return row.get("proxy_verdict") in ("ok", None, _LOGIN)  # Python alone reads no netrc
        return bool(row["ok"]) or (row["verdict"] == _LOGIN and urlsplit(row["url"]).hostname in self._logins)


def _base(row: Row) -> tuple[t.Any, ...]:
    return row["user"], row["base"]


def _sentence(row: Row) -> str:
    """What is wrong with a channel and what to do; without conda, what Python alone found out."""
    verdict, remedy = row["verdict"], row["remedy"]
    if row.get("proxy_verdict") not in ("ok", None):
        verdict, remedy = row["proxy_verdict"], VERDICTS[row["proxy_verdict"]].remedy
    return "conda does not reach {} ({}): {}".format(row["url"] or "its channels", verdict, remedy)


def keep(transaction: Transaction, proof: Proof, check_mode: bool) -> tuple[Outcome, str, bool]:
    """Run a transaction with its proof: what came out, why it failed, and whether all was put back."""
    try:
        if check_mode:
            outcome = transaction.preview()
            proof.look()
        elif not transaction.sections:  # the proof alone: nothing is put right, nor what an earlier run left
            outcome = Outcome([], 0, [_PENDING] if transaction.pending() else [], [])
            proof.after([])
        else:
            outcome = transaction.converge(proof.before, proof.after)
    except Failed as exc:
        return Outcome([], 0, exc.warnings, []), str(exc), True
    return outcome, "; ".join([*outcome.problems, *([proof.complaint] if proof.complaint else [])]), False
