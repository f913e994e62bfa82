# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check channels with Python alone, on a machine without conda."""

from __future__ import annotations

import http.client
import os
import socket
import time
import urllib.parse
import urllib.request
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.diagnosis import Line, explain
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.logins import Logins
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import (
    Proxy,
    judge_407,
    parse_proxy,
    proxy_variables,
    select_proxy,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import Report
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.responses import READ, Reply, judge
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber, mask_url
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.sockets import (
    authorization,
    connect_proxy,
    dial,
    handshake,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    OpaqueTunnelError,
    Row,
    Timeouts,
    Verdict,
)

_REDIRECTS = 10


class Bare:
    """The requests of Python alone."""

    def __init__(self, report: Report, scrubber: Scrubber, given: WithoutConda, timeouts: Timeouts) -> None:
        self._report = report
        self._scrubber = scrubber
        # expand like conda; an unset variable stays, and parse_proxy names it
        proxies = {key: os.path.expandvars(str(value)) for key, value in (given.proxy_servers or {}).items()}
        self._proxies: dict[str, str] = proxies
        names = (given.ca_bundle, os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("CURL_CA_BUNDLE"))
        self._verify: Any = next((name for name in names if name), True)
        self._timeouts = timeouts
        self._logins = Logins()
        for url in (*self._proxies.values(), *proxy_variables().values(), *(given.channels or ())):
            scrubber.add_url(url)

    def check(self, url: str, row: Row) -> None:
        """Check one channel."""
        start = time.monotonic()
        target = url.rstrip("/") + "/noarch/repodata.json"
        found: Row = {}
        for _number in range(_REDIRECTS):
            found, redirect = self._step(target)
            if redirect is None:
                break
            target = urllib.parse.urljoin(target, redirect)
            found["verdict"] = "redirect_loop"
        found["elapsed"] = round(time.monotonic() - start, 3)
        self._report.fill(row, found)

    def _select(self, url: str) -> tuple[str | None, str]:
        key, proxy_url = select_proxy(url, self._proxies)
        if key is not None:
            return proxy_url, "condarc" if proxy_url else "none"
        if urllib.request.proxy_bypass(urllib.parse.urlsplit(url).hostname or ""):
            return None, "none"
        proxy_url = select_proxy(url, urllib.request.getproxies())[1]
        return proxy_url, "none" if proxy_url is None else "environment" if proxy_variables() else "system"

    def _step(self, url: str) -> tuple[Row, str | None]:
        proxy_url, source = self._select(url)
        found: Row = {"status": None, "connect_status": None, "detail": "", "proxy_source": source}
        found["proxy"] = mask_url(proxy_url) if proxy_url else None
        found["verify"] = self._verify
        line = Line(url, proxy_url, self._verify, self._timeouts)
        redirects: list[str] = []

        def send() -> Row:
            try:
                answer, redirect = self._exchange(url, proxy)
            except OpaqueTunnelError:
                return {"verdict": "ok", "detail": "The proxy opened a tunnel; the channel behind it was not checked."}
            except Exception as exc:  # noqa: BLE001 every failure is a result
                return explain(exc, line, self._scrubber)
            redirects.extend([redirect] if redirect is not None else [])
            return answer

        try:
            proxy = parse_proxy(proxy_url) if proxy_url else None
        except Verdict as verdict:
            found.update(explain(verdict, line, self._scrubber))
        else:
            found.update(self._logins.request(proxy, mask_url(url), send))
        if found["verdict"] == "proxy_url_malformed":
            found["proxy"] = "***"
        return found, redirects[0] if redirects else None

    def _exchange(self, url: str, proxy: Proxy | None) -> tuple[Row, str | None]:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise Verdict("http_other", "Only http:// and https:// can be checked without conda.")
        if proxy is not None and proxy.scheme.startswith("socks"):
            raise Verdict("proxy_socks_missing", "A SOCKS proxy can be checked only with conda.")
        headers = {"Range": f"bytes=0-{READ - 1}", "Accept-Encoding": "identity", "Connection": "close"}
        if parts.username:
            login = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
            headers["Authorization"] = authorization(*login)
        path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        if parts.query:
            path += "?" + parts.query
        sock: socket.socket
        if parts.scheme == "https":
            sock = handshake(url, proxy, self._verify, self._timeouts)
        elif proxy is not None:
            sock = connect_proxy(proxy, self._verify, self._timeouts)
            path = "http://{}{}".format(parts.netloc.rpartition("@")[2], path)
            if proxy.user is not None:
                headers["Proxy-Authorization"] = authorization(proxy.user, proxy.password)
        else:
            sock = dial(parts.hostname or "", parts.port or 80, self._timeouts)
        client = http.client.HTTPConnection(parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443))
        client.sock = sock
        try:
            client.request("GET", path, headers=headers)
            response = client.getresponse()
            if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
                return {"verdict": "http_other", "status": response.status}, response.headers["Location"]
            return self._judge(response, proxy, parts.scheme == "http"), None
        finally:
            client.close()

    @staticmethod
    def _judge(response: http.client.HTTPResponse, proxy: Proxy | None, plain: bool) -> Row:
        if response.status == 407:
            verdict = judge_407(response.headers.get_all("Proxy-Authenticate") or [], proxy)
            raise Verdict(verdict.name, verdict.detail, status=407)
        try:
            body = response.read(READ)
        except socket.timeout:
            raise Verdict("read_timeout", "The response ended early.") from None
        except (OSError, http.client.HTTPException):
            raise Verdict("truncated", "The response ended early.") from None
        name, detail = judge(Reply(response.status, response.headers, body, "json", plain and proxy is not None))
        return {"verdict": name, "detail": detail, "status": response.status}
