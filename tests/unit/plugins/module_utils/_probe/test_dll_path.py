# SPDX-License-Identifier: GPL-3.0-or-later
"""On Windows conda's Python finds its DLLs without an activated environment; elsewhere the file does nothing."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import dll_path

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_library_folder_comes_first_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(os, "add_dll_directory", added.append, raising=False)
    monkeypatch.setenv("PATH", "/before")

    importlib.reload(dll_path)
    assert (os.environ["PATH"], added) == ("/before", []), "there is no such folder"

    library = tmp_path / "Library/bin"
    library.mkdir(parents=True)
    importlib.reload(dll_path)
    assert os.environ["PATH"] == f"{library}{os.pathsep}/before"
    assert added == [str(library)]


def test_elsewhere_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Library/bin").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", "/before")
    importlib.reload(dll_path)
    assert os.environ["PATH"] == "/before"
