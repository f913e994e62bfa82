# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels and a password proxy as one background process, for molecule and for trying things by hand.

`python -m tests.bed.stage up --state FOLDER [--address ADDR]` returns when both serve and leaves `FOLDER/stage.json`
(`http`, `https`, `proxy`, `proxy_username`, `proxy_password`, `ca`, `channel_log`, `proxy_log`, `pid`);
`down --state FOLDER` ends it. The name `conda.bed.invalid` resolves at the proxy only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bed.authority import Authority
from tests.bed.channel import ChannelServer, make_channel
from tests.bed.paths import CHECKOUT
from tests.bed.proxy import Behaviour, Proxy

CHANNEL_HOST = "conda.bed.invalid"
_START_SECONDS = 60


def _serve(state: Path, address: str, username: str, password: str) -> None:
    """Serve until SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    authority = Authority(state / "authority")
    for name in ("main", "extra"):
        make_channel(state / "channels" / name)
    tls = authority.server_context(address, CHANNEL_HOST)
    behaviour = Behaviour(username=username.encode(), password=password.encode(), hosts={CHANNEL_HOST: address})
    with ExitStack() as stack:
        log = state / "channel.jsonl"
        plain = stack.enter_context(ChannelServer(state / "channels", address, log=log))
        secure = stack.enter_context(ChannelServer(state / "channels", address, tls=tls, log=log))
        proxy = stack.enter_context(Proxy(behaviour, address, log=state / "proxy.jsonl"))
        facts = {
            "http": plain.url("main", CHANNEL_HOST),
            "https": secure.url("main", CHANNEL_HOST),
            "proxy": proxy.url(),
            "proxy_username": username,
            "proxy_password": password,
            "ca": str(authority.pem),
            "channel_log": str(log),
            "proxy_log": str(state / "proxy.jsonl"),
            "pid": os.getpid(),
        }
        part = state / "stage.part"
        part.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        part.rename(state / "stage.json")
        signal.sigwait(signals)
    (state / "stage.json").unlink()


def _up(state: Path, address: str, username: str, password: str) -> None:
    facts = state / "stage.json"
    if facts.exists():
        sys.exit(f"{facts} exists: already up, or killed; `down` first")
    state.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "tests.bed.stage", "serve", "--state", str(state), "--address", address]
    with (state / "stage.log").open("w") as log:
        server = subprocess.Popen(
            [*argv, "--username", username, "--password", password],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not facts.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            sys.exit(f"the stage did not start:\n{(state / 'stage.log').read_text()}")
        time.sleep(0.05)


def _down(state: Path) -> None:
    facts = state / "stage.json"
    if not facts.exists():
        return
    pid = json.loads(facts.read_text(encoding="utf-8"))["pid"]
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"tests.bed.stage" in command.read_bytes():
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _START_SECONDS
        while facts.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    facts.unlink(missing_ok=True)


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description="Channels and a password proxy in the background.")
    parser.add_argument("command", choices=("up", "down", "serve"))
    parser.add_argument("--state", type=lambda text: Path(text).absolute(), required=True)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--username", default="ada")
    parser.add_argument("--password", default="p@ss:w/rd #1%", help="a test password: it is seen in the process list")
    args = parser.parse_args()
    if args.command == "down":
        _down(args.state)
    elif args.command == "up":
        _up(args.state, args.address, args.username, args.password)
    else:
        _serve(args.state, args.address, args.username, args.password)


if __name__ == "__main__":
    main()
