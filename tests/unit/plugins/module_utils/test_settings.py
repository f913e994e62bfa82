# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload: three tasks, hostile values and all, there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, to_json
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


MARKER = "Zq7secret"
RECORDS: list[Any] = [
    SETTINGS,
    PROOF,
    CaBundle("PEM", None),
    NetrcEntry("m", "l", HOSTILE),
    Candidate({"http": HOSTILE}, {"a": "b"}, None, CaBundle("PEM", "ROOTS")),
    Candidate(None, {}, "/ca", None),
    Run("id", "key", 1.5),
    *TASKS,
]
every_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)


def packed(record: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(to_json(record)))
    return content


def refusal(kind: Any, content: object) -> str:
    """The sentence, which tells no value."""
    with pytest.raises(RecordError) as raised:
        kind.from_json(content)
    assert MARKER not in str(raised.value)
    return str(raised.value)


@every_record
def test_every_record_there_and_back(record: Any) -> None:
    assert type(record).from_json(packed(record)) == record


@every_record
def test_every_key_of_every_record_is_needed_and_no_other_is_known(record: Any) -> None:
    kind = type(record)
    for name in record._fields:
        content = packed(record)
        del content[name]
        assert {kind.__name__ + ":", name} <= set(refusal(kind, content).split())
    message = refusal(kind, {**packed(record), "Zq7key": MARKER})
    assert kind.__name__ in message
    assert "Zq7key" in message


@every_record
@pytest.mark.parametrize("content", [None, MARKER, [MARKER], 7])
def test_no_record_is_made_of_what_is_no_mapping(record: Any, content: object) -> None:
    assert type(record).__name__ in refusal(type(record), content)


@pytest.mark.parametrize(
    ("record", "name", "named"),
    [
        (SETTINGS, "users", "users"),
        (SETTINGS, "fragment", "fragment"),
        (SETTINGS, "netrc", "netrc"),
        (SETTINGS, "secrets", "secrets"),
        (SETTINGS, "proof", "ProofOptions"),
        (SETTINGS, "ca_bundle", "CaBundle"),
        (PROOF, "channels", "channels"),
        (PROOF, "logins", "logins"),
        (PROOF, "without_conda", "WithoutConda"),
        (TASKS[0], "settings", "Settings"),
        (TASKS[0], "run", "Run"),
        (TASKS[3], "candidate", "Candidate"),
        (TASKS[4], "users", "users"),
    ],
)
def test_a_value_of_a_wrong_form_is_named_by_its_key_or_its_record(record: Any, name: str, named: str) -> None:
    assert named in refusal(type(record), {**packed(record), name: MARKER})


@pytest.mark.parametrize("payload", [None, [MARKER], {"task": MARKER}, {"body": MARKER, "Zq7key": 1}])
def test_what_is_no_payload_is_refused_without_a_value(payload: object) -> None:
    with pytest.raises(RecordError) as raised:
        unpack(payload)
    assert MARKER not in str(raised.value)
