# SPDX-License-Identifier: GPL-3.0-or-later
"""A small forward proxy that does exactly what a test asks for, and says what it saw.

`python -m tests.bed.proxy --listen ADDR:PORT [--username U --password-file F] [--log FILE]`
prints `listening ADDR:PORT` and serves until it is ended.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import re
import select
import signal
import socket
import ssl
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from tests.bed.jsonlog import JsonLog

if TYPE_CHECKING:
    from tests.bed.authority import Authority

Mode = Literal["normal", "ntlm", "refuse_connect", "silent"]
_TIMEOUT = 30.0
_HOP_HEADERS = {"proxy-authorization", "proxy-connection", "connection", "keep-alive"}


@dataclass
class Behaviour:
    """What the proxy does. May change while it serves.

    `ntlm`: always 407 with NTLM only; `refuse_connect`: 403 to every CONNECT; `silent`: accepts and never answers.
    `hosts`: names that only the proxy can resolve. `intercept`: opens TLS with certificates of this authority;
    `upstream_ca` is then what it trusts itself.
    """

    mode: Mode = "normal"
    username: bytes | None = None
    password: bytes = b""
    hosts: dict[str, str] = field(default_factory=dict)
    intercept: Authority | None = None
    upstream_ca: Path | None = None


@dataclass
class _Counter:
    total: int = 0


@dataclass(frozen=True)
class _Head:
    method: str
    target: str
    headers: list[tuple[str, str]]
    rest: bytes

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


class Proxy:
    """A context manager. `log.entries`: method, target, status, credentials (Latin-1 text of the bytes, or null)."""

    def __init__(
        self, behaviour: Behaviour | None = None, address: str = "127.0.0.1", port: int = 0, log: Path | None = None
    ) -> None:
        self.behaviour = behaviour if behaviour is not None else Behaviour()
        self.log = JsonLog(log)
        self._listener = socket.create_server((address, port))
        self.address, self.port = self._listener.getsockname()[:2]
        self._open: set[socket.socket] = set()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._counters: list[_Counter] = []

    def url(self, username: str | None = None, password: str = "", host: str | None = None) -> str:
        """The proxy's URL; the credentials must be percent-encoded already."""
        login = f"{username}:{password}@" if username is not None else ""
        return f"http://{login}{host or self.address}:{self.port}"

    @property
    def requests(self) -> int:
        """How many requests were logged."""
        return len(self.log.entries)

    @property
    def bytes(self) -> int:
        """Bytes carried in both directions."""
        return sum(counter.total for counter in list(self._counters))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _peer = self._listener.accept()
            except OSError:
                return
            client.settimeout(_TIMEOUT)
            self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError, ValueError):
                head = _read_head(client)
                if head is not None:
                    self._answer(client, head)
        finally:
            self._open.discard(client)

    def _answer(self, client: socket.socket, head: _Head) -> None:
        rules = self.behaviour
        credentials = _credentials(head.get("proxy-authorization"))
        entry: dict[str, Any] = {
            "method": head.method,
            "target": head.target,
            "credentials": None if credentials is None else credentials.decode("latin-1"),
        }
        if rules.mode == "silent":
            self.log.add(**entry, status=None)
            with contextlib.suppress(TimeoutError):
                while client.recv(4096):
                    pass
        elif rules.mode == "ntlm":
            self._refuse(client, entry, 407, "Proxy-Authenticate: NTLM\r\n")
        elif rules.username is not None and credentials != rules.username + b":" + rules.password:
            self._refuse(client, entry, 407, 'Proxy-Authenticate: Basic realm="bed"\r\n')
        elif head.method == "CONNECT" and rules.mode == "refuse_connect":
            self._refuse(client, entry, 403, "")
        elif head.method == "CONNECT":
            self._connect(client, head, entry)
        else:
            self._forward(client, head, entry)

    def _refuse(self, client: socket.socket, entry: dict[str, Any], status: int, header: str) -> None:
        self.log.add(**entry, status=status)  # before the answer, so that who has the answer finds the entry
        body = b"the proxy refused\n"
        reason = {403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}[status]
        start = f"HTTP/1.1 {status} {reason}\r\n{header}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        client.sendall(start.encode() + body)

    def _dial(self, host: str, port: int) -> socket.socket:
        return socket.create_connection((self.behaviour.hosts.get(host, host), port), timeout=_TIMEOUT)

    def _connect(self, client: socket.socket, head: _Head, entry: dict[str, Any]) -> None:
        host, port = head.target.rsplit(":", 1)
        host = host.strip("[]")
        try:
            server = self._dial(host, int(port))
        except OSError:
            self._refuse(client, entry, 502, "")
            return
        self.log.add(**entry, status=200)
        with server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if self.behaviour.intercept is None:
                _pump(client, server, self._counter())
            else:
                self._intercept(client, server, host, self._counter())

    def _counter(self) -> _Counter:
        counter = _Counter()
        self._counters.append(counter)
        return counter

    def _intercept(self, client: socket.socket, server: socket.socket, host: str, counter: _Counter) -> None:
        authority = self.behaviour.intercept
        if authority is None:
            raise ValueError("no authority to intercept with")
        if host not in self._contexts:
            self._contexts[host] = authority.server_context(host)
        outward = ssl.create_default_context(cafile=self.behaviour.upstream_ca)
        with (
            outward.wrap_socket(server, server_hostname=host) as server_tls,
            self._contexts[host].wrap_socket(client, server_side=True) as client_tls,
        ):
            _pump(client_tls, server_tls, counter)

    def _forward(self, client: socket.socket, head: _Head, entry: dict[str, Any]) -> None:
        parts = urlsplit(head.target)
        if parts.scheme != "http":
            self._refuse(client, entry, 502, "")
            return
        try:
            server = self._dial(parts.hostname or "", parts.port or 80)
        except OSError:
            self._refuse(client, entry, 502, "")
            return
        path = parts.path or "/"
        lines = [f"{head.method} {path}{'?' + parts.query if parts.query else ''} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in head.headers if key.lower() not in _HOP_HEADERS]
        request = "\r\n".join([*lines, "Via: 1.1 bed", "Connection: close", "", ""]).encode("latin-1")
        self.log.add(**entry, status=200)
        counter = self._counter()
        counter.total += len(request) + len(head.rest)
        with server:
            server.sendall(request + head.rest)
            _pump(client, server, counter)


def _read_head(client: socket.socket) -> _Head | None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        block = client.recv(65536)
        if not block or len(raw) > 1 << 20:
            return None
        raw += block
    text, rest = raw.split(b"\r\n\r\n", 1)
    first, *lines = text.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"(\S+) (\S+) HTTP/1\.[01]", first)
    if match is None:
        return None
    headers = [(key.strip(), value.strip()) for key, value in (line.split(":", 1) for line in lines)]
    return _Head(match[1], match[2], headers, rest)


