# SPDX-License-Identifier: GPL-3.0-or-later
"""Three "machines": homes below .demo, each with something in it that must survive."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from pathlib import Path

from tests.bed.paths import CHECKOUT

DEMO = CHECKOUT / ".demo"
HOMES = DEMO / "homes"

_BASHRC = "# ~/.bashrc\ncase $- in *i*) ;; *) return ;; esac\nalias ll='ls -l'\n"
_BEFORE = {
    "tic": {
        ".condarc": "# mine since 2019\nchannels:\n  - defaults\nalways_yes: true  # keep\n",
        ".bashrc": _BASHRC,
        ".profile": "PATH={conda}:$PATH\n",
    },
    "tac": {".bashrc": _BASHRC, ".profile": "umask 022"},  # no newline at the end
    "toe": {".condarc": "auto_activate_base: false\r\nshow_channel_urls: true\r\n", ".bashrc": _BASHRC},
}


def furnish(base: Path) -> None:
    """Make the homes as they were before anybody thought of a proxy. On tic, conda is on the PATH."""
    for name, files in _BEFORE.items():
        home = HOMES / name
        home.mkdir(parents=True)
        for file, text in files.items():
            (home / file).write_bytes(text.replace("{conda}", shlex.quote(str(base / "bin"))).encode())
    (HOMES / "tic/.condarc").chmod(0o640)


def names() -> list[str]:
    """The machines' names, as in inventories/demo."""
    return list(_BEFORE)


def fingerprint() -> dict[str, str]:
    """Every path below the homes: its type and mode, and a file's content."""
    seen = {}
    for folder, folders, files in os.walk(HOMES):
        for name in [*folders, *files]:
            path = Path(folder, name)
            info = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(info.st_mode) else ""
            seen[str(path.relative_to(HOMES))] = f"{stat.filemode(info.st_mode)} {content}"
    return seen


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Paths that are new, gone or other than before."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def edit(machine: str, file: str, old: str, new: str) -> None:
    """What a well-meaning colleague does by hand."""
    path = HOMES / machine / file
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise LookupError(f"{path} does not hold what the demo wants to change")
    path.write_text(text.replace(old, new), encoding="utf-8")


def cut_block(machine: str, file: str) -> None:
    """Somebody tidies up and deletes the managed block."""
    path = HOMES / machine / file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    first, last = (
        next(n for n, line in enumerate(lines) if mark in line) for mark in ("BEGIN condafleet", "END condafleet")
    )
    path.write_text("".join(lines[:first] + lines[last + 1 :]), encoding="utf-8")


def overwrite(machine: str, file: str, content: bytes) -> bytes:
    """Somebody replaces a file; return what it held."""
    path = HOMES / machine / file
    before = path.read_bytes()
    path.write_bytes(content)
    return before


def forget_environments(machine: str) -> None:
    """conda keeps a list of what it created; it goes, so that the comparison at the end is exact."""
    folder = HOMES / machine / ".conda"
    (folder / "environments.txt").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
