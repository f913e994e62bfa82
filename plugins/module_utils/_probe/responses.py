# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Judge a channel by the start of an HTTP response."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import judge_407

READ = 1024  # bytes; enough to tell repodata from a login page, but not to detect a filter that breaks long downloads


class Reply(NamedTuple):
    """The start of an HTTP response."""

    status: int
    headers: Any  # a mapping with case-insensitive get
    body: bytes
    kind: str  # what was requested: json, zst or package
    through_plain_proxy: bool  # an http:// URL through a proxy: the response may be the proxy's


_STATUSES = {
    401: "channel_unauthorized",
    403: "channel_forbidden",
    404: "channel_not_found",
    416: "not_repodata",  # the file is empty
    429: "rate_limited",
    511: "captive_portal",
}


def judge(reply: Reply) -> tuple[str, str]:
    """Return verdict and detail of a response."""
    status = reply.status
    if reply.through_plain_proxy and status in (403, 502, 503, 504):
        software = str(reply.headers.get("Server") or "").partition("/")[0].lower()
        if reply.headers.get("X-Squid-Error") or software in ("squid", "tinyproxy"):
            return ("proxy_forbidden" if status == 403 else "proxy_upstream"), f"The proxy answered {status}."
    if status == 407:
        verdict = judge_407([str(reply.headers.get("Proxy-Authenticate") or "")], None)
        return verdict.name, verdict.detail
    if status in _STATUSES:
        return _STATUSES[status], f"HTTP status {status}."
    if status >= 500:
        return "server_error", f"HTTP status {status}."
    if status not in (200, 206):
        return "http_other", f"HTTP status {status}."
    return judge_body(reply)


def judge_body(reply: Reply) -> tuple[str, str]:
    """Judge whether it is the start of repodata."""
    length = str(reply.headers.get("Content-Length") or "")
    if length.isdigit() and not reply.headers.get("Content-Encoding") and len(reply.body) < min(READ, int(length)):
        return "truncated", "The server sent fewer bytes than announced."
    start = reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<" or ("text/html" in str(reply.headers.get("Content-Type") or "") and start[:1] != b"{"):
        return "captive_portal", "The response is HTML."
    if reply.kind == "package":
        known = start[:4] == b"PK\x03\x04" or start[:3] == b"BZh"
        return ("ok", "") if known else ("not_repodata", "The response is neither .conda nor .tar.bz2.")
    if reply.kind == "zst":
        return ("ok", "") if start[:4] == b"\x28\xb5\x2f\xfd" else ("not_repodata", "The response is not zstd.")
    if start[:1] != b"{":
        return "not_repodata", "The response is not JSON." if start else "The response is empty."
    if len(reply.body) < READ:
        try:
            keys = set(json.loads(start.decode("utf-8", "replace")))
        except ValueError:
            return "truncated", "The JSON ends early."
        if not keys & {"packages", "packages.conda", "info", "repodata_version"}:
            return "not_repodata", "The response is JSON, but not repodata."
    return "ok", ""
