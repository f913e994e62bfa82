# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA bundle."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.certificates import (
    CertificatesEditor,
    join,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

OURS = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
ROOTS = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n" * 2


def editor(ours: str = OURS, roots: str = ROOTS) -> CertificatesEditor:
    return CertificatesEditor({"ours": ours, "roots": roots})


def test_the_roots_stand_behind_the_requested_certificates() -> None:
    text = editor().edit(None, None, None)
    assert text == OURS + ROOTS
    assert editor().edit(text, editor().owned(), None) == text, "not idempotent"


def test_a_part_without_a_last_line_end_does_not_run_into_the_next() -> None:
    assert join(OURS.rstrip("\n"), ROOTS) == OURS + ROOTS
    assert join(OURS, " \n") == OURS


def test_the_state_keeps_no_certificate() -> None:
    owned = editor().owned()
    assert set(owned) == {"ours", "roots"}
    assert not [value for value in owned.values() if "BEGIN" in value]


def test_new_roots_of_the_machine_are_told_from_a_new_certificate() -> None:
    owned = editor().owned()
    assert editor(roots=OURS).reason(owned) == "roots_updated"
    assert editor(ours=ROOTS).reason(owned) == "rotated"


def test_what_was_there_before_comes_back() -> None:
    text = editor().edit("mine", None, "mine")
    assert editor().revert(text, "mine", force=False) == "mine"
    assert editor().revert(text, None, force=False) == ""


def test_a_view_counts_and_shows_nothing() -> None:
    view = editor().view(OURS + ROOTS, Masker("key"))
    assert view.startswith("3 certificates, ")
    assert "AAAA" not in view
    assert editor().view(None, Masker("key")) == ""
