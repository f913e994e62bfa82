# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as it was read."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File, MachineError, encode, is_blank


def test_a_missing_file_is_not_an_empty_one() -> None:
    missing, empty = File(), File(b"")
    assert (missing.exists, missing.text, missing.digest) == (False, None, "")
    assert (empty.exists, empty.text) == (True, "")
    assert empty.digest == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("data", [b"", b"a\r\nb", "ä\ufeff".encode(), b"\xff\xfe\x00", bytes(range(256))])
def test_text_turns_back_into_the_same_bytes(data: bytes) -> None:
    text = File(data).text
    assert text is not None
    assert encode(text) == data


def test_the_digest_is_of_the_content_alone() -> None:
    assert File(b"a", 0o600, 1, 1).digest == File(b"a").digest != File(b"b").digest


@pytest.mark.parametrize(
    ("text", "blank"), [("", True), ("\n\r\n", True), ("\ufeff\n", True), (" ", False), ("#\n", False), ("\t", False)]
)
def test_only_line_ends_and_a_byte_order_mark_are_blank(text: str, blank: bool) -> None:
    assert is_blank(text) is blank


def test_an_error_needs_nothing_unless_it_says_so() -> None:
    assert MachineError("x").needs == ""
