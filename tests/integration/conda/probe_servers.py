# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that fail on purpose, on loopback. A scenario names one in braces; it is started when first named.

`{http}` `{tls}`: a channel server, what it does is the first part of the path (`/ok`, `/s403`, `/portal`, ...);
`{tls_...}`: the same with a fault in its TLS; `{p_...}`: proxies; `{socks...}`: SOCKS proxies; the rest: ports without
HTTP. `{NAME_port}` is the port alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import json
import re
import socket
import ssl
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import trustme
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.bed.authority import Authority
from tests.bed.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Handler = Callable[[socket.socket], None]

USER = "ada"
PASSWORD = "Zq7 mark/er#1"  # must not be seen in any result, in no form
PASSWORD_ENCODED = "Zq7%20mark%2Fer%231"
MARKER = "Zq7"
HOSTS = [f"127.0.1.{number}" for number in range(1, 255)]  # one for each scenario of a batch

_REPODATA = json.dumps(
    {"info": {"subdir": "noarch"}, "packages": {f"p{number}-1-0.tar.bz2": {"name": "p"} for number in range(200)}}
).encode()
_ZST = zstandard.ZstdCompressor().compress(_REPODATA)
_HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"


class Servers:
    """Starts servers by name and knows their addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}
        self._stack = contextlib.ExitStack()
        self.authority = Authority(folder / "good")
        self._other = Authority(folder / "other", "Other test authority")
        self.other_ca = self._other.pem
        self._other_contexts: dict[str, ssl.SSLContext] = {}
        (folder / "empty.pem").write_text("no certificate in here\n")
        self.empty_pem = folder / "empty.pem"

    def close(self) -> None:
        """End them all."""
        self._stack.close()

    def address(self, name: str) -> str:
        """`127.0.0.1:PORT` of a server."""
        with self._lock:
            if name not in self._addresses:
                self._addresses[name] = self._start(name)
            return self._addresses[name]

    def expand(self, text: str) -> str:
        """Put addresses for the names in braces, and files and credentials for those in angle brackets."""
        words = {"<ca>": self.authority.pem, "<otherca>": self.other_ca, "<emptyca>": self.empty_pem}
        words.update({"<login>": f"{USER}:{PASSWORD_ENCODED}", "<pw>": PASSWORD_ENCODED})  # type: ignore[dict-item]
        for word, value in words.items():
            text = text.replace(word, str(value))
        text = re.sub(r"\{(\w+)_port\}", lambda match: self.address(match.group(1)).rpartition(":")[2], text)
        return re.sub(r"(?<!\$)\{(\w+)\}", lambda match: self.address(match.group(1)), text)

    def _start(self, name: str) -> str:
        if name == "closed":
            with socket.create_server(("127.0.0.1", 0)) as unused:
                return _address(unused)
        if name == "full":
            return self._full()
        if name in ("p", "p_basic", "p_intercept"):
            return self._proxy(name)
        if name.startswith("p_tls"):
            inner = self._proxy(name)
            context = (self._other if name == "p_tls_untrusted" else self.authority).server_context("127.0.0.1")
            return self._listen(_tls(context, lambda sock: _relay(sock, inner)))
        if name in _RAW:
            return self._listen(_RAW[name])
        if name == "tls_client_closes":
            return self._listen(_tls(self._context(name), lambda sock: sock.close()))
        if name.startswith("tls"):
            return self._listen(_tls(self._context(name), _channel))
        return self._listen({"http": _channel}[name])

    def _proxy(self, name: str) -> str:
        proxy = Proxy()
        proxy.behaviour.upstream_ca = self.authority.pem
        if name in ("p_basic", "p_tls_basic"):
            proxy.behaviour.username = USER.encode()
            proxy.behaviour.password = PASSWORD.encode()
        if name == "p_intercept":
            proxy.behaviour.intercept = self._other
        self._stack.enter_context(proxy)
        return proxy.url().removeprefix("http://").rstrip("/")

    def _context(self, name: str) -> ssl.SSLContext:
        names = ("127.0.0.1", "localhost", *HOSTS)
        if name == "tls_unknown_ca":
            return self._other.server_context(*names)
        if name == "tls_hostname":
            return self.authority.server_context("another.invalid")
        if name == "tls_self_signed":
            return _self_signed(self._folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        now = dt.datetime.now(dt.UTC)
        day = dt.timedelta(days=1)
        limits: dict[str, dict[str, Any]] = {
            "tls_expired": {"not_before": now - 9 * day, "not_after": now - day},
            "tls_not_yet": {"not_before": now + day, "not_after": now + 9 * day},
        }
        ca = trustme.CA.from_pem(self.authority.pem_with_key.read_bytes(), self.authority.pem_with_key.read_bytes())
        ca.issue_cert(*names, **limits.get(name, {})).configure_cert(context)
        if name.startswith("tls_client"):
            # the second lets the handshake succeed, and closes the connection afterwards
            context.verify_mode = ssl.CERT_OPTIONAL if name == "tls_client_closes" else ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority.pem)
        return context

    def _listen(self, handler: Handler) -> str:
        listener = socket.create_server(("0.0.0.0", 0), backlog=256)  # all of 127.0.0.0/8
        self._stack.callback(listener.close)

        def one(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError, ValueError):
                handler(client)

        def accept() -> None:
            while True:
                try:
                    client, _peer = listener.accept()
                except OSError:
                    return
                client.settimeout(20)
                threading.Thread(target=one, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return _address(listener)

    def _full(self) -> str:
        """A port whose queue is full: the kernel drops what more comes, as a firewall does."""
        listener = socket.socket()
        listener.bind(("0.0.0.0", 0))
        listener.listen(0)
        self._stack.callback(listener.close)
        for _number in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", listener.getsockname()[1]))
            self._stack.callback(filler.close)
        return _address(listener)


def _address(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-signed test server")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _tls(context: ssl.SSLContext, handler: Handler) -> Handler:
    def serve(sock: socket.socket) -> None:
        with sock.dup() as raw:
            try:
                with context.wrap_socket(sock, server_side=True) as secure:
                    handler(secure)
            except ssl.SSLError:
                raw.settimeout(1)
                while raw.recv(4096):  # closed with data unread, the socket would send a reset after its alert
                    pass

    return serve


def _relay(client: socket.socket, address: str) -> None:
    """Between a TLS client and a plain port."""
    host, _colon, port = address.partition(":")
    with socket.create_connection((host, int(port))) as server:

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := server.recv(65536):
                    client.sendall(data)
            with contextlib.suppress(OSError):  # also after a reset
                client.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


# --- channels ---------------------------------------------------------------------------------------------------------


def _head(sock: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(4096)
        if not chunk:
            raise ValueError("no request")
        data += chunk
        if data[:1] == b"\x16":  # a TLS handshake
            _reply(sock, 400, b"no request")
            raise ValueError("no request")
    return data.decode("latin-1")


def _reply(sock: socket.socket, status: int, body: bytes = b"", *headers: str, length: int | None = None) -> None:
    lines = [f"HTTP/1.1 {status} x", "Connection: close", *headers]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)


def _channel(sock: socket.socket, forbidden: str | None = None) -> None:
    head = _head(sock)
    target = head.split(" ", 2)[1]
    path = re.sub(r"^http://[^/]*", "", target).partition("?")[0]
    token = re.match(r"^/t/[^/]+", path)
    path = path[token.end() :] if token else path
    if path.endswith((".conda", ".tar.bz2")):
        _package(sock, path, forbidden)
        return
    kind = path.split("/")[1]
    zst = path.endswith(".zst")
    host = (re.search(r"\r\nHost: *(\S+)", head, re.IGNORECASE) or ["", ""])[1]
    authorized = bool(re.search(r"\r\nAuthorization: Basic ", head, re.IGNORECASE))
    status = re.match(r"^s(\d{3})$", kind)
    if status:
        _reply(sock, int(status.group(1)), b"no")
    elif kind in _KINDS:
        _KINDS[kind](sock, zst)
    elif kind == "auth":
        if authorized:
            _content(sock, zst)
        else:
            _reply(sock, 401, b"no", 'WWW-Authenticate: Basic realm="x"')
    elif kind == "loop":
        _reply(sock, 302, b"", f"Location: {path}")
    elif kind == "to_ok":
        _reply(sock, 302, b"", f"Location: /ok/{path.split('/', 2)[2]}")
    elif kind == "to_portal":
        _reply(sock, 302, b"", f"Location: http://{host}/portal?session={MARKER}")
    elif kind == "to_nowhere":
        _reply(sock, 302, b"", f"Location: http://login.invalid/?session={MARKER}")
    else:
        _reply(sock, 404, b"no")


def _package(sock: socket.socket, path: str, forbidden: str | None) -> None:
    """The start of a package, or what a filter sends instead of it; `forbidden`: a proxy's header."""
    kind = path.split("/")[1]
    if forbidden or kind == "pk403":
        _reply(sock, 403, _HTML, forbidden or "Server: filter")
    elif kind == "pkportal":
        _reply(sock, 200, _HTML, "Content-Type: text/html")
    elif kind == "pktext":
        _reply(sock, 200, b"not what you wanted\n" * 100)
    elif kind == "pkreset":
        _reset(sock)
    else:
        _reply(sock, 206, (b"PK\x03\x04" if path.endswith(".conda") else b"BZh9").ljust(1024, b"x"))


