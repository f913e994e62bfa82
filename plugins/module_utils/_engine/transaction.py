# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read, plan, journal, write, verify, commit or roll back: one transaction on one Machine.

A kill at any moment leaves every file complete (Machine.write) and the journal on the disk; the next run rolls back what
was not committed and plans again. A run is committed when its id is in the state.
"""

from __future__ import annotations

import contextlib
import functools
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.plan import Plan, make_plan
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Journal, JournalEntry, State, Store
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import (
    EditedError,
    File,
    GoneError,
    Machine,
    MachineError,
    encode,
    insist,
    is_blank,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

Hook = t.Callable[[t.List[Change]], None]


def _nothing(_changes: list[Change]) -> None:
    pass


class Failed(Exception):
    """The run failed and was rolled back; `warnings` name what could not be restored."""

    def __init__(self, message: str, warnings: t.Sequence[str]) -> None:
        super().__init__(message)
        self.warnings = list(warnings)


class Outcome(t.NamedTuple):
    """What a transaction did, or in check mode would do."""

    changes: list[Change]
    unchanged: int
    warnings: list[str]
    problems: list[str]
    recovered: bool = False  # an interrupted run was rolled back


class Transaction:
    """The changes of a run that belong to one state directory.

    `targets` is called after an interrupted run was rolled back. `run` identifies this run in journal and state, `host`
    this machine (several machines may share a home). `home`: of the user whose state it is.
    """

    def __init__(
        self,
        machine: Machine,
        directory: str,
        *,
        sections: t.Collection[str],
        targets: t.Callable[[], t.Sequence[Target]],
        masker: Masker,
        run: str,
        host: str,
        home: str = "",
    ) -> None:
        self._machine = machine
        self._store = Store(machine, directory, home)
        self._targets = targets
        self._masker = masker
        self._run = run
        self._host = host
        self.sections = sections

    @property
    def pending(self) -> bool:
        """Whether there is a run that did not commit. It may be in progress."""
        return self._store.load().interrupted is not None

    @property
    def settled(self) -> bool:
        """Whether nothing is managed here any more."""
        return self._store.load().empty

    @property
    def managed(self) -> State:
        """What the last run left."""
        return self._store.load()

    @property
    def known(self) -> frozenset[tuple[str, ...]]:
        """The keys of the consumers that the last correcting run on this host found overruled."""
        return self.managed.known(self._host)

    def remember(self, overruled: t.Collection[tuple[str, ...]]) -> None:
        """Record which consumers are overruled on this host, so that a later run does not take them for drift.

        Where another run holds the lock or the disk is full, a later run records them.
        """
        if self.known == frozenset(overruled):
            return
        with contextlib.suppress(MachineError), self._machine.lock(self._store.directory):
            state = self._store.load()
            others = [row for row in state.overruled if row[0] != self._host]
            if not state.empty:
                mine = [(self._host, *key) for key in overruled]
                self._store.save(state._replace(overruled=(*others, *mine)))

    def preview(self) -> Outcome:
        """Return what converge() would do. Writes nothing: no state, no lock, no rollback of an interrupted run."""
        overlay: dict[str, File] = {}
        warnings = []
        exists = not self._store.missing_directories()
        if exists:
            self._machine.foresee_lock(self._store.directory)
        state = self._store.load()
        if state.interrupted:
            warnings.append("an earlier run was interrupted; the next run rolls it back before applying these changes")
            overlay = self._foresee_undo(state.interrupted)
        plan = self._plan(
            state, lambda path, follow: overlay[path] if path in overlay else self._machine.read(path, follow)
        )
        self._foresee_state(state, plan, exists)
        return Outcome(
            plan.changes, plan.unchanged, warnings + plan.warnings, plan.problems, state.interrupted is not None
        )

    def converge(self, before: Hook = _nothing, after: Hook = _nothing) -> Outcome:
        """Make the machine as desired.

        `before` is called with the planned changes, if there are any; `after` once all changes are written and before
        the commit, also when there are none.

        Raises MachineError or Failed. An error before the commit, also one of `after`, rolls everything back.
        """
        # again: another run may remove everything (`state: absent`) while this one waits for its lock
        outcome = insist(lambda: self._converge_once(before, after), GoneError)
        if not outcome.changes:
            after([])  # nothing can be rolled back, so other runs need not wait for the lock
        return outcome

    def _converge_once(self, before: Hook, after: Hook) -> Outcome:
        created = self._store.missing_directories()
        if created:
            # nothing is managed here yet; with nothing to do, create neither state nor lock
            plan = self._plan(State(), self._machine.read)
            if not plan.changes and not plan.state.targets:
                return Outcome([], plan.unchanged, plan.warnings, plan.problems)
            self._foresee_state(State(), plan, exists=False)
            self._store.create(created)
        return self._with_lock(created, before, after)

    def _with_lock(self, created: list[str], before: Hook, after: Hook) -> Outcome:
        locked = False
        try:
            with self._machine.lock(self._store.directory):
                locked = True
                try:
                    return self._converge_locked(created, before, after)
                except (Failed, MachineError):
                    self._leave_nothing(created)
                    raise
        except MachineError:
            if not locked:
                self._store.take_back(created)
            raise

    def _converge_locked(self, created: list[str], before: Hook, after: Hook) -> Outcome:
        self._store.sweep()
        found = self._store.load()
        state, warnings = self._recover(found)
        plan = self._plan(state, self._machine.read, created)
        self._foresee_state(state, plan, exists=True)
        applied = plan.state
        if plan.changes:
            before(plan.changes)
            self._machine.begin()
            try:
                plan, applied, notes = insist(lambda: self._plan_and_apply(state, created, after), EditedError)
            except EditedError as exc:
                raise Failed(str(exc), []) from None
            warnings += notes
        if not plan.changes and applied != state:
            self._store.save(applied)
        if applied.empty:
            self._store.drop(applied.created)
        return Outcome(
            plan.changes, plan.unchanged, warnings + plan.warnings, plan.problems, found.interrupted is not None
        )

    def _plan_and_apply(self, state: State, created: list[str], after: Hook) -> tuple[Plan, State, list[str]]:
        """Plan anew, as a file may have been edited meanwhile, and write."""
        plan = self._plan(state, self._machine.read, created)
        return plan, *(self._apply(state, plan, after) if plan.changes else (plan.state, []))

    def _leave_nothing(self, created: list[str]) -> None:
        """Remove the state directory that a failed first run created."""
        state = self._store.load()
        if created and state.journal is None and state.empty:
            self._store.drop(created)

    def _plan(self, state: State, read: t.Callable[[str, bool], File], created: t.Sequence[str] = ()) -> Plan:
        machine = self._machine
        plan = make_plan(self._targets(), state, self.sections, read, machine.real, self._masker, machine.foresee)
        rotated = any("rotated" in change.reasons for change in plan.changes)
        if rotated and state.host and state.host != self._host:
            plan.warnings.append(
                f"{self._store.directory}: this state directory is shared with host {state.host}, which has different "
                "settings; this run's settings now apply to both"
            )
        host = self._host if plan.state.targets else state.host  # it says whose settings are managed
        return plan._replace(state=plan.state._replace(host=host, created=_union(created, plan.state.created)))

    def _foresee_state(self, state: State, plan: Plan, exists: bool) -> None:
        """Raise MachineError when the state of `plan` could not be saved, or its directory, which `exists`, be removed."""
        if plan.changes or (not plan.state.empty and plan.state != state):
            self._store.foresee_save()
        if exists and plan.state.empty:
            self._store.foresee_drop()

    def _apply(self, state: State, plan: Plan, after: Hook) -> tuple[State, list[str]]:
        """Write all changes, call `after`, commit. `state` is the one before the changes."""
        directories: list[str] = []
        for change in plan.changes:
            if change.new.exists:
                directories = [*_union(directories, self._machine.missing_directories(change.path))]
        journal = Journal(self._run, tuple(change.journal_entry() for change in plan.changes), tuple(directories))
        begun = state._replace(created=_union(state.created, plan.state.created), journal=journal)
        self._store.save(begun)
        warnings: list[str] = []
        try:
            for directory in directories:
                self._machine.make_directory(directory)
            for change in plan.changes:
                if change.new.exists:
                    self._machine.write(change.path, change.new, change.check, change.private, old=change.old)
                else:
                    self._machine.remove(change.path, old=change.old)
            warnings += self._activate(plan)
            after(plan.changes)
            # only a removal leaves something to clean up after the commit
            cleans_up = any(not change.new.exists for change in plan.changes)
            applied = plan.state._replace(
                run=self._run,
                created=_union(plan.state.created, directories),
                journal=journal if cleans_up else None,
            )
            self._store.save(applied)
        except Exception as exc:
            try:
                notes = self._undo(begun, journal)[1]
            except MachineError as again:
                raise Failed(
                    f"{exc}; the rollback failed too ({again}), so changes of this run stay, unverified, until the next run rolls them back",
                    [],
                ) from exc
            if isinstance(exc, MachineError) and not isinstance(exc, EditedError):
                raise Failed(str(exc), notes) from exc
            raise
        return self._clean_up(applied) if cleans_up else applied, warnings

    def _clean_up(self, state: State) -> State:
        """Remove empty directories that the collection created, and the journal. Safe at any time after the commit."""
        for directory in reversed(state.created):
            if not self._store.in_it(directory):
                self._machine.remove_directory(directory)
        return self._store.drop_journal(state)

    def _activate(self, plan: Plan) -> list[str]:
        warnings: list[str] = []
        for kind in sorted({change.activate for change in plan.changes if change.activate}):
            # a removal cannot be read back
            written = any(change.new.exists for change in plan.changes if change.activate == kind)
            warnings += self._machine.activate(kind, written, plan.state.has(kind))
        return warnings

    def _recover(self, state: State) -> tuple[State, list[str]]:
        """Roll back an interrupted run, or finish one that was interrupted after its commit."""
        if state.interrupted:
            self._foresee_undo(state.interrupted)
            state, notes = self._undo(state, state.interrupted)
            return state, ["an earlier run was interrupted and was rolled back first", *notes]
        return (self._clean_up(state) if state.journal else state), []

    def _foresee_undo(self, journal: Journal) -> dict[str, File]:
        """Return the files, by path, as a rollback leaves them. Raises MachineError for what would be refused."""
        files = {}
        for change in reversed(journal.changes):
            step = self._undo_step(change)
            if step is not None:
                files[change.path] = step[1]
                self._machine.foresee(change.path, step[1])
        return files

    def _undo(self, state: State, journal: Journal) -> tuple[State, list[str]]:
        """Roll back the changes of `journal`. Continue when an activation or the saving of the state fails.

        Raises MachineError when a file cannot be restored, after all others were; the journal then stays.
        """
        self._machine.begin()
        warnings = []
        failures = []
        for change in reversed(journal.changes):
            try:
                warnings += insist(functools.partial(self._undo_one, change), EditedError)
            except MachineError as exc:  # noqa: PERF203  # one failure must not prevent the others
                failures.append(str(exc))
        if failures:
            raise MachineError("; ".join(failures))
        for change in journal.changes:
            self._machine.sweep(change.path)
        for directory in reversed(journal.directories):
            self._machine.remove_directory(directory)
        for kind in sorted({change.activate for change in journal.changes if change.activate}):
            try:
                warnings += self._machine.activate(kind, False, state.has(kind))
            except MachineError as exc:  # noqa: PERF203  # one failure must not prevent the others
                warnings.append(str(exc))
        try:
            state = self._store.drop_journal(state)
        except MachineError as exc:  # the next run reads the journal again and finds nothing to roll back
            warnings.append(str(exc))
        return state, warnings

    def _undo_one(self, change: JournalEntry) -> list[str]:
        """Roll back one change, and return warnings."""
        step = self._undo_step(change)
        if step is None:
            return []
        now, file, note = step
        if file.exists:
            self._machine.write(change.path, file, old=now)
        else:
            self._machine.remove(change.path, old=now)
        return [note] if note else []

    def _undo_step(self, change: JournalEntry) -> tuple[File, File, str] | None:
        """Return a file as it is and as a rollback leaves it, with a warning where it cannot be restored exactly.

        None: there is nothing to do.
        """
        path, old, entry = change.path, change.old, change.entry
        now = self._machine.read(path, change.follow)
        if now.digest == change.new_digest and (now.mode == change.new_mode or not now.exists):
            return None if now == old else (now, old, "")
        if now.digest == old.digest:
            return None
        note = f"{path}: edited during the run; only the managed part was removed"
        if not entry or not now.exists:
            return now, now, note
        text = editor(entry.editor, entry.owned).revert(t.cast("str", now.text), old.text, force=False)
        kept = File(encode(text), now.mode, now.uid, now.gid)
        if kept == now:
            return None  # it was edited before this run got to it
        return now, kept if old.exists or not is_blank(text) else File(), note


def _union(first: t.Sequence[str], second: t.Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *second]))
