# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: what a run would change, from what is wanted, what is there and what we know. Pure; writes nothing.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.by_name import editor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import Entry, State, pack, unpack
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError, encode
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if t.TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker


class Plan(t.NamedTuple):
    """C(changes) to make, the C(state) after them, how many targets are as they should be, and what the user should know.

    C(problems) are sentences that fail the task although everything else is done.
    """

    changes: list[Change]
    state: State
    unchanged: int
    warnings: list[str]
    problems: list[str]


Reader = t.Callable[[str, bool], File]


def make_plan(
    targets: t.Sequence[Target],
    state: State,
    sections: t.Collection[str],
    read: Reader,
    real: t.Callable[[str], str],
    masker: Masker,
) -> Plan:
    """Compare every target with the machine, and take back what we own in C(sections) and nobody asks for any more."""
    after = State(vars(state))
    asked = {real(target.path) for target in targets}
    _rename(after, targets, real)
    plan = Plan([], after, 0, [], [])
    for target in targets:
        _plan_target(plan, target, after.targets.get(target.path), read, masker)
    unchanged = len(targets) - len(plan.changes)
    wanted = {target.path for target in targets}
    for path, known in list(after.targets.items()):
        if path in wanted or not set(known["sections"]) & set(sections):
            continue
        left = [section for section in known["sections"] if section not in sections]
        if left:
            after.targets[path] = dict(known, sections=left)
        elif real(path) in asked:
            del after.targets[path]  # another name of a file that is wanted
        else:
            _plan_take_back(plan, path, known, read, masker)
    return plan._replace(unchanged=unchanged)


def _rename(state: State, targets: t.Sequence[Target], real: t.Callable[[str], str]) -> None:
    """A file that we know by another name (a symbolic link on the way was made or went) is still the same file."""
    wanted = {target.path for target in targets}
    known = {real(path): path for path in state.targets if path not in wanted}
    for target in targets:
        old = known.get(real(target.path))
        if old and target.path not in state.targets and state.targets[old]["editor"] == target.editor.name:
            state.targets[target.path] = state.targets.pop(old)
            del known[real(target.path)]


def _plan_target(plan: Plan, target: Target, known: Entry | None, read: Reader, masker: Masker) -> None:
    if known and known["editor"] != target.editor.name:
        raise MachineError(
            "{} is already ours as {}; take it back first (state: absent)".format(target.path, known["kind"])
        )
    file = read(target.path, target.follow)
    notes: list[str] = []
    try:
        change = _converge(target, file, known, masker)
        if change is not None and change.new.data != file.data:
            notes += target.editor.warnings(file.text, known and known["owned"])
    except ValueError as exc:
        raise MachineError(f"{target.path}: {exc}") from None
    notes += target.editor.findings(t.cast("str", (change.new if change else file).text))
    plan.warnings.extend(f"{target.path}: {note}" for note in notes)
    if change is None:
        entry = dict(known or _new_entry(target, file))
        entry["sections"] = sorted(set(entry["sections"]) | set(target.sections))
        plan.state.targets[target.path] = entry
    else:
        plan.changes.append(change)
        plan.state.targets[target.path] = t.cast("Entry", change.entry)


def _plan_take_back(plan: Plan, path: str, known: Entry, read: Reader, masker: Masker) -> None:
    file = read(path, bool(known["follow"]))
    try:
        change, note = _take_back(path, known, file, masker)
    except ValueError as exc:
        # still ours: what it was before us must not be forgotten
        plan.problems.append(
            f"{path}: what is ours in it cannot be told from the rest ({exc}); make it plain and run again"
        )
        return
    del plan.state.targets[path]
    if note:
        plan.warnings.append(f"{path}: {note}")
    if change is not None:
        plan.changes.append(change)


def _new_entry(target: Target, file: File) -> Entry:
    return {
        "kind": target.kind,
        "editor": target.editor.name,
        "owned": target.editor.owned(),
        "original": pack(_without_ours(target.editor, file)),
        "left": file.digest,
        "left_mode": file.mode,
        "sections": sorted(target.sections),
        "activate": target.activate,
        "follow": target.follow,
    }


def _without_ours(ours: Editor, file: File) -> File:
    """A file that we do not know may still carry our mark: the state was lost, or the home was copied."""
    if file.text is None or not ours.marked(file.text):
        return file
    text = ours.take_back(file.text, None, force=True)
    return File(encode(text), file.mode, file.uid, file.gid) if text.strip("\ufeff\r\n") else File()


def _converge(target: Target, file: File, known: Entry | None, masker: Masker) -> Change | None:
    owned = known and known["owned"]
    original = unpack(known["original"]) if known else file
    new = File(
        encode(target.editor.edit(file.text, owned, original.text)),
        target.wanted_mode(file),
        *target.wanted_owner(file, original),
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
    entry = dict(known or _new_entry(target, file))
    entry.update(_new_entry(target, file), left=new.digest, left_mode=new.mode)
    if known:
        entry["original"] = pack(_baseline(file, known))
    entry["sections"] = sorted(set(target.sections) | set((known or {}).get("sections", ())))
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
    )


def _reason(target: Target, file: File, known: Entry | None) -> str:
    if known and known["owned"] != target.editor.owned():
        return target.editor.reason(known["owned"])
    if not file.exists or not target.editor.present(t.cast("str", file.text)):
        return "missing"
    return "edited" if known else "missing"


def _baseline(file: File, known: Entry) -> File:
    """The file as C(absent) should leave it: what it was before us, with every edit of the user's since then in it."""
    original = unpack(known["original"])
    if file.digest == known["left"] or not file.exists:
        return original
    text = editor(known["editor"], known["owned"]).take_back(t.cast("str", file.text), original.text, force=True)
    if not original.exists and not text.strip("\ufeff\r\n"):
        return original
    mode = original.mode if original.exists and file.mode == known["left_mode"] else file.mode
    return File(encode(text), mode, file.uid, file.gid)


def _take_back(path: str, known: Entry, file: File, masker: Masker) -> tuple[Change | None, str]:
    """The change that makes C(path) what it was; the second value is a sentence when it cannot be exactly that."""
    if not file.exists:
        return None, ""  # somebody removed it; that is theirs to decide
    original = unpack(known["original"])
    ours = editor(known["editor"], known["owned"])
    note = ""
    if file.digest == known["left"]:
        new = original
    else:
        text = ours.take_back(t.cast("str", file.text), original.text, force=False)
        note = "edited since our last run; " + ours.taken
        new = File(encode(text), file.mode, file.uid, file.gid)
        if not original.exists and not text.strip("\ufeff\r\n"):
            new = File()
    if new.exists:
        # a mode that somebody chose since stays; an owner is whatever the file has now
        mode = original.mode if original.exists and file.mode == known["left_mode"] else file.mode
        new = File(new.data, mode, file.uid, file.gid)
    if new == file:
        return None, note
    before, after = ours.view(file.text, masker), ours.view(new.text, masker)
    action = "update" if new.exists else "remove"
    return Change(
        known["kind"],
        path,
        action,
        ["unwanted"],
        file,
        new,
        before,
        after,
        None,
        activate=known["activate"],
        follow=bool(known["follow"]),
    ), note
