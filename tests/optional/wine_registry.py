# SPDX-License-Identifier: GPL-3.0-or-later
"""Hundreds of values in a real registry implementation, and a process that has them: Debian's `wine`. Not part of CI.

`.venv/bin/python -m pytest tests/optional/wine_registry.py` (half a minute). What is shown: a REG_SZ reaches the environment of a process
letter by letter, and a REG_EXPAND_SZ does not, which is why `ValueEditor` writes the first and takes the second for drift.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.bed import hostile
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = shutil.which("wine") or "/usr/lib/wine/wine64"
KEY = "HKEY_CURRENT_USER\\Environment"
# no_proxy and bundle paths as they are, credentials as both encoders of the collection write them
VALUES = [
    *(text for text in hostile.values(400) if text and text == text.strip() and len(text) < 1000),
    *(f"http://ada:{quote(text, safe='')}@proxy.example.com:8080" for text in hostile.values(200) if len(text) < 1000),
]


def entry(name: str, text: str, expand: bool = False) -> str:
    """A line of a .reg file."""
    if expand:
        data = (text + "\0").encode("utf-16-le")
        return f'"{name}"=hex(2):' + ",".join(f"{byte:02x}" for byte in data)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}"="{escaped}"'


@pytest.fixture
def wine(tmp_path: Path) -> Iterator[Callable[..., bytes]]:
    if not Path(PROGRAM).exists():
        pytest.fail("no wine here: apt-get install --no-install-recommends wine wine64")
    environment = clean_env(
        tmp_path,
        PATH=os.defpath,
        WINEPREFIX=str(tmp_path / "prefix"),
        WINEDEBUG="-all",
        WINEDLLOVERRIDES="mscoree,mshtml=",
    )

    def run(*argv: str) -> bytes:
        done = subprocess.run(
            [PROGRAM, *argv], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    yield run
    subprocess.run([PROGRAM, "wineboot", "--kill"], env=environment, capture_output=True, check=False)


def test_values_reach_a_process(wine: Callable[..., bytes], tmp_path: Path) -> None:
    lines = [entry(f"bed{number:04}", text) for number, text in enumerate(VALUES)]
    lines += [entry("bed_expanded", "a%SystemRoot%b", expand=True), entry("bed_kept", "a%SystemRoot%b")]
    file = tmp_path / "values.reg"
    file.write_bytes("\r\n".join(["Windows Registry Editor Version 5.00", "", f"[{KEY}]", *lines, ""]).encode("utf-16"))
    wine("regedit", "/S", "Z:" + str(file).replace("/", "\\"))
    shown = wine("cmd", "/u", "/c", "set").decode("utf-16-le")
    found = dict(line.split("=", 1) for line in shown.split("\r\n") if "=" in line[1:])
    wrong = [text for number, text in enumerate(VALUES) if found.get(f"bed{number:04}") != text]
    assert not wrong, f"{len(wrong)} of {len(VALUES)}: {wrong[:5]!r}"
    assert found["bed_kept"] == "a%SystemRoot%b"
    assert found["bed_expanded"] != "a%SystemRoot%b", "this registry expands nothing, so the test shows nothing"
