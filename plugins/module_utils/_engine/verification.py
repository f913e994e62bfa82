# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Verification policy: roll back a change after which a host no longer reaches its channels."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import channel_host
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import VERDICTS

_ATTEMPTS = 3  # at most, while the failure may be transient
_PAUSE = 1.0  # seconds between two attempts
_LOGIN = "channel_unauthorized"
_NOT_THIS_USERS = "The channel asks for a login, which only the users of conda_proxy_users have."
_ROLLED_BACK = "; all changes were rolled back"
_UNCHANGED = "; nothing was changed"
_STAY = "; the changes stay, as conda did not reach it before them either (conda_proxy_verify: require would roll them back)"

Prove = t.Callable[[bool], t.List[ProofRow]]


def check_prefix(prefix: str, bases: t.Collection[Base]) -> None:
    """Raise MachineError for a `conda_proxy_prefix` without conda. `bases` are those found there."""
    if prefix and not bases:
        raise MachineError(
            f"conda_proxy_prefix is {prefix}, where no conda base is on this host; correct the path, or remove the "
            "variable so that every base is found"
        )


class Verification:
    """The policy of `conda_proxy_verify`, as the two hooks of a transaction.

    `prove` returns the rows: for the machine as a fresh login shell sees it (false), or for the desired state (true).
    `deadline` is in seconds, for all attempts together. `only_changes`: verify only when something changes.
    `logins`: hosts that require a login which the verified user is not meant to have; where they ask for it, the row is
    ok, so that everybody who reads the rows judges as this policy does.

    Afterwards `rows` holds the rows of the last attempt, and `complaint` the message that fails the task without a
    rollback; it says what became of the changes, as Ansible counts no failed task as changed.
    """

    def __init__(
        self,
        mode: str,  # none, report, rollback, require
        deadline: float,
        prove: Prove,
        *,
        only_changes: bool = False,
        logins: t.Collection[str] = (),
    ) -> None:
        self._mode = mode
        self._deadline = deadline
        self._prove = prove
        self._only_changes = only_changes
        self._logins = logins
        self._reachable: set[tuple[t.Any, ...]] = set()  # users and bases that reached a channel before
        self._unreachable: set[tuple[t.Any, ...]] = set()  # channels that were not reached before
        self.rows: list[ProofRow] = []
        self.complaint = ""

    @property
    def requested(self) -> bool:
        """Whether anything is verified at all."""
        return self._mode != "none"

    def preview(self) -> None:
        """Verify the machine as it is, once, for check mode."""
        if self._mode != "none" and not self._only_changes:
            self.rows = self._look(False)

    def before(self, _changes: list[Change]) -> None:
        """Record which channels are reachable, in the mode `rollback`.

        Attempt again only after a transient HTTP answer: a machine without proxy settings is refused or times out, and
        would be at the next attempt too.
        """
        if self._mode == "rollback":
            self._attempt(False, lambda row: bool(row.status or row.connect_status))
            self._reachable = {_base(row) for row in self.rows if self._passes(row)}
            self._unreachable = {row.subject for row in self._failures()}

    def after(self, changes: list[Change]) -> None:
        """Verify the desired state. Raises MachineError, which rolls back, when `changes` made a channel unreachable."""
        if self._mode == "none" or (self._only_changes and not changes):
            return
        self._attempt(True, lambda _row: True)
        failures = self._failures()
        if not failures or self._mode == "report":
            return
        lost = [row for row in failures if _base(row) in self._reachable and row.subject not in self._unreachable]
        reasons = failures if self._mode == "require" else lost
        if changes and reasons:
            raise MachineError(_sentence(reasons[0]).rstrip(".") + _ROLLED_BACK)
        self.complaint = _sentence(failures[0]).rstrip(".") + (_STAY if changes else _UNCHANGED)

    def _attempt(self, applied: bool, may_change: t.Callable[[ProofRow], bool]) -> None:
        """Verify; attempt again, within the deadline, while every failure may be transient."""
        end = time.monotonic() + self._deadline
        self.rows = self._look(applied)
        for _attempt in range(_ATTEMPTS - 1):
            failures = self._failures()
            transient = all(VERDICTS[row.verdict].transient and may_change(row) for row in failures)
            if not failures or not transient or time.monotonic() + _PAUSE > end:
                return
            time.sleep(_PAUSE)
            self.rows = self._look(applied)

    def _look(self, applied: bool) -> list[ProofRow]:
        return [self._excused(row) for row in self._prove(applied)]

    def _excused(self, row: ProofRow) -> ProofRow:
        if row.verdict != _LOGIN or channel_host(row.url or "") not in self._logins:
            return row
        return row._replace(ok=True, detail=_NOT_THIS_USERS, remedy="")

    def _failures(self) -> list[ProofRow]:
        return [row for row in self.rows if not self._passes(row)]

    def _passes(self, row: ProofRow) -> bool:
        """Return whether a row passes. Without conda it does while the proxy works, unless every channel is required.

        Where there is no Python to ask either (Windows), the proxy counts as working.
        """
        if row.verdict == "no_conda" and self._mode != "require":
            return row.proxy_verdict in ("ok", None, _LOGIN)  # Python alone reads no netrc
        return row.ok


def _base(row: ProofRow) -> tuple[t.Any, ...]:
    return row.user, row.base


def _sentence(row: ProofRow) -> str:
    """Return verdict and remedy of a channel as one sentence; without conda, those that Python alone found."""
    verdict, remedy = row.verdict, row.remedy
    if row.proxy_verdict not in ("ok", None):
        verdict = str(row.proxy_verdict)
        remedy = VERDICTS[verdict].remedy
    return "conda does not reach {} ({}): {}".format(row.url or "its channels", verdict, remedy)
