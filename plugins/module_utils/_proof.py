# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. Runs the probe on POSIX: starts it, feeds it, ends it, and says what its verdicts mean."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pwd
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import IO, Any, Dict, NamedTuple, Sequence, cast

from ansible_collections.condafleet.proxy.plugins.module_utils import _probe
from ansible_collections.condafleet.proxy.plugins.module_utils._bases import Base, find_bases, untrusted_for_root
from ansible_collections.condafleet.proxy.plugins.module_utils._login import login_environment
from ansible_collections.condafleet.proxy.plugins.module_utils._verdicts import advise

Row = Dict[str, Any]

DEFAULTS = {"deadline": 45.0, "connect_timeout": 5.0, "read_timeout": 15.0}
_BARE_CHANNEL = "https://repo.anaconda.com/pkgs/main"
_ALIAS = "https://conda.anaconda.org"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_GRACE = 10.0  # after the deadline: Python's own start is not counted by the probe
_OUTPUT_CAP = 1 << 20


class Account(NamedTuple):
    """Whose rights and home a child gets."""

    uid: int
    gid: int
    name: str
    home: str


def prove(bases: Sequence[Base], environment: dict[str, str | None], home: str, options: dict[str, Any]) -> list[Row]:
    """A row per base and channel. `environment`: the proxy and CA variables that conda is to see, None removes one.

    options: channels (a list; none: the effective ones), deadline, connect_timeout, read_timeout, user (for the rows),
    bare (channels, proxies, ca_bundle: what Python alone checks where there is no conda).
    """
    given = dict(DEFAULTS, **{key: options[key] for key in DEFAULTS if options.get(key) is not None})
    given.update(environment=environment, channels=options.get("channels"))
    rows: list[Row] = []
    for base in bases:
        account, refusal = _account_for(base, home)
        if refusal is None:
            rows += run_probe(base.python, given, account)
        else:
            rows.append(_failed("conda_unusable", f"Not run as root: {refusal}."))
        for row in rows:
            row.setdefault("base", base.prefix)
    if not bases:
        rows = _without_conda(given, home, options.get("bare") or {})
    for row in rows:
        row["user"] = options.get("user")
    return [advise(row) for row in rows]


def _account_for(base: Base, home: str) -> tuple[Account | None, str | None]:
    """With whose rights to run a base: never with more than its owner has. None as account: with our own."""
    own = Account(-1, -1, "", home)
    if os.geteuid() != 0:
        return own, None
    refusal = untrusted_for_root(base.prefix)
    if refusal is None:
        return own, None
    if base.uid == 0:
        return None, refusal
    try:
        owner = pwd.getpwuid(base.uid)
    except KeyError:
        return None, refusal
    return Account(owner.pw_uid, owner.pw_gid, owner.pw_name, owner.pw_dir), None


def _without_conda(given: dict[str, Any], home: str, bare: dict[str, Any]) -> list[Row]:
    """Rows that say no_conda, and beside it what Python alone says of the proxy."""
    names = bare.get("channels") or given["channels"] or [_BARE_CHANNEL]
    urls = [name if "://" in name else f"{_ALIAS}/{name}" for name in names]
    asked = dict(given, channels=None, bare=dict(bare, channels=urls))
    rows = run_probe(sys.executable, asked, Account(-1, -1, "", home))
    for row in rows:
        row.update(proxy_verdict=row["verdict"], verdict="no_conda", ok=False, base=None)
    return rows


def source_of(module: Any) -> bytes:
    """The text of a module that another Python is to run."""
    # the payload of a module is a zip file, so there is no file to open
    source: bytes = module.__loader__.get_data(module.__file__)
    return source


# Read now: once this process has become another user it cannot enter the folder of the payload any more.
_PROBE = source_of(_probe)


