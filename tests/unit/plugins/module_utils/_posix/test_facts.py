# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's own files say: which are there, which roots it has, which carry the mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Consumer
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.facts import (
    ca_roots,
    existing_paths,
    marked_files,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope

BLOCK = BlockEditor({"lines": ["a=1"], "top": False}).edit("mine\n", None, None)


def scope(home: Path, *paths: str, needs: tuple[str, ...] = ()) -> Scope:
    row = Consumer("x", "sh", "block", tuple(f"{{home}}/{path}" for path in paths), needs)
    return Scope(LINUX._replace(user=(row,)), str(home))


def found(scope: Scope) -> set[str]:
    """Relative to the home."""
    return {str(Path(path).relative_to(scope.home)) for path in existing_paths(scope)}


def test_files_and_their_directories_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").touch()
    (tmp_path / "other").touch()
    assert found(scope(tmp_path, "a/x", "b/x")) == {"a", "a/x"}
    assert found(scope(tmp_path, "a/y")) == {"a"}
    assert found(scope(tmp_path, "b/x")) == set()


def test_a_broken_link_is_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "nothing")
    assert found(scope(tmp_path, "x")) == {".", "x"}


def test_a_program_behind_a_broken_link_is_not_there(tmp_path: Path) -> None:
    needs = (str(tmp_path / "bin"), str(tmp_path / "broken"))
    (tmp_path / "bin").touch()
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    assert found(scope(tmp_path, "d/x", needs=needs)) == {"bin"}


def test_the_first_roots_of_the_system_come_before_those_of_a_base(tmp_path: Path) -> None:
    base = Base(str(tmp_path / "[conda]*"), "python")
    certifi = Path(base.prefix, "lib/python3.11/site-packages/certifi/cacert.pem")
    certifi.parent.mkdir(parents=True)
    certifi.write_text("OF BASE ä")
    paths = [tmp_path / name for name in ("directory", "first", "second")]
    paths[0].mkdir()
    table = LINUX._replace(ca_roots=tuple(map(str, paths)))
    assert ca_roots(table, []) is None
    assert ca_roots(table, [Base(str(tmp_path / "none"), "python"), base]) == "OF BASE ä"
    paths[2].write_text("SECOND")
    assert ca_roots(table, [base]) == "SECOND"
    paths[1].write_bytes(b"FIRST \xff")
    assert ca_roots(table, [base]) == "FIRST \ufffd", "a byte that is no text does not end the run"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        (f"{HEADER}\na=1\n", True),
        (BLOCK, True),
        ("mine\n", False),
        ("", False),
        (b"\xff\xfe" + BLOCK.encode(), True),
    ],
)
def test_the_mark_is_found_without_a_state(text: Any, marked: bool, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert marked_files(scope(tmp_path, "x")) == ([str(path)] if marked else [])


def test_what_cannot_be_read_is_not_marked(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "y").write_text(BLOCK)
    assert marked_files(scope(tmp_path, "directory", "missing", "y")) == [str(tmp_path / "y")]
