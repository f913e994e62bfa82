# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads of files that belong to others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_all, read_text

if TYPE_CHECKING:
    from pathlib import Path


def test_text_comes_with_its_line_ends_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\r\ntwo \xff\n")
    assert (read_text(str(path)) or "").encode("utf-8", "surrogateescape") == b"one\r\ntwo \xff\n"


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_text(str(tmp_path / "pipe")) is None
    assert read_text(str(tmp_path)) is None
    assert read_text(str(tmp_path / "missing")) is None


def test_a_read_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * (3 << 20))
    assert len(read_text(str(path)) or "") == 1 << 20


def test_patterns_in_their_order_and_names_sorted(tmp_path: Path) -> None:
    for name in ("b.conf", "a.conf", "profile"):
        (tmp_path / name).write_text(name)
    found = read_all([str(tmp_path / "profile"), str(tmp_path / "*.conf"), str(tmp_path / "none*")])
    assert [text for _path, text in found] == ["profile", "a.conf", "b.conf"]
