# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA that is only in a keychain is named; nothing is asked while no proof failed for a CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import keychain, process
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from tests.bed.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

KEYCHAINS = ("/Library/Keychains/System.keychain",)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    pem = Authority(tmp_path, "Example interceptor").pem.read_text()
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found: list[list[str]] = []

    def command(argv: list[str]) -> tuple[int, str]:
        found.append(argv)
        return 0, broken + pem

    monkeypatch.setattr(process, "command", command)
    return found


def row(verdict: str, issuer: str | None) -> ProofRow:
    return ProofRow(**new_row("https://x/y"))._replace(verdict=verdict, tls_issuer=issuer)


def test_the_issuer_of_a_failed_proof(asked: list[list[str]], tmp_path: Path) -> None:
    subject = next(iter(keychain._subjects(Authority(tmp_path / "b", "Example interceptor").pem.read_text())))
    rows = [row("tls_unknown_ca", subject), row("ok", "Other"), row("tls_self_signed", "Another")]
    (note,) = keychain.notes(KEYCHAINS, rows)
    assert subject in note
    assert "System.keychain" in note
    assert asked == [["security", "find-certificate", "-a", "-p", *KEYCHAINS]]


@pytest.mark.parametrize("rows", [[], [row("ok", "Example interceptor")], [row("tls_unknown_ca", None)]])
def test_nothing_is_asked_otherwise(asked: list[list[str]], rows: list[ProofRow]) -> None:
    assert keychain.notes(KEYCHAINS, rows) == []
    assert asked == []


def test_a_platform_without_keychains(asked: list[list[str]]) -> None:
    assert keychain.notes((), [row("tls_unknown_ca", "x")]) == []
    assert asked == []
