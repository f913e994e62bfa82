# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run a child process with limits on its time and output."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from typing import IO, Mapping, NamedTuple, Sequence, cast

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import drop_rights
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Answer

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# not first: on macOS, Homebrew gives /usr/local/bin to a user
PATH = f"{SYSTEM_PATH}:/usr/local/bin"
_POLL = 0.05  # seconds
_CHUNK = 1 << 16
_PROBE_BYTES = 1 << 20
_COMMAND_TIMEOUT = 60  # seconds
_COMMAND_BYTES = 1 << 18


class RunAs(NamedTuple):
    """The rights and the home of a child; uid -1: the rights of this process."""

    uid: int
    gid: int
    name: str
    home: str


class Finished(NamedTuple):
    """What a child printed and how it ended."""

    output: bytes
    status: int | None  # None: killed, or not started
    failure: str = ""  # why it did not start


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    seconds: float,
    cap: int,
    stdin: bytes | None = None,
    stderr: int = subprocess.DEVNULL,
    run_as: RunAs | None = None,
) -> Finished:
    """Run a command until it ends, `seconds` have passed or it has printed more than `cap` bytes.

    It runs in a new session: it cannot prompt on a terminal, and processes that it left running are killed with it.
    """

    def become() -> None:
        if run_as is not None and run_as.uid >= 0:
            drop_rights(run_as.name, run_as.uid, run_as.gid)

    try:
        # AnsibleModule.run_command bounds neither time nor output, and there is no module in a forked child
        child = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            cwd="/",
            start_new_session=True,
            preexec_fn=become if run_as is not None else None,  # noqa: PLW1509 threads here only write to running children
        )
    except (OSError, subprocess.SubprocessError) as exc:
        return Finished(b"", None, getattr(exc, "strerror", None) or type(exc).__name__)
    if stdin is not None:
        threading.Thread(target=_feed, args=(child.stdin, stdin), daemon=True).start()
    stdout = cast("IO[bytes]", child.stdout)
    try:
        output, ended = _read(child, stdout, time.monotonic() + seconds, cap)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
        stdout.close()
    return Finished(output, status if ended else None)


def _read(child: subprocess.Popen[bytes], stdout: IO[bytes], end: float, cap: int) -> tuple[bytes, bool]:
    """Return the output, and whether the child ended by itself. Do not wait for a grandchild that keeps stdout open."""
    os.set_blocking(stdout.fileno(), False)
    output, closed = b"", False
    while time.monotonic() < end and len(output) <= cap:
        ended = child.poll() is not None
        if closed:
            if ended:
                return output, True
            time.sleep(_POLL / 10)
            continue
        ready = select.select([stdout], [], [], 0 if ended else _POLL)[0]
        chunk = os.read(stdout.fileno(), _CHUNK) if ready else b""
        output += chunk
        closed = bool(ready) and not chunk
        if ended and not chunk:
            return output, True
    return output, False


def _feed(stdin: IO[bytes], text: bytes) -> None:
    try:
        with stdin:
            stdin.write(text)
    except OSError:
        pass  # it ended before it read everything: its output tells


def command(argv: Sequence[str]) -> tuple[int, str]:
    """Return exit status and output with stderr. Status 127: the command did not start; 124: it did not end in time."""
    environment = {"PATH": SYSTEM_PATH, "LC_ALL": "C"}
    done = run(argv, environment, seconds=_COMMAND_TIMEOUT, cap=_COMMAND_BYTES, stderr=subprocess.STDOUT)
    if done.failure:
        return 127, done.failure
    if done.status is None:
        return 124, f"no answer in {_COMMAND_TIMEOUT} s"
    return done.status, done.output.decode("utf-8", "replace").strip()


def run_python(python: str, program: bytes, run_as: RunAs, seconds: float) -> Answer:
    """Run a program on stdin of an interpreter, so that neither argv nor the environment shows its secrets."""
    environment = {"PATH": PATH, "HOME": run_as.home, "LANG": "C.UTF-8"}
    # -B: write no bytecode
    done = run([python, "-B", "-"], environment, seconds=seconds, cap=_PROBE_BYTES, stdin=program, run_as=run_as)
    if done.failure:
        return Answer(b"", failure=f"{python} cannot be started: {done.failure}.")
    return Answer(done.output, in_time=done.status is not None)