def program(given: dict[str, Any]) -> bytes:
    """The probe's source with its start at the end."""
    encoded = base64.b64encode(json.dumps(given).encode("ascii")).decode("ascii")
    return _PROBE + b'\nmain("' + encoded.encode("ascii") + b'")\n'


def run_probe(python: str, given: dict[str, Any], account: Account | None) -> list[Row]:
    """Run the probe with this interpreter. Secrets go over stdin: neither argv nor the environment shows them."""
    account = account or Account(-1, -1, "", os.path.expanduser("~"))
    try:
        output, in_time = _run(python, program(given), account, given["deadline"] + _GRACE)
    except (OSError, subprocess.SubprocessError) as exc:
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        return [_failed("conda_unusable", f"{python} cannot be started: {reason}.")]
    return _read(output, in_time)


def ask_base(base: Base, text: bytes, home: str, seconds: float) -> tuple[bytes, str]:
    """What a program that a base's Python gets on stdin prints, and why there is nothing, with the rights of a probe."""
    account, refusal = _account_for(base, home)
    if refusal is not None:
        return b"", f"not run as root: {refusal}"
    try:
        output, in_time = _run(base.python, text, account or Account(-1, -1, "", home), seconds)
    except (OSError, subprocess.SubprocessError) as exc:
        return b"", f"its Python cannot be started ({type(exc).__name__})"
    return output, "" if in_time else "its Python did not end in time"


def _run(python: str, text: bytes, account: Account, seconds: float) -> tuple[bytes, bool]:
    def become_owner() -> None:
        if account.uid >= 0:
            os.initgroups(account.name, account.gid)
            os.setgid(account.gid)
            os.setuid(account.uid)

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
    return _talk(child, text, seconds)


def _talk(child: subprocess.Popen[bytes], text: bytes, seconds: float) -> tuple[bytes, bool]:
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
    return output, in_time


def _feed(stdin: IO[bytes], text: bytes) -> None:
    try:
        with stdin:
            stdin.write(text)
    except OSError:
        pass  # it ended before it read everything: its answer, or none, tells


def _read(output: bytes, in_time: bool) -> list[Row]:
    if not in_time:
        return [_failed("deadline", "The probe did not end by itself and was killed.", "killed")]
    try:
        document = json.loads(output.decode("ascii"))
        rows: list[Row] = document["rows"]
        shared = {name: document[name] for name in ("conda_version", "python_version", "finished_by")}
    except (ValueError, KeyError, TypeError):
        return [_failed("conda_unusable", "Its Python gave no answer that can be read.")]
    return [dict(row, **shared) for row in rows]


def _failed(verdict: str, detail: str, finished_by: str = "driver") -> Row:
    row: Row = _probe.new_row(None)
    row.update(verdict=verdict, detail=detail, finished_by=finished_by, conda_version=None, python_version=None)
    return row


def run_connectivity(options: dict[str, Any]) -> dict[str, Any]:
    """What the module conda_connectivity returns. `options` are its own, and `home` and `user` where they are known."""
    account = pwd.getpwuid(os.geteuid())
    home = options.get("home") or account.pw_dir
    prefix = options.get("prefix") or ""
    login = login_environment(home, account.pw_shell, account.pw_name)
    bases = find_bases(home, login.pop("PATH", ""), prefix)
    user = options.get("user") or account.pw_name
    environment: dict[str, str | None] | None = options.get("environment")
    if environment is None:
        environment = {**login}
    rows = prove(bases, environment, home, dict(options, user=user))
    failed = [row for row in rows if not row["ok"]]
    result: dict[str, Any] = {"changed": False, "schema_version": _probe.SCHEMA_VERSION, "proof": rows}
    result["reachable"] = not failed
    if failed and options.get("require"):
        first = failed[0]
        result["failed"] = True
        result["msg"] = f"{len(failed)} of {len(rows)} channels are not reached. "
        result["msg"] += f"{first['url']}: {first['verdict']}. {first['remedy']}"
    return result
