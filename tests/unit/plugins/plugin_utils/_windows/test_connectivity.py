# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_connectivity on the stand-in for Windows: what the probe is given, and that nothing is written."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity as _proof
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import failed_row
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Candidate, Connectivity, ProofOptions
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import connectivity
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed
from tests.bed.settings import PROXY, SECRET
from tests.bed.windows import HOME, MACHINE_ENVIRONMENT, USER_ENVIRONMENT, initial
from tests.bed.windows_remote import DirectRemote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = Connectivity(ProofOptions())
CANDIDATE = Candidate({"https": "http://ada:${COMPANY}@new.invalid:2"}, {}, None, None)


@pytest.fixture
def state() -> dict[str, Any]:
    made = initial(administrator=False)
    machine = Machine(made)
    machine.set_value(MACHINE_ENVIRONMENT, "HTTPS_PROXY", "string", "http://machine.invalid:1")
    machine.set_value(USER_ENVIRONMENT, "https_proxy", "string", PROXY)
    machine.set_value(USER_ENVIRONMENT, "COMPANY", "string", "x")
    machine.edit("put_file", HOME + "\\miniconda3\\Scripts\\conda.exe", "")
    return made


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the proof was asked; it reaches nothing."""
    found: list[dict[str, Any]] = []

    def prove(
        _launcher: object, bases: list[Any], environment: Mapping[str, str | None], options: ProofOptions, **more: Any
    ) -> list[Any]:
        found.append({"bases": [base.prefix for base in bases], "environment": environment, "options": options, **more})
        return [failed_row("server_error", "x")]

    monkeypatch.setattr(_proof, "prove", prove)
    monkeypatch.setattr(
        _proof,
        "conda_info",
        lambda _launcher, bases, _environment, **more: [CondaInfo(bases[0].prefix, "t", more["user"])],
    )
    return found


def test_a_new_logon_of_the_connecting_user_is_proven_and_nothing_is_written(
    state: dict[str, Any], looks: list[dict[str, Any]]
) -> None:
    before = copy.deepcopy(state)
    result = connectivity.run_connectivity(DirectRemote(state).made_for, TASK)
    assert (result["changed"], result["reachable"], result.get("failed", False)) == (False, False, False)
    assert "conda_info" not in result
    assert state == before
    (look,) = looks
    assert (look["bases"], look["user"], look["candidate"]) == ([HOME + "\\miniconda3"], "Ada", None)
    assert look["environment"]["HTTPS_PROXY"] == PROXY, "the user's wins"
    assert look["environment"]["NO_PROXY"] is None
    assert "COMPANY" not in look["environment"]


def test_a_given_environment_is_taken_as_it_is(state: dict[str, Any], looks: list[dict[str, Any]]) -> None:
    given = {"https_proxy": "http://given.invalid", "NETRC": None}
    connectivity.run_connectivity(DirectRemote(state).made_for, TASK._replace(environment=given))
    assert looks[0]["environment"] == given


def test_variables_that_a_candidate_or_a_condarc_names_go_along(
    state: dict[str, Any], looks: list[dict[str, Any]]
) -> None:
    connectivity.run_connectivity(DirectRemote(state).made_for, TASK._replace(candidate=CANDIDATE))
    assert (looks[0]["candidate"], looks[0]["environment"]["COMPANY"]) == (CANDIDATE, "x")
    Machine(state).edit("put_file", WINDOWS.user_condarc.replace("{home}", HOME), "JUNPTVBBTlkl")  # %COMPANY%
    connectivity.run_connectivity(DirectRemote(state).made_for, TASK)
    assert looks[1]["environment"]["COMPANY"] == "x"


@pytest.mark.parametrize("require", [True, False])
def test_it_fails_where_a_channel_is_required(
    require: bool, state: dict[str, Any], looks: list[dict[str, Any]]
) -> None:
    result = connectivity.run_connectivity(DirectRemote(state).made_for, TASK._replace(require=require))
    assert result.get("failed", False) is require
    assert len(looks) == 1


def test_conda_info_where_it_is_asked_for(state: dict[str, Any], looks: list[dict[str, Any]]) -> None:
    task = TASK._replace(proof=ProofOptions(info=True))
    result = connectivity.run_connectivity(DirectRemote(state).made_for, task)
    assert result["conda_info"] == [{"base": HOME + "\\miniconda3", "text": "t", "user": "Ada"}]
    assert looks[0]["options"].info


def test_a_host_that_cannot_be_looked_at_is_a_failure_without_a_secret(state: dict[str, Any]) -> None:
    class Gone(DirectRemote):
        def module(self, name: str, /, check_mode: bool = False, **arguments: object) -> dict[str, object]:  # noqa: ARG002
            raise ModuleFailed(f"{name}: " + self._clean(f"http://ada:{SECRET}@proxy.example.com is gone"), {})

    result = connectivity.run_connectivity(Gone(state).made_for, TASK)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "is gone" in result["msg"]
    assert SECRET not in result["msg"]
