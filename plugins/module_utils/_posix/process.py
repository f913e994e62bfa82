# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. Another Python on POSIX: whose rights it gets, how it is started, fed and ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from typing import IO, NamedTuple, cast

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_OUTPUT_CAP = 1 << 20


class Account(NamedTuple):
    """Whose rights and home a child gets; -1 as uid: those that we have."""

    uid: int
    gid: int
    name: str
    home: str


class Answer(NamedTuple):
    """What a program printed, whether it ended in time, and why it did not start where it did not."""

    output: bytes
    in_time: bool
    failure: str = ""


def run(python: str, text: bytes, account: Account, seconds: float) -> Answer:
    """Run a program with this interpreter. It goes over stdin: neither argv nor the environment shows its secrets."""

    def become_owner() -> None:
        if account.uid >= 0:
            os.initgroups(account.name, account.gid)
            os.setgid(account.gid)
            os.setuid(account.uid)

    try:
        # -B: nothing is written. Its own session: the kill takes its children along, and no terminal is there to ask.
        child = subprocess.Popen(
            [python, "-B", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": PATH, "HOME": account.home, "LANG": "C.UTF-8"},
            start_new_session=True,
            preexec_fn=become_owner,  # noqa: PLW1509 our threads only write to children that run already
        )
    except (OSError, subprocess.SubprocessError) as exc:
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        return Answer(b"", True, f"{python} cannot be started: {reason}.")
    return _talk(child, text, seconds)


def _talk(child: subprocess.Popen[bytes], text: bytes, seconds: float) -> Answer:
    """Feed the child and read its answer; kill its process group when the time or the cap is reached."""
    stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    threading.Thread(target=_feed, args=(stdin, text), daemon=True).start()
    end = time.monotonic() + seconds
    output, in_time, open_ = b"", True, True
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while open_ and in_time and len(output) < _OUTPUT_CAP:
            in_time = bool(selector.select(max(0.0, end - time.monotonic())))
            if in_time:
                chunk = os.read(stdout.fileno(), 65536)
                output += chunk
                open_ = bool(chunk)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # not yet reaped, so the number is still its own
    stdout.close()
    child.wait()
    return Answer(output, in_time)


def _feed(stdin: IO[bytes], text: bytes) -> None:
    try:
        with stdin:
            stdin.write(text)
    except OSError:
        pass  # it ended before it read everything: its answer, or none, tells
