# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a row beside programs that save the same files again and again: no save is lost, whichever way they save."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BEGIN, BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.transaction import Failed, Transaction
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

if TYPE_CHECKING:
    from pathlib import Path

SAVES = 500
# the pauses are drawn from a seed; a save adds a line to what the file holds
EDITOR = """
import os, random, sys, time
path, how, saves = sys.argv[1], sys.argv[2], int(sys.argv[3])
draw = random.Random(how)
for number in range(saves):
    time.sleep(draw.uniform(0.02, 0.1))
    line = f"save {number}\\n"
    if how == "append":
        with open(path, "a") as stream:
            stream.write(line)
        continue
    if how == "rename":
        with open(path) as stream:
            text = stream.read()
        with open(path + ".editor", "w") as stream:
            stream.write(text + line)
        os.rename(path + ".editor", path)
        continue
    # as an editor that keeps its own text: it truncates the file, then writes all of it
    with open(path, "r+") as stream:
        text = stream.read()
        stream.seek(0)
        stream.truncate()
        stream.flush()
        time.sleep(draw.uniform(0, 0.01))
        stream.write(text + line)
"""


def lost(path: Path) -> list[int]:
    lines = set(path.read_text().splitlines())
    return [number for number in range(SAVES) if f"save {number}" not in lines]


def test_no_save_is_lost(tmp_path: Path) -> None:
    files = {how: tmp_path / how for how in ("append", "rename", "in place")}
    for path in files.values():
        path.write_text("# mine\n")
    editors = [
        subprocess.Popen([sys.executable, "-c", EDITOR, str(path), how, str(SAVES)]) for how, path in files.items()
    ]
    runs = refused = changes = 0
    try:
        while any(editor.poll() is None for editor in editors):
            runs += 1
            wanted = [
                Target(
                    "environment",
                    str(path),
                    BlockEditor({"lines": [f"run {runs}"], "top": runs % 2 == 0}),
                    ("environment",),
                )
                for path in files.values()
            ]
            transaction = Transaction(
                PosixMachine(1),
                str(tmp_path / "state"),
                sections=["environment"],
                targets=lambda wanted=wanted: wanted,  # type: ignore[misc]
                masker=Masker("k"),
                run=str(runs),
                host="here",
            )
            try:
                changes += len(transaction.converge().changes)
            except Failed:
                refused += 1
    finally:
        for editor in editors:
            editor.kill()
            editor.wait()
    assert {how: lost(path) for how, path in files.items()} == {how: [] for how in files}
    assert changes > 20, f"{runs} runs changed {changes} files"
    assert refused < runs / 2, f"{refused} of {runs} runs were refused"
    assert all(path.read_text().count(BEGIN) <= 1 for path in files.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["append", "in place", "rename", "state"]
