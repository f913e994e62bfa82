# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. Runs the probe on POSIX: starts it, feeds it, ends it, and says what its verdicts mean."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any, Dict, Iterator, Mapping, NamedTuple, Sequence, cast

from ansible_collections.condafleet.proxy.plugins.module_utils import _ca
from ansible_collections.condafleet.proxy.plugins.module_utils._bases import Base, find_bases, untrusted_for_root
from ansible_collections.condafleet.proxy.plugins.module_utils._login import login_environment
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import PLATFORMS
from ansible_collections.condafleet.proxy.plugins.module_utils._probe._report import SCHEMA_VERSION, new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._program import PROOF, program
from ansible_collections.condafleet.proxy.plugins.module_utils._verdicts import advise

Row = Dict[str, Any]

DEFAULTS = {"deadline": 45.0, "connect_timeout": 5.0, "read_timeout": 15.0}
_BARE_CHANNEL = "https://repo.anaconda.com/pkgs/main"
_ALIAS = "https://conda.anaconda.org"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_PROXY_NAMES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "ftp_proxy")
INFO_DEADLINE = 30.0
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

    options: channels (a list; none: the effective ones), packages (look at one of each channel too), deadline,
    connect_timeout, read_timeout, user (for the rows), bare (channels, proxies, ca_bundle: what Python alone checks where there is no conda), candidate
    (see `trying`).
    """
    given = probe_input(environment, options)
    candidate: dict[str, Any] = options.get("candidate") or {}
    rows: list[Row] = []
    for base in bases:
        account, refusal = _account_for(base, home)
        if refusal is None:
            with trying(candidate, given, account) as asked:
                rows += named(run_probe(base.python, asked, account), asked)
        else:
            rows.append(failed_row("conda_unusable", f"Not run as root: {refusal}."))
        for row in rows:
            row.setdefault("base", base.prefix)
    if not bases:
        own = Account(-1, -1, "", home)
        with trying(candidate, given, own) as asked:
            rows = named(_without_conda(asked, own, options.get("bare") or {}), asked)
    for row in rows:
        row["user"] = options.get("user")
    return [advise(row) for row in rows]


def probe_input(environment: Mapping[str, str | None], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the probe is given, without a candidate's settings. `options` as for `prove`."""
    given: dict[str, Any] = {key: options[key] for key in DEFAULTS if options.get(key) is not None}
    asked = {name: options.get(name) for name in ("channels", "packages")}
    return {**DEFAULTS, **given, **asked, "environment": dict(environment)}


def channel_url(name: str) -> str:
    """A channel's URL, where it is not one already: below conda's default alias."""
    return name if "://" in name else f"{_ALIAS}/{name}"


@contextlib.contextmanager
def trying(candidate: Mapping[str, Any], given: dict[str, Any], account: Account | None) -> Iterator[dict[str, Any]]:
    """What the probe is given so that it finds the candidate's settings in force, as if they had been written.

    candidate: proxy_servers (none: the machine's own), variables, ssl_verify (a path), bundle (the text of one: it is
    in a private file as long as this lasts). Nothing of it: `given` as it is.
    """
    if not candidate:
        yield given
        return
    servers = candidate["proxy_servers"]
    environment = {
        name: value for name, value in given["environment"].items() if not (servers and name.lower() in _PROXY_NAMES)
    }
    environment.update(candidate["variables"])
    settings = {name: candidate[name] for name in ("proxy_servers", "ssl_verify") if candidate[name]}
    with contextlib.ExitStack() as stack:
        if candidate["bundle"]:
            settings["ssl_verify"] = stack.enter_context(_private_file(candidate["bundle"], account))
            environment["REQUESTS_CA_BUNDLE"] = settings["ssl_verify"]
        yield dict(given, environment=environment, candidate=settings)


@contextlib.contextmanager
def _private_file(text: str, account: Account | None) -> Iterator[str]:
    """The path of a file with this text for the account alone."""
    handle, path = tempfile.mkstemp(prefix="condafleet-", suffix=".pem")
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            if account is not None and account.uid >= 0:
                os.fchown(handle, account.uid, account.gid)
            stream.write(text)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def named(rows: list[Row], asked: Mapping[str, Any]) -> list[Row]:
    """What comes from the candidate bears its name: it stands in no file of the machine."""
    candidate: dict[str, Any] = asked.get("candidate") or {}
    for row in rows:
        if candidate.get("proxy_servers") and row["proxy_source"] != "none":
            row.update(proxy_source="candidate", proxy_file=None)
        if candidate.get("ssl_verify") and row["verify"] == candidate["ssl_verify"]:
            row["verify"] = "candidate"
    return rows


def conda_info(
    bases: Sequence[Base],
    environment: dict[str, str | None],
    home: str,
    candidate: Mapping[str, Any] | None = None,
) -> list[Row]:
    """`conda info --all` of every base, without secrets: what support asks for, and never a verdict."""
    given = dict(DEFAULTS, deadline=INFO_DEADLINE, environment=environment, info=True)
    found = []
    for base in bases:
        account, refusal = _account_for(base, home)
        text = f"Not run as root: {refusal}."
        if not refusal:
            with trying(candidate or {}, given, account) as asked:
                text = info_text(run(base.python, asked, account))
        found.append({"base": base.prefix, "text": text})
    return found


