# SPDX-License-Identifier: GPL-3.0-or-later
"""Conda channels: a folder with one tiny package, and servers for it on http and https."""

from __future__ import annotations

import base64
import bz2
import hashlib
import io
import json
import re
import tarfile
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import zstandard

from tests.bed.jsonlog import JsonLog
from tests.bed.serving import Serving

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

PACKAGE = "hello-1.1-0.tar.bz2"
PACKAGE_FILE = "share/hello/hello.txt"


def make_channel(folder: Path) -> Path:
    """Write `noarch` and `linux-64` with repodata (plain and zstd) and the package `hello`."""
    package = _package()
    entry = _index() | {
        "md5": hashlib.md5(package).hexdigest(),
        "sha256": hashlib.sha256(package).hexdigest(),
        "size": len(package),
    }
    for subdir, packages in (("noarch", {PACKAGE: entry}), ("linux-64", {})):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        repodata = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        text = json.dumps(repodata).encode()
        (folder / subdir / "repodata.json").write_bytes(text)
        (folder / subdir / "repodata.json.zst").write_bytes(zstandard.ZstdCompressor().compress(text))
    (folder / "noarch" / PACKAGE).write_bytes(package)
    return folder


def _index() -> dict[str, Any]:
    return {
        "name": "hello", "version": "1.1", "build": "0", "build_number": 0,
        "depends": [], "noarch": "generic", "subdir": "noarch", "timestamp": 1700000000000,
    }  # fmt: skip


def _package() -> bytes:
    text = b"hello from the test channel\n"
    paths = {
        "paths_version": 1,
        "paths": [
            {
                "_path": PACKAGE_FILE,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(text).hexdigest(),
                "size_in_bytes": len(text),
            }
        ],
    }
    files = {
        "info/index.json": json.dumps(_index()).encode(),
        "info/files": f"{PACKAGE_FILE}\n".encode(),
        "info/paths.json": json.dumps(paths).encode(),
        PACKAGE_FILE: text,
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return bz2.compress(raw.getvalue())


@dataclass
class Rules:
    """How a server answers, by the name of the channel (the first part of the path). May change while it serves."""

    logins: dict[str, tuple[str, str]] = field(default_factory=dict)  # Basic auth asked for by this channel
    statuses: dict[str, int] = field(default_factory=dict)  # always this status
    portals: set[str] = field(default_factory=set)  # 200 with a login page instead of content


class ChannelServer(Serving):
    """Serves every channel below `root`; a context manager.

    `log.entries`: method, path, status, authorization (the header's value or null), via, range, user_agent, peer.
    """

    def __init__(
        self,
        root: Path,
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        rules: Rules | None = None,
        log: Path | None = None,
    ) -> None:
        self.root = root
        self.rules = rules if rules is not None else Rules()
        self.log = JsonLog(log)
        self.scheme = "http" if tls is None else "https"
        self._server = _Server((address, port), self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        """The bound address."""
        return str(self._server.server_address[0])

    @property
    def port(self) -> int:
        """The bound port."""
        return int(self._server.server_address[1])

    def url(self, channel: str, host: str | None = None) -> str:
        """The channel's URL, by another host name when the client knows the server by one."""
        return f"{self.scheme}://{host or self.address}:{self.port}/{channel}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], channels: ChannelServer, tls: ssl.SSLContext | None) -> None:
        self.channels = channels
        self.tls = tls
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # in the connection's own thread, so that one bad handshake does not hold up the others
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # broken connections and refused certificates are what tests are about
        self.channels.log.add(method=None, path=None, status=None, error=True, peer=client_address[0])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer by the rules, else with the file."""
        channel = self.path.lstrip("/").split("/", 1)[0]
        rules = self.server.channels.rules
        if channel in rules.statuses:
            self._answer(rules.statuses[channel], b"as the test asked\n")
        elif channel in rules.portals:
            self._answer(
                HTTPStatus.OK, b"<html><title>Sign in to the network</title></html>\n", {"Content-Type": "text/html"}
            )
        elif channel in rules.logins and self.headers.get("Authorization") != _basic(*rules.logins[channel]):
            self._answer(HTTPStatus.UNAUTHORIZED, b"login needed\n", {"WWW-Authenticate": 'Basic realm="channel"'})
        else:
            self._file()

    do_HEAD = do_GET  # noqa: N815

    def _file(self) -> None:
        root = self.server.channels.root.resolve()
        path = (root / self.path.split("?", 1)[0].lstrip("/")).resolve()
        if not path.is_file() or not path.is_relative_to(root):
            self._answer(HTTPStatus.NOT_FOUND, b"no such file\n")
            return
        content = path.read_bytes()
        wanted = _range(self.headers.get("Range"), len(content))
        if wanted is None:
            self._answer(HTTPStatus.OK, content, {"Accept-Ranges": "bytes"})
        elif wanted.start >= len(content):
            self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", {"Content-Range": f"bytes */{len(content)}"})
        else:
            span = f"bytes {wanted.start}-{wanted.stop - 1}/{len(content)}"
            self._answer(HTTPStatus.PARTIAL_CONTENT, content[wanted.start : wanted.stop], {"Content-Range": span})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.server.channels.log.add(
            method=self.command,
            path=self.path,
            status=int(status),
            authorization=self.headers.get("Authorization"),
            via=self.headers.get("Via"),
            range=self.headers.get("Range"),
            user_agent=self.headers.get("User-Agent"),
            peer=self.client_address[0],
        )
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing on stderr; the log has it."""


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _range(header: str | None, size: int) -> range | None:
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        return range(max(0, size - int(match[2])), size)
    end = int(match[2]) + 1 if match[2] else size
    return range(int(match[1]), min(end, size))
