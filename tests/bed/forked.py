# SPDX-License-Identifier: GPL-3.0-or-later
"""Call a function in a process of its own: with another user's rights, or with mounts that nobody else sees."""

from __future__ import annotations

import ctypes
import os
import pickle
import subprocess
import traceback
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
NOBODY = 65534
_CLONE_NEWNS = 0x20000


def call(function: Callable[[], T], uid: int | None = None, own_mounts: bool = False) -> T:
    """Return what `function` returns in a forked child. What it mounts there ends with the child, however that ends."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            if own_mounts:
                unshare_mounts()
            if uid is not None:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            answer: tuple[Any, str] = (None, "")
            try:
                answer = function(), ""
            except BaseException:  # noqa: BLE001  # the parent raises it
                answer = None, traceback.format_exc()
            with os.fdopen(writer, "wb") as stream:
                pickle.dump(answer, stream)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        content = stream.read()
    _pid, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with {status}"
    result, failure = pickle.loads(content)  # noqa: S301  # from our own child
    assert not failure, failure
    return result  # type: ignore[no-any-return]


def unshare_mounts() -> None:
    """Give this process mounts of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount(path: Path, *options: str) -> None:
    """Mount memory on a directory, for a child with mounts of its own. `options`: `size=64k`, `nr_inodes=20`."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["mode=0755", *options]), "none", str(path)], check=True)


def change_flag(flag: str, path: Path) -> None:
    """Set or clear a flag: `+i`, `-a`."""
    subprocess.run(["chattr", flag, str(path)], check=True)
