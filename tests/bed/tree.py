# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a machine, read by other means than the collection's."""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bed.ssh import SshMachine

# all consumers of Linux in system scope
EVERYTHING = ["profile", "zsh", "fish", "csh", "pam", "environment_d", "systemd_manager", "sudoers"]
MANAGED = ("/etc", "/var/lib/condafleet", "/root", "/home")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | str | None, int, int]]:
    """Every file, folder and link below a folder: mode, content or target, owner and group. Not who held a lock last."""
    found: dict[str, tuple[int, bytes | str | None, int, int]] = {}
    for path in folder.rglob("*"):
        if path.name != "lock":
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            status = path.lstat()
            found[str(path.relative_to(folder))] = (status.st_mode, content, status.st_uid, status.st_gid)
    return found


def listing(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All of every file, directory and link below a folder that the collection must leave as it was, the folder too.

    Not the time of what it rewrote; what it did not write keeps its inode.
    """
    found = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        content: bytes | str | None = None
        if stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = path.read_bytes()
        attributes = tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in _attributes(path))
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_uid, status.st_gid, content, attributes)
    return found


def _attributes(path: Path) -> list[str]:
    return sorted(os.listxattr(path, follow_symlinks=False)) if hasattr(os, "listxattr") else []


def fingerprint(host: SshMachine, folders: Sequence[str] = MANAGED) -> dict[str, str]:
    """Type, mode, owner and content of everything that the collection could touch, by other means than its own."""
    script = (
        "find "
        + shlex.join(folders)
        + r" -xdev \( -name .cache -o -name .ansible -o -name .ssh -o -name .conda -o -name '.*_history'"
        r" -o -name .fish_history -o -path '*/.local/share' \) -prune -o"
        r" -printf '%p\t%y %m %U:%G ' -a \( -type f -exec sha256sum {} \; -o -printf '-\n' \)"
    )
    lines = host.run(script, check=False).stdout.splitlines()  # a folder that is not there is fine
    return {line.split("\t", 1)[0]: line.split("\t", 1)[1] for line in lines if "\t" in line}
