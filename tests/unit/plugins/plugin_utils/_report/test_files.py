# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are whole or not there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import files

if TYPE_CHECKING:
    from pathlib import Path


def test_written_replaced_removed(tmp_path: Path) -> None:
    path = tmp_path / "new/x"
    files.write(str(path), "ä\n")
    files.write(str(path), "b\n")
    assert path.read_text() == "b\n"
    assert path.stat().st_mode & 0o777 == 0o644
    files.remove(str(path))
    files.remove(str(path))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def refuse(*_args: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError):  # noqa: PT011
        files.write(str(path), "new")
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("x", "old")]
