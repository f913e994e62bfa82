# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Converge a POSIX machine: run the jobs, each with the rights of its user, into one result."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import common_escapes
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.part import Part, run_part
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import (
    PartResult,
    Result,
    RunResult,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Store
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Verification, check_prefix
from ansible_collections.condafleet.proxy.plugins.module_utils._host.jobs import Job, is_own_scope, plan_jobs
from ansible_collections.condafleet.proxy.plugins.module_utils._host.managed_users import ManagedUsers
from ansible_collections.condafleet.proxy.plugins.module_utils._host.preconditions import this_machine
from ansible_collections.condafleet.proxy.plugins.module_utils._host.user_probe import UserView
from ansible_collections.condafleet.proxy.plugins.module_utils._info import claims, reach
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Subject
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts as _accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import facts as _facts
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import keychain, zdotdir
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._records import each
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run, Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, environment_variables
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Claim, Facts
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.overruled import Overruled


def run(settings: Settings, run: Run, check_mode: bool, with_diff: bool) -> Result:
    """Converge this machine and return the result of the module `conda_proxy`."""
    result = RunResult()
    try:
        _run_jobs(this_machine(), settings, run, check_mode, result)
    except MachineError as exc:
        result.fail(exc)
    return result.finish(with_diff)


def _run_jobs(table: Platform, settings: Settings, run: Run, check_mode: bool, result: RunResult) -> None:
    managed = ManagedUsers(PosixMachine(), table.system_state)
    jobs, gone = plan_jobs(table, settings, managed, result.warnings)
    keeps_users = os.geteuid() == 0 and not is_own_scope(settings) and settings.sections
    if keeps_users:
        managed.add([job.user for job in jobs if job.account and job.desired], check_mode)
    settled = set(gone)
    for planned in jobs:
        job = planned.after_failure() if result.failed else planned
        if job is None:
            if planned.account or Store(PosixMachine(), table.system_state).load().targets:
                result.warnings.append(f"managed {planned.place} were kept because an earlier step failed")
        elif _run_job(table, settings, run, job, check_mode, result) and job.account:
            settled.add(job.user)
    if keeps_users and not check_mode:
        managed.drop(settled)


def _run_job(table: Platform, settings: Settings, run: Run, job: Job, check_mode: bool, result: RunResult) -> bool:
    """Run one job and add it to the result. Return whether nothing is managed there any more."""

    def work() -> PartResult:
        return _transact(table, settings, run, job, check_mode)

    try:
        part = _accounts.run_as(job.account, work, PartResult.from_json) if job.account else _accounts.guarded(work)
    except MachineError as exc:
        result.fail(exc, job.user)
        return False
    result.add(part, job.user)
    if settings.present and job.only_removes and part.resources:
        done = "would be" if check_mode else "were"
        result.warnings.append(f"{job.place} are no longer requested and {done} removed")
    return part.settled


def _transact(table: Platform, settings: Settings, run: Run, job: Job, check_mode: bool) -> PartResult:
    """Run one job with the rights of its user."""
    if job.account and not os.path.isdir(job.account.home):
        return _without_home(job.account, job.only_removes)
    scope = _scope(table, settings, job.account)
    verified = bool(job.verified_by) and settings.verify != "none"
    side = _PosixSide(scope, settings, run, job, needs_login=verified and not job.only_removes)
    if not job.only_removes:
        check_prefix(settings.prefix, side.view.bases)
    verification = Verification(
        settings.verify if verified else "none",
        settings.proof.deadline,
        side.prove,
        only_changes=job.only_removes,
        logins=() if job.account else settings.proof.logins,  # only the users' netrc has the login
    )
    part = Part(scope, job.sections, job.desired)
    named = run if run.host else run._replace(host=_facts.host_name(table))
    done = run_part(part, side, settings, named, verification, check_mode)
    if settings.proof.info and verified:
        done = done._replace(infos=side.view.conda_info())
    return done


def _scope(table: Platform, settings: Settings, account: Account | None) -> Scope:
    if account is None:
        return Scope(table)
    directory = zdotdir.directory_for(table, account)
    inside = directory.startswith(account.home.rstrip("/") + "/")
    # with conda_proxy_home, nothing outside of that directory is touched
    return Scope(table, account.home, directory if inside or not settings.home else "")


def _without_home(account: Account, only_removes: bool) -> PartResult:
    missing = f"the home directory {account.home} of {account.name} does not exist"
    if not only_removes:
        raise MachineError(f"{missing}; create it or correct the password database")
    return PartResult(warnings=(f"{missing}; managed settings there were not touched",))


class _PosixSide:
    """One job on this machine; see Side."""

    def __init__(self, scope: Scope, settings: Settings, run: Run, job: Job, needs_login: bool) -> None:
        masker = Masker(run.mask_key)
        self._scope = scope
        self._settings = settings
        self._job = job
        self._proven: list[ProofRow] = []
        self._account = job.account or _accounts.own()
        self._variables = environment_variables(scope, settings)
        self.machine = PosixMachine(
            run.lock_timeout,
            checks=scope.platform.checks,
            activations=scope.activations,
            environment=self._variables if "environment" in job.desired else {},
            clean=lambda text: masker.foreign(text, settings.secrets),
        )
        if needs_login or "netrc" in job.desired:
            self.view = UserView.of(self._account, settings.prefix, scope.platform.session)
        else:
            self.view = UserView(self._account, find_bases(self._account.home, "", settings.prefix), {})

    @property
    def _bases(self) -> t.Sequence[Base]:
        return self.view.bases

    def facts(self) -> Facts:
        found, taken_over = self._claims()
        return Facts(
            claims=found,
            taken_over=taken_over,
            existing=_facts.existing_paths(self._scope),
            ca_roots=_facts.ca_roots(self._scope.platform, self._bases) if self._settings.ca_bundle else None,
            netrc_path=self._scope.path(self._scope.platform.user_netrc[0]),
            netrc_escapes=common_escapes(base.netrc_escapes for base in self._bases),
        )

    def _claims(self) -> tuple[tuple[Claim, ...], frozenset[str]]:
        if "environment" not in self._job.desired:
            return (), frozenset()
        found, taken_over = claims.find(self._scope, self._variables)
        return tuple(found), taken_over

    def prove(self, applied: bool) -> list[ProofRow]:
        rows: list[ProofRow] = []
        for user in self._job.verified_by:
            if user == self._account and not self._job.only_removes:
                rows += self._prove_own(applied)
            else:
                look = functools.partial(self._prove_other, user, applied)
                rows += _accounts.run_as(user, look, each(ProofRow.from_json))
        self._proven = rows
        return rows

    def _prove_own(self, applied: bool) -> list[ProofRow]:
        view = self.view
        if applied:  # the changes, removals included, may affect a login shell
            view = view._replace(login=self._view_of(self._account).login)
        return view.prove(self._settings.proof, self._ca_bundle(self._account), applied)

    def _prove_other(self, user: Account, applied: bool) -> list[ProofRow]:
        """Verify for a user whose own files do not change in this job."""
        view = self._view_of(user)
        return view.prove(self._settings.proof, self._ca_bundle(user), applied)

    def _view_of(self, user: Account) -> UserView:
        return UserView.of(user, self._settings.prefix, self._scope.platform.session)

    def _ca_bundle(self, user: Account) -> str:
        return Scope(self._scope.platform, "" if self._settings.system else user.home).ca_bundle

    def leftovers(self) -> list[str]:
        return [
            f"{path}: contains managed lines that are not recorded in the state; remove them by hand"
            for path in _facts.marked_files(self._scope)
        ]

    def remarks(self, changes: t.Sequence[Change]) -> list[str]:  # noqa: ARG002  # the machine decides
        """Return warnings where another netrc is read than the one that is written, and of CAs in a keychain."""
        found = keychain.notes(self._scope.platform.keychains, self._proven)
        path = os.path.join(self._account.home, ".netrc")
        named = self.view.login.get("NETRC", path)
        if "netrc" in self._job.desired and self._job.account and not _same_file(named, path):
            found.append(
                f"{path}: a login shell of {self._account.name} sets NETRC to another file, so this file is not read"
            )
        return found

    def overruled(self, written: t.Collection[str]) -> list[Overruled]:
        subject = Subject(self._scope.platform, self._account, {}, zdotdir=self._scope.zdotdir)
        return reach.overruled(subject, written, self._variables)

    def permissions(self, file: File) -> str:
        return f"(mode {file.mode:04o})\n"


def _same_file(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)