def _content(sock: socket.socket, zst: bool) -> None:
    body = _ZST if zst else _REPODATA
    _reply(sock, 206, body[:1024], f"Content-Range: bytes 0-1023/{len(body)}")


def _plain_text(body: bytes, *headers: str) -> Callable[[socket.socket, bool], None]:
    return lambda sock, _zst: _reply(sock, 200, body, *headers)


def _json_only(body: bytes, status: int = 200) -> Callable[[socket.socket, bool], None]:
    return lambda sock, zst: _reply(sock, 404) if zst else _reply(sock, status, body, "Content-Type: application/json")


def _drip(sock: socket.socket, _zst: bool) -> None:
    _reply(sock, 200, b"", length=5000)
    for _number in range(60):
        sock.sendall(b"{")
        time.sleep(0.5)


def _stall(sock: socket.socket, _zst: bool) -> None:
    _reply(sock, 200, b"{", length=5000)
    time.sleep(15)


def _chunk_break(sock: socket.socket, _zst: bool) -> None:
    _reply(sock, 200, b"400\r\n{{{", "Transfer-Encoding: chunked", length=-1)


def _reset_in_body(sock: socket.socket, _zst: bool) -> None:
    _reply(sock, 200, b"{", length=5000)
    time.sleep(0.2)
    _reset(sock)


