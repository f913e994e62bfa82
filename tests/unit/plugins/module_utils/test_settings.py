# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload: three tasks, hostile values and all, there and back."""

from __future__ import annotations

import json

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import (
    CaBundle,
    Candidate,
    Connectivity,
    Converge,
    Info,
    NetrcEntry,
    ProofOptions,
    Run,
    Settings,
    Task,
    pack,
    unpack,
)
from tests.bed.settings import HOSTILE

PROOF = ProofOptions(channels=("main",), logins=("a",), without_conda=WithoutConda(("x",), {"http": HOSTILE}, "/ca"))
SETTINGS = Settings(
    state="present",
    scope="user",
    users=("ada",),
    home="/home/ada",
    sections=("condarc", "netrc"),
    prefix="/opt/conda",
    verify="rollback",
    proof=PROOF,
    condarc_path="/etc/conda/.condarc",
    fragment=(("proxy_servers", f"proxy_servers:\n  http: {HOSTILE}\n"),),
    variables={"http_proxy": HOSTILE},
    environment_targets=("profile",),
    ca_bundle=CaBundle("PEM", "ROOTS"),
    netrc=(NetrcEntry("m", "l", HOSTILE),),
    secret=True,
    secrets=(HOSTILE,),
)
TASKS: list[Task] = [
    Converge(SETTINGS, Run("id", "key", 30.0, "pc")),
    Converge(Settings("absent", "system", (), "", (), "", "none"), Run("id", "key", 0.0)),
    Connectivity(PROOF, "/opt/conda", {"http_proxy": HOSTILE, "NETRC": None}, True),
    Connectivity(ProofOptions(), candidate=Candidate({"http": HOSTILE}, {"a": "b"}, "/ca", CaBundle("PEM"))),
    Info("main", ("ada",), "/opt/conda"),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_there_and_back(task: Task) -> None:
    assert unpack(json.loads(json.dumps(pack(task)))) == task


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_a_key_too_many_or_too_few_is_refused_and_no_value_is_told(task: Task) -> None:
    body = json.loads(json.dumps(pack(task)))["body"]
    for name in body:
        packed = pack(task)
        packed["body"] = {key: value for key, value in body.items() if key != name}
        with pytest.raises(RecordError, match=f"{type(task).__name__}: missing key {name}"):
            unpack(packed)
    packed["body"] = {**body, "Zq7": HOSTILE}
    with pytest.raises(RecordError) as raised:
        unpack(packed)
    assert str(raised.value) == f"{type(task).__name__}: unknown key Zq7"


def test_two_releases_that_are_mixed_are_told() -> None:
    packed = dict(pack(TASKS[0]), schema_version=1)
    with pytest.raises(RecordError, match="schema version 1, and this module reads 2: two releases"):
        unpack(packed)
    with pytest.raises(RecordError, match="the task conda_other is unknown"):
        unpack(dict(pack(TASKS[0]), task="conda_other"))
