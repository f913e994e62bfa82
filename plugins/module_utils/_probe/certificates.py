# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the issuer of the certificate that a peer presents."""

from __future__ import annotations

import http.client

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import Proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.sockets import handshake
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    OpaqueTunnelError,
    Timeouts,
    Verdict,
)


def issuer_of(der: bytes) -> str | None:
    """Return the issuer of a certificate: the ssl module parses only what it has verified."""
    try:
        _tag, body, _rest = _der(der)
        _tag, body, _rest = _der(body)  # tbsCertificate
        tag, _value, rest = _der(body)
        if tag == 0xA0:  # the version is optional
            _tag, _value, rest = _der(rest)
        _tag, _value, rest = _der(rest)  # signature algorithm
        _tag, name, _rest = _der(rest)
        found = {}
        while name:
            _tag, relative, name = _der(name)
            _tag, attribute, _rest = _der(relative)
            _tag, oid, value = _der(attribute)
            found[bytes(oid)] = _der(value)[1].decode("utf-8", "replace")
    except (IndexError, ValueError):
        return None
    parts = [found.get(b"\x55\x04\x03"), found.get(b"\x55\x04\x0a")]  # common name, organisation
    return ", ".join(part for part in parts if part) or None


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """Return tag and value of the first DER element, and the bytes after it."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return tag, data[start : start + length], data[start + length :]


def peer_issuer(url: str, proxy: Proxy | None, timeouts: Timeouts) -> str | None:
    """Return who signed what the peer presents, trusted or not."""
    try:
        with handshake(url, proxy, False, timeouts) as sock:
            return issuer_of(sock.getpeercert(True) or b"")
    except (Verdict, OpaqueTunnelError, ConnectTimeoutError, OSError, ValueError, http.client.HTTPException):
        return None