_KINDS: dict[str, Callable[[socket.socket, bool], None]] = {
    "ok": _content,
    **dict.fromkeys(("pk403", "pkportal", "pktext", "pkreset"), _content),
    "norange": lambda sock, zst: _reply(sock, 200, _ZST if zst else _REPODATA),
    "jsononly": lambda sock, zst: _reply(sock, 404) if zst else _content(sock, zst),
    "zst403": lambda sock, zst: _reply(sock, 403) if zst else _content(sock, zst),
    "gzip": lambda sock, zst: (
        _reply(sock, 404) if zst else _reply(sock, 200, gzip.compress(_REPODATA), "Content-Encoding: gzip")
    ),
    "portal": _plain_text(_HTML, "Content-Type: text/html"),
    "portal_json": _plain_text(b"\r\n " + _HTML, "Content-Type: application/json"),
    "portal_bare": _plain_text(_HTML),
    "text": _plain_text(b"It works!\n" * 200, "Content-Type: text/plain"),
    "empty": _plain_text(b""),
    "otherjson": _json_only(b'{"error": "please log in"}'),
    "brokenjson": _json_only(b'{"packages": {'),
    "minimal": _json_only(b'{"packages": {}}'),
    "truncated": lambda sock, _zst: _reply(sock, 200, b"{", length=5000),
    "chunkbreak": _chunk_break,
    "resetbody": _reset_in_body,
    "stall": _stall,
    "drip": _drip,
    "badgzip": lambda sock, _zst: _reply(sock, 200, b"this is not gzip", "Content-Encoding: gzip"),
    "origin407": lambda sock, _zst: _reply(sock, 407, b"", 'Proxy-Authenticate: Basic realm="x"'),
    "squid403": lambda sock, _zst: _reply(sock, 403, _HTML, "X-Squid-Error: ERR_ACCESS_DENIED 0"),
    "squid503": lambda sock, _zst: _reply(sock, 503, _HTML, "X-Squid-Error: ERR_CONNECT_FAIL 111"),
}


