# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of conda_connectivity on this machine."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._host import connectivity, info
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, facts
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import (
    CaBundle,
    Candidate,
    Connectivity,
    Info,
    ProofOptions,
)
from tests.bed.children import interpreter_that

NOWHERE = ProofOptions(channels=("https://nowhere.invalid/x",), deadline=20)
ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's bases are found on this machine."""
    own = accounts.own(str(tmp_path))
    monkeypatch.setattr(accounts, "own", lambda *_home: own)
    monkeypatch.setenv("PATH", "/nonexistent")


def test_without_conda_python_looks_at_the_proxy(tmp_path: Path) -> None:
    environment = {"https_proxy": "http://ada:Zq7pw@proxy.invalid:1"}
    task = Connectivity(NOWHERE, prefix=str(tmp_path / "none"), environment=environment, require=True)
    result = connectivity.run_connectivity(task)
    assert result["failed"]
    assert result["reachable"] is False
    assert "no_conda" in result["msg"]
    assert result["proof"][0]["proxy_verdict"] == "dns_proxy"
    assert result["proof"][0]["proxy"] == "http://***@proxy.invalid:1"
    assert "Zq7" not in json.dumps(result)


def test_a_machine_without_roots_asks_for_the_control_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "ca_roots", lambda _table, _bases: None)
    servers = {"https": "http://ada:Zq7pw@new.invalid:1"}
    candidate = Candidate(servers, {"https_proxy": servers["https"]}, None, CaBundle("ours\n"))
    task = Connectivity(NOWHERE, prefix="/nonexistent", candidate=candidate)
    answer = connectivity.run_connectivity(task)
    assert answer["needs"] == "ca_roots"
    assert "to combine the CA bundle with" in answer["msg"]
    pem = ROOTS.read_text()
    given = candidate._replace(ca_bundle=CaBundle(pem, roots=pem))
    (row,) = connectivity.run_connectivity(task._replace(candidate=given))["proof"]
    assert (row["proxy_verdict"], row["verify"], row["proxy_source"]) == ("dns_proxy", "candidate", "candidate")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo hello\n", "cannot be parsed"),
        (f'exec {sys.executable} -I "$@"\n', "conda info was not run: conda_unusable."),
    ],
)
def test_conda_info(tmp_path: Path, script: str, words: str) -> None:
    for name in ("conda-meta", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "conda-meta/conda-24.7.1-py311_0.json").write_text("{}")
    interpreter_that(tmp_path / "bin", script)
    task = Connectivity(NOWHERE._replace(info=True), prefix=str(tmp_path), environment={})
    (found,) = connectivity.run_connectivity(task)["conda_info"]
    assert found["base"] == str(tmp_path)
    assert words in found["text"]


def test_a_uid_without_an_account_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    sentence = "this process runs as the user id 54321, which is not in the password database; add the account or connect as another user"
    assert connectivity.run_connectivity(Connectivity(NOWHERE))["msg"] == sentence
    assert info.run_info(Info("conda-forge"))["msg"] == sentence


def test_an_unsupported_system_gets_the_sentence_of_all_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "SunOS")
    answers: list[dict[str, Any]] = [
        connectivity.run_connectivity(Connectivity(NOWHERE)),
        info.run_info(Info("conda-forge")),
    ]
    for answer in answers:
        assert answer["failed"]
        assert answer["msg"] == "the operating system SunOS is not supported; use Linux, macOS or Windows"
