# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that start-up files read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info.sourced import with_sourced

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "line",
    [
        ". {home}/inner",
        "source ~/inner",
        '[ -f ~/inner ] && . "$HOME/inner"',
        "if [ -f ~/inner ]; then . ${{HOME}}/inner; fi",
        "test -r ~/inner; and source '{home}/inner'",
    ],
)
def test_a_file_with_a_plain_path_is_followed(tmp_path: Path, line: str) -> None:
    (tmp_path / "inner").write_text("a=1\n")
    text = line.format(home=tmp_path)
    assert with_sourced([("/f", text)], str(tmp_path)) == [("/f", text), (f"{tmp_path}/inner", "a=1\n")]


def test_what_is_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.write_text(f". {inner}\n. /f\n")  # a circle
    (tmp_path / "folder").mkdir()
    text = f"# . ~/inner\n. ~/missing\n. ~/folder\n. $(ls)\necho ./x\n. {inner}\n"
    assert with_sourced([("/f", text)], str(tmp_path)) == [("/f", text), (str(inner), inner.read_text())]


@pytest.mark.parametrize(
    "loop",
    [
        'for rc in ~/.bashrc.d/*; do\n  if [ -f "$rc" ]; then\n    . "$rc"\n  fi\ndone\n',
        'for rc in "$HOME"/.bashrc.d/*.sh ; do [ -r "$rc" ] && source ${rc}; done\n',
    ],
)
def test_files_of_a_directory_are_followed(tmp_path: Path, loop: str) -> None:
    (tmp_path / ".bashrc.d").mkdir()
    for name in ("b.sh", "a.sh"):
        (tmp_path / ".bashrc.d" / name).write_text(name)
    found = with_sourced([("/f", loop)], str(tmp_path))
    assert found == [("/f", loop), *((f"{tmp_path}/.bashrc.d/{name}", name) for name in ("a.sh", "b.sh"))]