# --- ports without HTTP, and proxies that refuse ----------------------------------------------------------------------


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _after_request(data: bytes) -> Handler:
    def serve(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        time.sleep(0.1)

    return serve


def _reset_after_request(sock: socket.socket) -> None:
    sock.recv(4096)
    _reset(sock)


def _refuse(status: int, *headers: str) -> Handler:
    def serve(sock: socket.socket) -> None:
        _head(sock)
        _reply(sock, status, b"refused", *headers)

    return serve


def _tunnel_then(then: Handler) -> Handler:
    def serve(sock: socket.socket) -> None:
        _head(sock)
        sock.sendall(b"HTTP/1.1 200 ok\r\n\r\n")
        then(sock)

    return serve


def _silent(_sock: socket.socket) -> None:
    time.sleep(15)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = sock.recv(count - len(data))
        if not chunk:
            raise ValueError("no request")
        data += chunk
    return data


def _until_zero(sock: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\0"):
        data += _exactly(sock, 1)
    return data[:-1]


def _socks(reply: int = 0, password: bool = False) -> Handler:
    """A SOCKS proxy of both versions that gives this reply (0: granted); with `password` by version 5 alone."""

    def serve(sock: socket.socket) -> None:
        version = _exactly(sock, 1)
        if version not in (b"\x04", b"\x05"):
            return
        if version == b"\x04":
            target = _socks4(sock)
            sock.sendall(bytes([0, 0x5B if reply or password else 0x5A]) + bytes(6))
        else:
            if password and not _socks_login(sock):
                return
            if not password:
                _exactly(sock, _exactly(sock, 1)[0])
                sock.sendall(b"\x05\x00")
            target = _socks5(sock)
            sock.sendall(bytes([5, reply, 0, 1]) + bytes(6))
        if not reply:
            _relay(sock, target)

    return serve


def _socks_login(sock: socket.socket) -> bool:
    offered = _exactly(sock, _exactly(sock, 1)[0])
    sock.sendall(b"\x05\x02" if 2 in offered else b"\x05\xff")
    if 2 not in offered:
        return False
    _exactly(sock, 1)
    login = [_exactly(sock, _exactly(sock, 1)[0]) for _part in range(2)]
    good = login == [USER.encode(), PASSWORD.encode()]
    sock.sendall(b"\x01\x00" if good else b"\x01\x01")
    return good


def _socks4(sock: socket.socket) -> str:
    _command, port, address = struct.unpack("!BH4s", _exactly(sock, 7))
    _until_zero(sock)
    host = _until_zero(sock).decode() if address[:3] == b"\0\0\0" else socket.inet_ntoa(address)
    return f"{_NAMES.get(host, host)}:{port}"


def _socks5(sock: socket.socket) -> str:
    kind = _exactly(sock, 4)[3]
    host = _exactly(sock, _exactly(sock, 1)[0]).decode() if kind == 3 else socket.inet_ntoa(_exactly(sock, 4))
    return f"{_NAMES.get(host, host)}:{struct.unpack('!H', _exactly(sock, 2))[0]}"


_NAMES = {"conda.bed.invalid": "127.0.0.1"}  # what the SOCKS proxies can resolve
_BASIC, _NTLM, _NEGOTIATE = 'Basic realm="x"', "NTLM", "Negotiate"
_DIGEST = 'Digest realm="x", qop="auth", nonce="abc", algorithm=MD5'
_RAW: dict[str, Handler] = {
    "silent": _silent,
    "reset": _reset_after_request,
    "closes": lambda sock: sock.close(),
    "garbage": _after_request(b"\x00\x01\x02 no http here\r\n\r\n"),
    "ssh": _after_request(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "alert": _after_request(b"\x15\x03\x03\x00\x02\x02\x28"),  # TLS: handshake failure
    "p_407_noheader": _refuse(407),
    "p_407_basic": _refuse(407, "Proxy-Authenticate: " + _BASIC),
    "p_407_ntlm": _refuse(407, "Proxy-Authenticate: " + _NTLM),
    "p_407_negotiate": _refuse(407, "Proxy-Authenticate: " + _NEGOTIATE),
    "p_407_digest": _refuse(407, "Proxy-Authenticate: " + _DIGEST),
    "p_407_ntlm_negotiate": _refuse(407, "Proxy-Authenticate: " + _NTLM, "Proxy-Authenticate: " + _NEGOTIATE),
    "p_407_ntlm_basic": _refuse(407, "Proxy-Authenticate: " + _NTLM, "Proxy-Authenticate: " + _BASIC),
    "p_407_one_line": _refuse(407, f"Proxy-Authenticate: {_NEGOTIATE}, {_NTLM}, {_BASIC}"),
    **{f"p_{status}": _refuse(status) for status in (301, 400, 403, 404, 405, 500, 502, 503, 504)},
    "p_squid403": _refuse(403, "X-Squid-Error: ERR_ACCESS_DENIED 0"),
    "p_squid503": _refuse(503, "X-Squid-Error: ERR_DNS_FAIL 0"),
    "p_tinyproxy403": _refuse(403, "Server: tinyproxy/1.11.1"),
    "p_filter": lambda sock: _channel(sock, "X-Squid-Error: ERR_ACCESS_DENIED 0"),
    "socks": _socks(),
    "socks_password": _socks(password=True),
    **{f"socks_{reply}": _socks(reply) for reply in range(1, 9)},
    "p_tunnel_silent": _tunnel_then(_silent),
    "p_tunnel_reset": _tunnel_then(_reset_after_request),
    "p_tunnel_garbage": _tunnel_then(_after_request(b"HTTP/1.1 400 Bad\r\n\r\n")),
}


def as_dict(value: Any, servers: Servers) -> Any:
    """`expand` for every string of a structure."""
    if isinstance(value, str):
        return servers.expand(value)
    if isinstance(value, dict):
        return {as_dict(key, servers): as_dict(item, servers) for key, item in value.items()}
    if isinstance(value, list):
        return [as_dict(item, servers) for item in value]
    return value
