# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan, from what is desired, there and known. Nothing is written, so memory is enough."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.plan import Plan, make_plan
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.state import State
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

PATH = "/etc/profile.d/p.sh"
ALL = ("condarc", "environment")


def target(text: str = "a=1\n", path: str = PATH, sections: tuple[str, ...] = ("environment",)) -> Target:
    return Target("environment", path, WholeEditor(text), sections)


def plan(
    targets: list[Target],
    files: dict[str, File],
    state: State | None = None,
    sections: tuple[str, ...] = ALL,
    real: dict[str, str] | None = None,
) -> Plan:
    return make_plan(
        targets,
        state or State(),
        sections,
        lambda path, _follow: files.get(path, File()),
        lambda path: (real or {}).get(path, path),
        Masker("key"),
        lambda _path, _new, _secret: [],
    )


def applied(files: dict[str, File], made: Plan) -> dict[str, File]:
    """The machine after the plan."""
    after = dict(files)
    for change in made.changes:
        after[change.path] = change.new
    return after


def test_create_again_drift_and_remove() -> None:
    made = plan([target()], {})
    assert [(change.action, change.path) for change in made.changes] == [("create", PATH)]
    files = applied({}, made)

    again = plan([target()], files, made.state)
    assert (again.changes, again.unchanged, again.state) == ([], 1, made.state)

    drifted = plan([target()], {PATH: files[PATH]._replace(data=b"somebody")}, made.state)
    assert [change.new for change in drifted.changes] == [files[PATH]]

    removed = plan([], files, made.state)
    assert [(change.action, change.new.exists) for change in removed.changes] == [("remove", False)]
    assert removed.state.empty


def test_what_stood_there_comes_back() -> None:
    before = {PATH: File(b"mine\n", 0o600, 5, 5)}
    made = plan([target()], before)
    back = plan([], applied(before, made), made.state)
    assert [change.new for change in back.changes] == [before[PATH]]


def test_a_section_that_is_not_asked_for_is_left_alone() -> None:
    made = plan([target()], {})
    other = plan([], applied({}, made), made.state, sections=("condarc",))
    assert (other.changes, other.state) == ([], made.state)


def test_a_target_of_two_sections_stays_for_the_other_one() -> None:
    made = plan([target(sections=ALL)], {})
    left = plan([], applied({}, made), made.state, sections=("condarc",))
    assert left.changes == []
    assert left.state.targets[PATH].sections == ("environment",)


def test_a_file_is_known_again_when_a_link_gave_it_another_name() -> None:
    made = plan([target()], {})
    link = "/etc/other/p.sh"
    files = {link: made.changes[0].new}
    moved = plan([target(path=link)], files, made.state, real={PATH: link})
    assert moved.changes == []
    assert list(moved.state.targets) == [link]


def test_another_kind_of_content_in_a_managed_file_is_refused() -> None:
    made = plan([target()], {})
    block = Target("environment", PATH, BlockEditor({"lines": ["a=1"], "top": False}), ("environment",))
    refused = plan([block], applied({}, made), made.state)
    (problem,) = refused.problems
    assert problem.startswith(f"{PATH} is already managed as environment; run with")
    assert (refused.changes, refused.state) == ([], made.state)


def test_what_cannot_be_taken_apart_stays_managed() -> None:
    condarc = Target("condarc", PATH, CondarcEditor([["offline", "offline: false\n"]]), ("condarc",))
    made = plan([condarc], {PATH: File(b"channels: [a]\n", 0o644)})
    broken = plan([], {PATH: File(b"{channels: [a], offline: false}\n", 0o644)}, made.state)
    assert len(broken.problems) == 1
    assert broken.problems[0].startswith(f"{PATH}: cannot separate the managed part")
    assert PATH in broken.state.targets
    assert broken.changes == []


@pytest.mark.parametrize(
    ("text", "file", "reasons"),
    [
        ("a=1\n", {}, None),
        ("a=1\n", {"data": b"somebody\n"}, ["edited"]),
        ("a=2\n", {}, ["rotated"]),
        ("a=2\n", {"data": b"somebody\n"}, ["rotated"]),
        ("a=1\n", {"data": None}, ["missing"]),
        ("a=1\n", {"mode": 0o600}, ["mode"]),
        ("a=1\n", {"uid": 5}, ["owner"]),
    ],
)
def test_why_a_managed_file_is_written(text: str, file: dict[str, object], reasons: list[str] | None) -> None:
    wanted = target()._replace(access="exact", uid=0)
    made = plan([wanted], {})
    there = made.changes[0].new._replace(uid=0, gid=0)
    again = plan([target(text)._replace(access="exact", uid=0)], {PATH: there._replace(**file)}, made.state)  # type: ignore[arg-type]
    assert [change.reasons for change in again.changes] == ([reasons] if reasons else [])
    assert again.unchanged == (0 if reasons else 1)
    assert again.state.targets[PATH].original == File(), "the original stays that of the first run"