def _credentials(header: str | None) -> bytes | None:
    scheme, value = [*(header or "").split(" ", 1), ""][:2]
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return None


def _pump(client: socket.socket, server: socket.socket, counter: _Counter) -> None:
    """Carry bytes both ways until one side ends. One thread for both: a TLS socket is not made for two."""
    other = {client: server, server: client}
    while True:
        ready: list[socket.socket] = [sock for sock in other if isinstance(sock, ssl.SSLSocket) and sock.pending()]
        if not ready:
            ready = select.select(list(other), [], [], _TIMEOUT)[0]
        if not ready:
            return
        for sock in ready:
            block = _take(sock)
            if block is None:
                continue
            if not block:
                return
            counter.total += len(block)
            other[sock].sendall(block)


def _take(sock: socket.socket) -> bytes | None:
    """What can be read now; None when it was only TLS's own talk."""
    sock.setblocking(False)
    try:
        return sock.recv(65536)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None
    finally:
        sock.settimeout(_TIMEOUT)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A small test proxy.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="ADDR:PORT")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path, help="its bytes are the password; one final newline is left out")
    parser.add_argument("--mode", choices=("normal", "ntlm", "refuse_connect", "silent"), default="normal")
    parser.add_argument("--host", action="append", default=[], metavar="NAME=ADDR", help="a name only the proxy knows")
    parser.add_argument("--log", type=Path, help="JSON-lines file of what was seen")
    args = parser.parse_args()
    address, port = args.listen.rsplit(":", 1)
    behaviour = Behaviour(mode=args.mode, hosts=dict(item.split("=", 1) for item in args.host))
    if args.username is not None:
        behaviour.username = args.username.encode()
        behaviour.password = args.password_file.read_bytes().removesuffix(b"\n") if args.password_file else b""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with Proxy(behaviour, address, int(port), args.log) as proxy:
        sys.stdout.write(f"listening {proxy.address}:{proxy.port}\n")
        sys.stdout.flush()
        signal.sigwait(signals)
        sys.stdout.write(f"served {proxy.requests} requests, {proxy.bytes} bytes\n")


if __name__ == "__main__":
    main()
