# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Plan a run: compare the desired targets, the machine and the state. Pure; writes nothing."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State, StateEntry
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError, encode, is_blank
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import has_password
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

Reader = t.Callable[[str, bool], File]  # path, follow symbolic links
Foresight = t.Callable[[str, File, bool], t.List[str]]  # Machine.foresee


class Plan(t.NamedTuple):
    """The changes to make and the state after them."""

    changes: list[Change]
    state: State
    unchanged: int  # targets that are as they should be
    warnings: list[str]
    problems: list[str]  # fail the task, although all other changes are applied


def make_plan(
    targets: t.Sequence[Target],
    state: State,
    sections: t.Collection[str],
    read: Reader,
    real: t.Callable[[str], str],
    masker: Masker,
    foresee: Foresight,
) -> Plan:
    """Compare every target with the machine; remove what is managed in `sections` and no longer requested.

    A section with a target that cannot be read, edited or written is left as it is, and is a problem of the plan.
    """
    entries = dict(state.targets)
    requested = {real(target.path) for target in targets}
    _rename(entries, targets, real)
    planner = _Planner(entries, read, masker, foresee)
    unchanged, refused = planner.apply(targets)
    desired = {target.path for target in targets}
    sections = set(sections) - refused  # what a refused file was to replace stays
    for path, known in list(entries.items()):
        if path in desired or not set(known.sections) & sections:
            continue
        kept = tuple(section for section in known.sections if section not in sections)
        if kept:
            entries[path] = known._replace(sections=kept)
        elif real(path) in requested:
            del entries[path]  # another name of a file that is desired
        else:
            planner.remove(path)
    return Plan(planner.changes, state._replace(targets=entries), unchanged, planner.warnings, planner.problems)


def _rename(entries: dict[str, StateEntry], targets: t.Sequence[Target], real: t.Callable[[str], str]) -> None:
    """Keep the entry of a file whose path changed because a symbolic link in it was created or removed."""
    desired = {target.path for target in targets}
    known = {real(path): path for path in entries if path not in desired}
    for target in targets:
        old = known.get(real(target.path))
        if old and target.path not in entries and entries[old].editor == target.editor.name:
            entries[target.path] = entries.pop(old)
            del known[real(target.path)]


class _Step(t.NamedTuple):
    """What is planned for one target."""

    target: Target
    change: Change | None
    entry: StateEntry
    notes: list[str]


class _Planner:
    """Collects changes, and updates `entries`, those of the state."""

    def __init__(self, entries: dict[str, StateEntry], read: Reader, masker: Masker, foresee: Foresight) -> None:
        self._entries = entries
        self._read = read
        self._masker = masker
        self._foresee = foresee
        self.changes: list[Change] = []
        self.warnings: list[str] = []
        self.problems: list[str] = []
        self._causes: set[str] = set()  # of the problems

    def _refuse(self, error: MachineError) -> None:
        """Add a problem; one that several files have in common once."""
        if error.cause not in self._causes:
            self.problems.append(str(error))
        if error.cause:
            self._causes.add(error.cause)

    def apply(self, targets: t.Sequence[Target]) -> tuple[int, set[str]]:
        """Plan the changes that make `targets` as desired.

        Return how many need none, and the sections of which one cannot be made so: nothing of them is planned.
        """
        steps: list[_Step] = []
        refused: set[str] = set()
        for target in targets:
            if set(target.sections) <= refused:
                continue
            try:
                steps.append(self._step(target))
            except MachineError as exc:
                if target.optional:
                    self.warnings.append(f"{exc}; its lines stay as they are")
                    continue
                self._refuse(exc)
                refused.update(target.sections)
        steps = [step for step in steps if not set(step.target.sections) <= refused]
        for step in steps:
            self.warnings += step.notes
            self._entries[step.target.path] = step.entry
        self.changes += [step.change for step in steps if step.change is not None]
        return len(steps) - len(self.changes), refused

    def _step(self, target: Target) -> _Step:
        """Return what makes `target` as desired. Raises MachineError."""
        known = self._entries.get(target.path)
        if known and known.editor != target.editor.name:
            raise MachineError(
                f"{target.path} is already managed as {known.kind}; run with conda_proxy_state: absent first"
            )
        file = self._read(target.path, target.follow)
        notes: list[str] = []
        try:
            change = _converge(target, file, known, self._masker)
            if change is not None and change.new.data != file.data:
                notes += target.editor.warnings(file.text, known and known.owned)
        except ValueError as exc:
            raise MachineError(f"{target.path}: {exc}") from None
        notes += target.editor.findings(t.cast("str", (change.new if change else file).text))
        notes = [f"{target.path}: {note}" for note in notes]
        if change is None:
            entry = known or _new_entry(target, file)
            return _Step(target, None, entry._replace(sections=_union(entry.sections, target.sections)), notes)
        secret = target.private or has_password(t.cast("str", change.new.text))
        notes += self._foresee(change.path, change.new, secret)
        return _Step(target, change, t.cast("StateEntry", change.entry), notes)

    def remove(self, path: str) -> None:
        """Plan the change that restores `path` as it was before it was managed."""
        known = self._entries[path]
        notes: list[str] = []
        try:
            file = self._read(path, known.follow)
            change, note, left = _revert(path, known, file, self._masker)
            if change is not None:
                notes = self._foresee(path, change.new, False)
        except MachineError as exc:
            self._refuse(exc)  # it stays managed
            return
        except ValueError as exc:
            # it stays managed, so that the state keeps the original content
            self.problems.append(
                f"{path}: cannot separate the managed part from the rest ({exc}); simplify the file and run again"
            )
            return
        if left:
            self._entries[path] = known._replace(applied="")  # so that the next run tries again
        else:
            del self._entries[path]
        self.warnings += [f"{path}: {note}"] * bool(note) + notes
        if change is not None:
            self.changes.append(change)