def info_text(answer: Answer) -> str:
    """What `conda info` said in what the probe printed, or why there is nothing."""
    if answer.failure:
        return answer.failure
    try:
        document = json.loads(answer.output.decode("ascii"))
        return str(document.get("info") or f"No answer: {document['rows'][0]['detail']}")
    except (ValueError, KeyError, TypeError, IndexError):
        return "Its Python gave no answer that can be read." if answer.in_time else "It was killed: it did not end."


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


def _without_conda(given: dict[str, Any], account: Account, bare: dict[str, Any]) -> list[Row]:
    """Rows that say no_conda, and beside it what Python alone says of the proxy."""
    names = bare.get("channels") or given["channels"] or [_BARE_CHANNEL]
    urls = [channel_url(name) for name in names]
    candidate = given.get("candidate") or {}
    if candidate.get("proxy_servers"):
        bare = dict(bare, proxies=candidate["proxy_servers"])
    if candidate.get("ssl_verify"):
        bare = dict(bare, ca_bundle=candidate["ssl_verify"])
    rows = run_probe(sys.executable, dict(given, channels=None, bare=dict(bare, channels=urls)), account)
    for row in rows:
        row.update(proxy_verdict=row["verdict"], verdict="no_conda", ok=False, base=None)
    return rows


class Answer(NamedTuple):
    """What a run of the probe's program gave: its output, whether it ended in time, or why it did not start."""

    output: bytes
    in_time: bool
    failure: str = ""


def run_probe(python: str, given: dict[str, Any], account: Account | None) -> list[Row]:
    """The rows of one run."""
    answer = run(python, given, account)
    return [failed_row("conda_unusable", answer.failure)] if answer.failure else rows_of(answer.output, answer.in_time)


def run(python: str, given: dict[str, Any], account: Account | None) -> Answer:
    """Run the probe with this interpreter. Secrets go over stdin: neither argv nor the environment shows them."""
    account = account or Account(-1, -1, "", os.path.expanduser("~"))
    return _run(python, program(PROOF, given), account, given["deadline"] + _GRACE)


def ask_base(base: Base, text: bytes, home: str, seconds: float) -> tuple[bytes, str]:
    """What a program that a base's Python gets on stdin prints, and why there is nothing, with the rights of a probe."""
    account, refusal = _account_for(base, home)
    if refusal is not None:
        return b"", f"not run as root: {refusal}"
    answer = _run(base.python, text, account or Account(-1, -1, "", home), seconds)
    return answer.output, answer.failure or ("" if answer.in_time else "its Python did not end in time")


def _run(python: str, text: bytes, account: Account, seconds: float) -> Answer:
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


def rows_of(output: bytes, in_time: bool) -> list[Row]:
    """The rows in what the probe printed."""
    if not in_time:
        return [failed_row("deadline", "The probe did not end by itself and was killed.", "killed")]
    try:
        document = json.loads(output.decode("ascii"))
        rows: list[Row] = document["rows"]
        shared = {name: document[name] for name in ("conda_version", "python_version", "finished_by")}
    except (ValueError, KeyError, TypeError):
        return [failed_row("conda_unusable", "Its Python gave no answer that can be read.")]
    return [dict(row, **shared) for row in rows]


def failed_row(verdict: str, detail: str, finished_by: str = "driver") -> Row:
    """The one row of a base that gave none itself."""
    row: Row = new_row(None)
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
    candidate = options.get("candidate")
    if candidate and candidate["ca_bundle"]:
        roots = _ca.find_roots(PLATFORMS["Linux"].ca_roots, bases) or candidate["ca_bundle"]["roots"]
        if not roots:
            message = "no CA roots were found on this machine, so ca_bundle_src has nothing to be joined with"
            return {"changed": False, "failed": True, "needs": "ca_roots", "msg": message}
        candidate = dict(candidate, bundle=_ca.join(candidate["ca_bundle"]["pem"], roots))
    rows = prove(bases, environment, home, dict(options, user=user, candidate=candidate))
    infos = conda_info(bases, environment, home, candidate) if options.get("info") else None
    return connectivity(rows, infos, options)


def connectivity(rows: list[Row], infos: list[Row] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of conda_connectivity. `infos`: what `conda_info` gave, where it was asked for."""
    failed = [row for row in rows if not row["ok"]]
    result: dict[str, Any] = {"changed": False, "schema_version": SCHEMA_VERSION, "proof": rows}
    result["reachable"] = not failed
    if infos is not None:
        result["conda_info"] = infos
    if failed and options.get("require"):
        first = failed[0]
        result["failed"] = True
        result["msg"] = f"{len(failed)} of {len(rows)} channels are not reached. "
        result["msg"] += f"{first['url']}: {first['verdict']}. {first['remedy']}"
    return result
