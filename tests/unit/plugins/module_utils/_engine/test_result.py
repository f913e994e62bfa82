# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run out of those of its parts."""

from __future__ import annotations

import json

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._engine.change import Change
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import (
    PartResult,
    RunResult,
    failure,
    unique,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Outcome
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import failed_row
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, to_json


def part(path: str = "/home/ada/.condarc", **more: object) -> PartResult:
    change = Change(
        "condarc", path, "create", ["missing"], File(), File(b"x\n", 0o600), "", "x\n", None, notice="log in again"
    )
    return PartResult.of(Outcome([change, change], 3, ["careful"], []), lambda file: f"mode {file.mode:o}\n", **more)


def test_a_part_lists_changes_notices_once_and_a_diff() -> None:
    made = part()
    assert [row["id"] for row in made.resources] == ["condarc:/home/ada/.condarc"] * 2
    assert made.warnings == ("careful", "log in again")
    assert made.diff[0]["before"] == "", "a file that is not there has no mode"
    assert made.diff[0]["after"] == "x\nmode 600\n"


def test_a_part_crosses_a_pipe() -> None:
    made = part(proof=(failed_row("deadline", "late", "killed"),), infos=(CondaInfo("ada", "/opt/conda", "text"),))
    assert PartResult.from_json(json.loads(json.dumps(to_json(made)))) == made
    with pytest.raises(RecordError, match="unknown key more"):
        PartResult.from_json(dict(to_json(made), more=1))


def test_parts_are_added_up_with_the_names_of_their_users() -> None:
    result = RunResult()
    result.add(part("/etc/conda/.condarc"))
    result.add(part(error="it is full"), "ada")
    assert result.failed
    whole = result.finish(with_diff=True)
    assert [row.get("user") for row in whole["resources"]] == [None, None, "ada", "ada"]
    assert (whole["changed"], whole["unchanged"], whole["msg"]) == (True, 6, "ada: it is full")
    assert whole["warnings"] == ["careful", "log in again"]
    assert len(whole["diff"]) == 4
    assert "diff" not in result.finish(with_diff=False)


def test_a_machine_without_conda_is_named_in_one_warning() -> None:
    result = RunResult()
    for user in ("ada", "bob", "cyd", "dan", "eve", "fay"):
        result.add(PartResult(proof=(failed_row("no_conda", "")._replace(user=user),)), user)
    (warning,) = result.finish(with_diff=False)["warnings"]
    assert warning.startswith("no conda was found for ada, bob, cyd, dan, eve, ..., so no channel was verified; ")
    assert "conda_proxy_verify: require" in warning
    alone = RunResult()
    alone.add(PartResult(proof=(failed_row("no_conda", ""),)))
    assert alone.finish(with_diff=False)["warnings"][0].startswith("no conda was found, so no channel")


def test_the_last_look_at_a_channel_counts() -> None:
    result = RunResult()
    late = failed_row("deadline", "late")._replace(user="ada", base="/opt/conda", url="http://a")
    result.add(PartResult(proof=(late, late._replace(url="http://b"))))
    result.add(PartResult(proof=(late._replace(verdict="ok", ok=True),)))
    assert [(row["url"], row["verdict"]) for row in result.finish(False)["proof"]] == [
        ("http://b", "deadline"),
        ("http://a", "ok"),
    ]


def test_a_part_that_could_not_be_run_fails_the_task_and_says_what_it_needs() -> None:
    error = MachineError("no roots")
    error.needs = "roots"
    result = RunResult()
    result.fail(error, "bob")
    whole = result.finish(False)
    assert (whole["failed"], whole["msg"], whole["needs"], whole["changed"]) == (True, "bob: no roots", "roots", False)
    assert "needs" not in RunResult().finish(False)


def test_a_rolled_back_interrupted_run_is_a_change() -> None:
    result = RunResult()
    result.add(PartResult(recovered=True))
    assert result.finish(False)["changed"]


def test_small_things() -> None:
    assert failure("x") == {"failed": True, "msg": "x"}
    assert unique(["b", "a", "b"]) == ["b", "a"]
