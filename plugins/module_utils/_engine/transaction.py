# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine: read all, plan, journal, write, prove, commit or undo. One transaction over one Machine.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

A kill at any moment leaves every file whole (Machine.write) and the journal on the disk; the next run undoes what was
not committed and plans anew. The commit mark is the run's id in the state.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.plan import Plan, make_plan
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State, Store, unpack
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, Machine, MachineError, encode
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

Journal = t.Dict[str, t.Any]
Hook = t.Callable[[t.List[Change]], None]


def _nothing(_changes: list[Change]) -> None:
    pass


class Failed(Exception):
    """The run failed and what it had written was put back; C(warnings) name what could not be."""

    def __init__(self, message: str, warnings: t.Sequence[str]) -> None:
        super().__init__(message)
        self.warnings = list(warnings)


class Outcome(t.NamedTuple):
    """What a transaction did, or in check mode would do. C(recovered): it undid a run that was cut off."""

    changes: list[Change]
    unchanged: int
    warnings: list[str]
    problems: list[str]
    recovered: bool = False


class Transaction:
    """One state folder's share of a run.

    C(targets) is called after recovery, so that it sees the machine as it will be. C(run) names this run in journal and
    state, C(host) this machine (a home may be shared by several).
    """

    def __init__(
        self,
        machine: Machine,
        folder: str,
        sections: t.Collection[str],
        targets: t.Callable[[], t.Sequence[Target]],
        masker: Masker,
        run: str,
        host: str,
    ) -> None:
        self.machine = machine
        self.store = Store(machine, folder)
        self.sections = sections
        self.targets = targets
        self.masker = masker
        self.run = run
        self.host = host

    def preview(self) -> Outcome:
        """What converge() would do. Makes neither state nor lock, and recovers nothing: it reports."""
        overlay: dict[str, File] = {}
        warnings = []
        journal = self._pending(self.store.load_state())
        if journal:
            warnings.append("an earlier run was cut off; the next run puts back what it had begun, then does this")
            overlay = {path: file for path, file, _note in self._undo_steps(journal)}
        plan = self._plan(lambda path, follow: overlay[path] if path in overlay else self.machine.read(path, follow))
        return Outcome(plan.changes, plan.unchanged, warnings + plan.warnings, plan.problems, bool(journal))

    def converge(self, before: Hook = _nothing, after: Hook = _nothing) -> Outcome:
        """Make the machine as wanted. C(before) is called when it is known what will change, and only if anything
        will; C(after) when all is written and before the commit, also when nothing had to be.

        Raises MachineError or Failed. Whatever goes wrong before the commit, also in C(after), puts everything back.
        """
        made = self.store.missing_folders()
        if made:
            # nothing of ours is here yet; with nothing to do there is no state, and no lock to be left behind
            plan = self._plan(self.machine.read)
            if not plan.changes and not plan.state.targets:
                after([])
                return Outcome([], plan.unchanged, plan.warnings, plan.problems)
            self._make(made)
        with self.machine.lock(self.store.folder):
            try:
                outcome = self._converge_locked(made, before, after)
            except (Failed, MachineError):
                self._leave_nothing(made)
                raise
        if not outcome.changes:
            after([])  # nothing to put back, so nobody has to wait for it
        return outcome

    def _make(self, folders: list[str]) -> None:
        """The folders for the state; all or none."""
        try:
            for folder in folders:
                self.machine.make_folder(folder, private=folder == self.store.folder)
        except MachineError:
            for folder in reversed(folders):
                self.machine.remove_folder(folder)
            raise

    def _converge_locked(self, made: list[str], before: Hook, after: Hook) -> Outcome:
        made = _union(made, self.store.load_state().made)  # what is undone to nothing takes its state along
        warnings = self._recover()
        recovered = bool(warnings)
        plan = self._plan(self.machine.read)
        if plan.changes:
            before(plan.changes)
            self.machine.begin()
            plan = self._plan(self.machine.read)  # somebody may have edited a file meanwhile
        plan.state.made = _union(made, plan.state.made)
        if plan.changes:
            warnings += self._transact(plan, after)
        else:
            self._save_if_new(plan)
        if plan.state.empty:
            self.store.drop(plan.state.made)
        return Outcome(plan.changes, plan.unchanged, warnings + plan.warnings, plan.problems, recovered)

    def _leave_nothing(self, made: list[str]) -> None:
        """A first run that failed leaves no state folder behind."""
        if made and self.store.load_journal() is None and self.store.load_state().empty:
            self.store.drop(made)

    def _plan(self, read: t.Callable[[str, bool], File]) -> Plan:
        state = self.store.load_state()
        plan = make_plan(self.targets(), state, self.sections, read, self.machine.real, self.masker)
        if (
            plan.changes
            and state.host
            and state.host != self.host
            and any("rotated" in change.reasons for change in plan.changes)
        ):
            note = (
                "{0}: this folder is shared with the host {1}, which was told other settings; both now follow this run"
            )
            plan.warnings.append(note.format(self.store.folder, state.host))
        plan.state.host = self.host
        return plan

    def _save_if_new(self, plan: Plan) -> None:
        if vars(plan.state) != vars(self.store.load_state()):
            self.store.save_state(plan.state)

    def _transact(self, plan: Plan, after: Hook) -> list[str]:
        folders: list[str] = []
        for change in plan.changes:
            if change.new.exists:
                folders = _union(folders, self.machine.missing_folders(change.path))
        records = [change.record() for change in plan.changes]
        journal = self.store.save_journal(self.run, records, folders, plan.state.made)
        try:
            for folder in folders:
                self.machine.make_folder(folder)
            for change in plan.changes:
                if change.new.exists:
                    self.machine.write(change.path, change.new, change.check)
                else:
                    self.machine.remove(change.path)
            warnings = self._activate(plan)
            after(plan.changes)
            plan.state.run = self.run
            plan.state.made = _union(plan.state.made, folders)
            # where nothing was taken away there is nothing to clean up, and the commit is the end
            cleans_up = any(not change.new.exists for change in plan.changes)
            self.store.save_state(plan.state, keep_journal=cleans_up)
        except Exception as exc:
            notes = self._undo(journal)
            if isinstance(exc, MachineError):
                raise Failed(str(exc), notes) from exc
            raise
        if cleans_up:
            self._clean_up(plan.state)
        return warnings

    def _clean_up(self, state: State) -> None:
        """What may be done any time after the commit: no folder of ours stays empty, then the journal goes."""
        for folder in reversed(state.made):
            if not self.store.in_it(folder):
                self.machine.remove_folder(folder)
        self.store.drop_journal()

    def _activate(self, plan: Plan) -> list[str]:
        warnings: list[str] = []
        for kind in sorted({change.activate for change in plan.changes if change.activate}):
            # what was only taken away cannot be read back
            written = any(change.new.exists for change in plan.changes if change.activate == kind)
            warnings += self.machine.activate(kind, written, plan.state.has(kind))
        return warnings

    def _activate_old(self, kinds: t.Iterable[str]) -> list[str]:
        """After an undo: what the old text says takes effect again. A failure must not keep the journal."""
        warnings: list[str] = []
        state = self.store.load_state()
        for kind in sorted({kind for kind in kinds if kind}):
            try:
                warnings += self.machine.activate(kind, False, state.has(kind))
            except MachineError as exc:  # noqa: PERF203  # one kind's failure is no reason to leave out the others
                warnings.append(str(exc))
        return warnings

    def pending(self) -> bool:
        """Is there something of a run that did not commit? It may be under way."""
        return self._pending(self.store.load_state()) is not None

    def _pending(self, state: State) -> Journal | None:
        """The journal of a run that was cut off before its commit."""
        journal = self.store.load_journal()
        return journal if journal and journal["run"] != state.run else None

    def _recover(self) -> list[str]:
        state = self.store.load_state()
        journal = self._pending(state)
        if journal:
            return ["an earlier run was cut off; what it had begun was put back first", *self._undo(journal)]
        if self.store.load_journal():
            self._clean_up(state)
        return []

    def _undo(self, journal: Journal) -> list[str]:
        warnings = []
        self.machine.begin()
        for path, file, note in self._undo_steps(journal):
            if file.exists:
                self.machine.write(path, file)
            else:
                self.machine.remove(path)
            warnings += [note] if note else []
        for record in journal["changes"]:
            self.machine.sweep(record["path"])
        for folder in reversed(journal["folders"]):
            self.machine.remove_folder(folder)
        warnings += self._activate_old(record["activate"] for record in journal["changes"])
        try:
            self.store.drop_journal()
        except MachineError as exc:  # the next run looks once more, and finds nothing to undo
            warnings.append(str(exc))
        return warnings

    def _undo_steps(self, journal: Journal) -> t.Iterator[tuple[str, File, str]]:
        """The files that undoing must write, with a warning where it cannot be exactly what was there."""
        for record in reversed(journal["changes"]):
            path, old, entry = record["path"], unpack(record["old"]), record["entry"]
            now = self.machine.read(path, record["follow"])
            if now.digest == record["new"]["digest"] and (now.mode == record["new"]["mode"] or not now.exists):
                if now != old:
                    yield path, old, ""
            elif now.digest != old.digest:
                note = f"{path}: edited while our run was under way; only what is ours was taken out"
                if entry and now.exists:
                    ours = editor(entry["editor"], entry["owned"])
                    text = ours.take_back(t.cast("str", now.text), old.text, force=False)
                    kept = File(encode(text), now.mode, now.uid, now.gid)
                    yield path, kept if old.exists or text.strip("\ufeff\r\n") else File(), note
                else:
                    yield path, now, note


def _union(first: t.Sequence[str], second: t.Sequence[str]) -> list[str]:
    return [*first, *(item for item in second if item not in first)]