def test_what_is_removed_was_unwanted_and_a_mode_that_somebody_set_since_is_kept() -> None:
    before = {PATH: File(b"mine\n", 0o640, 5, 5)}
    made = plan([target()._replace(mode=0o644, access="exact")], before)
    managed = made.changes[0].new
    for mode, restored in ((managed.mode, 0o640), (0o600, 0o600)):
        back = plan([], {PATH: managed._replace(mode=mode)}, made.state)
        assert [(change.reasons, change.new.data, change.new.mode) for change in back.changes] == [
            (["unwanted"], b"mine\n", restored)
        ]


def test_a_managed_file_that_somebody_removed_is_not_made_again_to_be_restored() -> None:
    made = plan([target()], {PATH: File(b"mine\n", 0o644)})
    gone = plan([], {}, made.state)
    assert (gone.changes, gone.problems) == ([], [])
    assert gone.state.empty


def test_a_file_of_a_state_that_was_lost_has_no_original_of_ours() -> None:
    block = Target("environment", PATH, BlockEditor({"lines": ["a=1"], "top": False}), ("environment",))
    made = plan([block], {PATH: File(b"mine\n", 0o644)})
    lost = plan([block], {PATH: made.changes[0].new})
    assert lost.state.targets[PATH].original.data == b"mine\n"
    assert lost.changes == []


CONDARC = [
    ["channels", 'channels:\n  - "https://svc:pw@mirror.example.com/a"\n'],
    ["proxy_servers", 'proxy_servers:\n  "http": "http://svc:pw@proxy.example.com:8080"\n'],
]


def condarc_target() -> Target:
    return Target("condarc", PATH, CondarcEditor(CONDARC), ("condarc",), 0o600, "private")


def rewritten(text: str) -> bytes:
    """What `conda config --set auto_activate_base false` makes of it: no quotes, long lines broken, values kept."""
    text = text.replace('"', "").replace("http: http:", "http:\n    http:")
    return (text + "auto_activate_base: false\n").encode()


def test_what_conda_has_rewritten_is_removed_with_its_secrets() -> None:
    before = {PATH: File(b"always_yes: true\nchannels: [mine] # one\n", 0o644)}
    made = plan([condarc_target()], before)
    managed = made.changes[0].new
    assert managed.mode == 0o600
    there = {PATH: managed._replace(data=rewritten(managed.text or ""))}
    back = plan([], there, made.state)
    assert [(change.new.text, change.new.mode) for change in back.changes] == [
        ("always_yes: true\nchannels: [mine] # one\nauto_activate_base: false\n", 0o644)
    ]
    assert back.state.empty
    assert back.warnings == [f"{PATH}: edited since the last run; only the managed part was removed"]


def test_what_somebody_has_changed_stays_known_and_private() -> None:
    before = {PATH: File(b"always_yes: true\n", 0o644)}
    made = plan([condarc_target()], before)
    managed = made.changes[0].new
    text = (managed.text or "").replace("channels:\n", "channels:\n  - mine\n")
    back = plan([], {PATH: managed._replace(data=text.encode())}, made.state)
    kept = 'always_yes: true\nchannels:\n  - mine\n  - "https://svc:pw@mirror.example.com/a"\n'
    assert [(change.new.text, change.new.mode) for change in back.changes] == [(kept, 0o600)]
    assert len(back.warnings) == 1
    assert back.warnings[0].startswith(f"{PATH}: edited since the last run; channels has another value")
    assert "pw" not in back.warnings[0]
    assert list(back.state.targets) == [PATH]

    # a second removal does the same, and changes nothing
    files = {PATH: back.changes[0].new}
    again = plan([], files, back.state)
    assert (again.changes, again.state, again.warnings) == ([], back.state, back.warnings)

    # once the user has taken it out, the file is theirs again
    gone = plan([], {PATH: files[PATH]._replace(data=b"always_yes: true\nx: 1\n")}, back.state)
    assert [(change.new.text, change.new.mode) for change in gone.changes] == [("always_yes: true\nx: 1\n", 0o644)]
    assert gone.state.empty


def test_what_a_removal_left_comes_back_after_the_next_one() -> None:
    made = plan([condarc_target()], {PATH: File(b"always_yes: true\n", 0o644)})
    managed = made.changes[0].new
    text = (managed.text or "").replace("channels:\n", "channels:\n  - mine\n")
    left = plan([], {PATH: managed._replace(data=text.encode())}, made.state)
    files = applied({}, left)
    second = plan([condarc_target()], files, left.state)
    assert second.changes[0].new.text == managed.text
    back = plan([], applied(files, second), second.state)
    assert [change.new for change in back.changes] == [files[PATH]]
