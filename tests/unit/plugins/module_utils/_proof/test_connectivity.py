# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of every base, by a launcher that gives canned answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.defaults import DEFAULT_CHANNEL, channel_url
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import (
    ProbeAnswer,
    ProbeInput,
    ProbeRow,
    WithoutConda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo, conda_info, prove
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import (
    INFO_DEADLINE,
    Answer,
    failed_row,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError, to_json
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Candidate, ProofOptions
from tests.bed.settings import CERTIFICATE, SECRET

ONE, TWO = (Base(f"/opt/{name}", f"/opt/{name}/bin/python") for name in ("one", "two"))
ALONE = Base("", "/usr/bin/python3")
REFUSED = Base("/srv/conda", "/srv/conda/bin/python", refusal="/srv/conda belongs to somebody else")
URL = "https://mirror.invalid/main"
ENVIRONMENT = {"https_proxy": "http://env.invalid:1", "NETRC": None, "LANG": "C"}


class Canned:
    """Answers with the rows given, and keeps which base was asked what and for how long."""

    searched = "Looked everywhere."

    def __init__(
        self, *found: dict[str, Any], info: str | None = None, alone: Base | None = ALONE, answer: Answer | None = None
    ) -> None:
        rows = tuple(ProbeRow.from_json({**new_row(URL), **row}) for row in found)
        document = to_json(ProbeAnswer(1, "", "24.7.1", "3.11.2", "completed", rows, info))
        self.answer = answer or Answer(json.dumps(document).encode("ascii"))
        self.python_alone = alone
        self.asked: list[tuple[Base, ProbeInput, float]] = []

    def owner(self, base: Base) -> tuple[int, int]:  # noqa: ARG002
        return -1, -1

    def run(self, base: Base, text: bytes, seconds: float) -> Answer:
        self.asked.append((base, self.given.pop(0), seconds))
        assert text.startswith(b"program of ")
        return self.answer

    given: list[ProbeInput]


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program is made of goes to the launcher as it is."""
    Canned.given = []

    def program(name: str, given: ProbeInput) -> bytes:
        Canned.given.append(given)
        return f"program of {name}".encode()

    monkeypatch.setattr(connectivity, "program", program)


OK = {"verdict": "ok", "ok": True, "status": 200, "detail": ""}
BAD = {"verdict": "server_error", "status": 503, "url": "https://mirror.invalid/other"}
CANDIDATE = Candidate({"https": "http://new.invalid:2"}, {"A": "b"}, None, CaBundle(CERTIFICATE))


def test_a_row_for_each_base_and_channel_with_names_and_advice() -> None:
    launcher = Canned(OK, BAD)
    rows = prove(launcher, [ONE, TWO], ENVIRONMENT, ProofOptions(), user="ada")
    assert [row.subject for row in rows] == [
        ("ada", base.prefix, url) for base in (ONE, TWO) for url in (URL, BAD["url"])
    ]
    assert [row.ok for row in rows] == [True, False] * 2
    assert [bool(row.remedy) for row in rows] == [False, True] * 2
    assert rows[1].see
    assert {row.conda_version for row in rows} == {"24.7.1"}


def test_the_options_reach_the_probe() -> None:
    launcher = Canned(OK)
    options = ProofOptions(7.0, 2.0, 3.0, ("main",), packages=True)
    prove(launcher, [ONE], ENVIRONMENT, options, user=None)
    ((base, given, seconds),) = launcher.asked
    assert (base, seconds) == (ONE, 7.0)
    assert given == ProbeInput(
        ENVIRONMENT, ("main",), packages=True, deadline=7.0, connect_timeout=2.0, read_timeout=3.0
    )


def test_a_base_that_must_not_be_run_is_a_row_with_the_reason_and_the_next_is_run() -> None:
    launcher = Canned(OK)
    refused, row = prove(launcher, [REFUSED, ONE], ENVIRONMENT, ProofOptions(), user="ada")
    assert (refused.base, refused.ok, refused.verdict) == (REFUSED.prefix, False, "conda_unusable")
    assert REFUSED.refusal in refused.detail
    assert row.ok
    assert [asked[0] for asked in launcher.asked] == [ONE]


@pytest.mark.parametrize(
    ("answer", "verdict", "finished_by"),
    [
        (Answer(b"", failure="It did not start."), "conda_unusable", "driver"),
        (Answer(b"", in_time=False), "deadline", "killed"),
        (Answer(SECRET.encode()), "conda_unusable", "driver"),
        (Answer(b'{"schema_version": 1}'), "conda_unusable", "driver"),
    ],
)
def test_no_answer_is_a_row_too(answer: Answer, verdict: str, finished_by: str) -> None:
    (row,) = prove(Canned(answer=answer), [ONE], ENVIRONMENT, ProofOptions(), user=None)
    assert (row.verdict, row.finished_by, row.ok, row.base) == (verdict, finished_by, False, ONE.prefix)
    assert SECRET not in str(row)


def test_a_candidate_takes_the_place_of_the_machine_s_settings_and_is_named_as_the_source() -> None:
    launcher = Canned({**OK, "proxy_source": "condarc", "proxy_file": "/x", "proxy": "http://new.invalid:2"})
    (row,) = prove(launcher, [ONE], ENVIRONMENT, ProofOptions(), user=None, candidate=CANDIDATE)
    assert (row.proxy_source, row.proxy_file) == ("candidate", None)
    given = launcher.asked[0][1]
    assert given.override.proxy_servers == CANDIDATE.proxy_servers
    assert "https_proxy" not in given.environment
    assert given.environment["A"] == "b"
    assert given.override.ssl_verify == given.environment["REQUESTS_CA_BUNDLE"]


def test_without_a_base_python_alone_looks_and_its_finding_is_no_proof() -> None:
    launcher = Canned(OK)
    (row,) = prove(launcher, [], ENVIRONMENT, ProofOptions(channels=("conda-forge",)), user="ada")
    assert (row.verdict, row.ok, row.proxy_verdict, row.base, row.user) == ("no_conda", False, "ok", None, "ada")
    ((base, given, _seconds),) = launcher.asked
    assert (base, given.channels) == (ALONE, None)
    assert given.without_conda == WithoutConda((channel_url("conda-forge"),))


@pytest.mark.parametrize(
    ("options", "channels"),
    [
        (ProofOptions(), (DEFAULT_CHANNEL,)),
        (ProofOptions(channels=("a",), without_conda=WithoutConda(("b", URL))), ("b", URL)),
    ],
)
def test_which_channels_python_alone_asks_for(options: ProofOptions, channels: tuple[str, ...]) -> None:
    launcher = Canned(OK)
    prove(launcher, [], ENVIRONMENT, options, user=None)
    alone = launcher.asked[0][1].without_conda
    assert alone is not None
    assert alone.channels == tuple(map(channel_url, channels))


def test_python_alone_takes_the_candidate_s_proxies_and_bundle_before_those_of_the_options() -> None:
    launcher = Canned(OK)
    options = ProofOptions(without_conda=WithoutConda((URL,), {"https": "http://old.invalid"}, "/old.pem"))
    prove(launcher, [], ENVIRONMENT, options, user=None)
    prove(launcher, [], ENVIRONMENT, options, user=None, candidate=CANDIDATE)
    before, after = (asked[1].without_conda for asked in launcher.asked)
    assert before == options.without_conda
    assert after is not None
    assert after.proxy_servers == CANDIDATE.proxy_servers
    assert after.ca_bundle not in (None, "/old.pem")


@pytest.mark.parametrize(
    ("launcher", "options", "words"),
    [
        (Canned(OK, alone=None), ProofOptions(), Canned.searched),
        (Canned(OK), ProofOptions(without_conda=WithoutConda(())), "without conda"),
    ],
)
def test_nothing_that_could_look_is_a_row_that_says_why(launcher: Canned, options: ProofOptions, words: str) -> None:
    (row,) = prove(launcher, [], ENVIRONMENT, options, user=None)
    assert (row.verdict, row.ok, row.base, row.proxy_verdict) == ("no_conda", False, None, None)
    assert words in row.detail
    assert launcher.asked == []


def test_conda_info_of_every_base() -> None:
    launcher = Canned(info="active environment : None")
    found = conda_info(launcher, [ONE, REFUSED, TWO], ENVIRONMENT, user="ada")
    assert [(info.base, info.user) for info in found] == [(base.prefix, "ada") for base in (ONE, REFUSED, TWO)]
    assert [info.text for info in (found[0], found[2])] == ["active environment : None"] * 2
    assert REFUSED.refusal in found[1].text
    for _base, given, seconds in launcher.asked:
        assert (given.info, given.environment, seconds) == (True, ENVIRONMENT, INFO_DEADLINE)


def test_conda_info_over_json() -> None:
    info = CondaInfo("/opt/one", "text", "ada")
    assert CondaInfo.from_json(json.loads(json.dumps(to_json(info)))) == info
    with pytest.raises(RecordError, match="CondaInfo"):
        CondaInfo.from_json({"base": SECRET})


GOOD_ROW = failed_row("ok", "")._replace(url=URL, ok=True)
BAD_ROW = failed_row("server_error", "x")._replace(url=URL, remedy="Ask for it.")


@pytest.mark.parametrize(
    ("rows", "require", "reachable", "failed"),
    [
        ([GOOD_ROW], True, True, False),
        ([GOOD_ROW, BAD_ROW], False, False, False),
        ([GOOD_ROW, BAD_ROW], True, False, True),
    ],
)
def test_a_result_fails_only_where_it_is_required(
    rows: list[Any], require: bool, reachable: bool, failed: bool
) -> None:
    found = connectivity.result(rows, None, require)
    assert (found["changed"], found["reachable"], found.get("failed", False)) == (False, reachable, failed)
    assert len(found["proof"]) == len(rows)
    assert "conda_info" not in found
    if failed:
        assert all(word in found["msg"] for word in ("1 of 2", URL, "server_error", BAD_ROW.remedy))


def test_conda_info_is_in_the_result_where_it_was_asked_for() -> None:
    found = connectivity.result([], [CondaInfo("/opt/one", "text", "ada")], False)
    assert found["conda_info"] == [{"base": "/opt/one", "text": "text", "user": "ada"}]
    assert connectivity.result([], [], False)["conda_info"] == []