def _union(first: t.Iterable[str], second: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second}))


def _new_entry(target: Target, file: File) -> StateEntry:
    return StateEntry(
        kind=target.kind,
        editor=target.editor.name,
        owned=target.editor.owned(),
        original=_without_managed(target.editor, file),
        applied=file.digest,
        applied_mode=file.mode,
        sections=_union(target.sections, ()),
        activate=target.activate,
        follow=target.follow,
    )


def _without_managed(desired: Editor, file: File) -> File:
    """Return `file` without managed content, which an unmanaged file has when the state was lost or the home copied."""
    if file.text is None or not desired.marked(file.text):
        return file
    text = desired.revert(file.text, None, force=True)
    return File() if is_blank(text) else File(encode(text), file.mode, file.uid, file.gid)


def _converge(target: Target, file: File, known: StateEntry | None, masker: Masker) -> Change | None:
    original = known.original if known else file
    new = File(
        encode(target.editor.edit(file.text, known and known.owned, original.text)),
        target.desired_mode(file),
        *target.desired_owner(file, original),
    )
    reasons = []
    if new.data != file.data:
        reasons.append(_reason(target, file, known))
    elif new.uid != file.uid:
        reasons.append("owner")
    elif new.mode != file.mode:
        reasons.append("mode")
    if not reasons:
        return None
    entry = _new_entry(target, file)._replace(applied=new.digest, applied_mode=new.mode)
    if known:
        entry = entry._replace(original=_baseline(file, known), sections=_union(entry.sections, known.sections))
    return Change(
        target.kind,
        target.path,
        "update" if file.exists else "create",
        reasons,
        file,
        new,
        target.editor.view(file.text, masker),
        target.editor.view(new.text, masker),
        entry,
        target.check,
        target.activate,
        target.notice,
        target.follow,
        target.private,
    )


def _reason(target: Target, file: File, known: StateEntry | None) -> str:
    if known and known.owned != target.editor.owned():
        return target.editor.reason(known.owned)
    if not file.exists or not target.editor.present(t.cast("str", file.text)):
        return "missing"
    return "edited" if known else "missing"


def _baseline(file: File, known: StateEntry) -> File:
    """Return the file as `state: absent` restores it: the original, with every edit that the user made since."""
    original = known.original
    if file.digest == known.applied or not file.exists:
        return original
    if not known.applied:
        return file  # what an earlier removal left is somebody's own
    text = editor(known.editor, known.owned).revert(t.cast("str", file.text), original.text, force=True)
    if not original.exists and is_blank(text):
        return original
    return File(encode(text), _mode_without(file, known), file.uid, file.gid)


def _mode_without(file: File, known: StateEntry) -> int:
    """Return the mode to restore; keep one that somebody else set since."""
    return known.original.mode if known.original.exists and file.mode == known.applied_mode else file.mode


def _revert(path: str, known: StateEntry, file: File, masker: Masker) -> tuple[Change | None, str, bool]:
    """Return the change that restores `path`, a note where it cannot be restored exactly, and whether something is left.

    While something of the managed part is left, the file keeps its mode: it may hold a secret.
    """
    if not file.exists:
        return None, "", False  # somebody else removed it: respect that
    original, managed = known.original, editor(known.editor, known.owned)
    note = ""
    left: list[str] = []
    if file.digest == known.applied:
        new = original
    else:
        text = managed.revert(t.cast("str", file.text), original.text, force=False)
        left = managed.left(text, original.text)
        note = "edited since the last run; " + (_left_note(left) if left else managed.reverted)
        new = File() if not original.exists and is_blank(text) else File(encode(text))
    if new.exists:
        mode = file.mode if left else _mode_without(file, known)
        new = File(new.data, mode, file.uid, file.gid)  # keep the current owner
    if new == file:
        return None, note, bool(left)
    change = Change(
        known.kind,
        path,
        "update" if new.exists else "remove",
        ["unwanted"],
        file,
        new,
        managed.view(file.text, masker),
        managed.view(new.text, masker),
        None,
        activate=known.activate,
        follow=known.follow,
        private=bool(left) and not new.mode & 0o077,
    )
    return change, note, bool(left)


def _left_note(left: t.Sequence[str]) -> str:
    return (
        f"{', '.join(left)} has another value than the managed one, so it was kept, and it may hold a password; remove "
        "it from the file if nobody needs it, and run again"
    )
