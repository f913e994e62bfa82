# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check channels with conda's own code: its session, its proxies, its certificates."""

from __future__ import annotations

import http.client
import importlib
import os
import ssl
import time
import urllib.parse
import urllib.request
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.certificates import issuer_of, peer_issuer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.conda import Conda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.diagnosis import Line, explain
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import classify
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.logins import Logins
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.netrc_file import netrc_problem
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.packages import INDEX_READ, find_package
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import (
    Proxy,
    judge_407,
    parse_proxy,
    proxy_variables,
    select_proxy,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import Report, one_row, side_by_side
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.responses import READ, Reply, judge
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import (
    DETAIL,
    Scrubber,
    mask_url,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.sockets import handshake, need_bundle
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    OpaqueTunnelError,
    ProxyAuthenticationError,
    Row,
    Timeouts,
    Verdict,
)


class ChannelCheck:
    """The requests of one base. Each check has its own session, which belongs to one thread."""

    def __init__(self, conda: Conda) -> None:
        self._conda = conda
        self._logins = Logins()

    def check(self, url: str, row: Row) -> None:
        """Check one channel."""
        if url.startswith("file:"):
            self._conda.report.fill(row, check_directory(url))
            return
        if self._conda.denied(url):
            self._conda.report.fill(row, {"verdict": "channel_denied", "detail": ""})
            return
        start = time.monotonic()
        found = self._check(url)
        found["elapsed"] = round(time.monotonic() - start, 3)
        self._conda.report.fill(row, found)

    def _check(self, url: str) -> Row:
        get_session = getattr(self._conda.session, "get_session", None)
        session = get_session(url) if get_session else self._conda.session.CondaSession()
        for adapter in session.adapters.values():
            if hasattr(adapter, "max_retries"):  # set it on the object: a #!final condarc overrides every variable
                adapter.max_retries = type(adapter.max_retries)(0, read=False)
        condarc = {key: str(value) for key, value in dict(session.proxies).items() if value is not None}
        environment = dict(self._conda.environ_proxies(url, no_proxy=None))
        own = dict(environment, **condarc)  # packages and repodata.json: the condarc wins
        other = dict(condarc, **environment)  # .json.zst since 24.1: the environment wins
        use_zst = bool(getattr(self._conda.context, "repodata_use_zst", False))
        conflict = select_proxy(url, own)[1] != select_proxy(url, other)[1]
        found: Row = {}
        for zst in (True, False) if use_zst else (False,):
            target = url + ("/repodata.json.zst" if zst else "/repodata.json")
            found = self._request(session, target, "zst" if zst else "json", other if zst else own, condarc)
            found["proxy_conflict"] = conflict
            missing = found["verdict"] != "ok" and (found.get("status") or 0) in range(400, 500)
            missing = missing and (conflict or found["status"] != 407)  # the proxy would be asked for the same again
            if zst and not (missing or (conflict and found["verdict"] == "ok")):
                break
        if self._conda.packages and found["verdict"] == "ok":
            found.update(self._package(session, url, own, condarc))
        return found

    def _package(self, session: Any, url: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        """Request the start of one package, as a filter may block packages alone."""
        directory, name = find_package(url, lambda index, part: self._piece(session, index, part))
        if name is None:
            return {"detail": "No package was tested: the first and last part of the index contain no package name."}
        target = directory.rstrip("/") + "/" + urllib.parse.quote(name, safe="")
        self._conda.scrubber.add_url(target)
        answer = self._request(session, target, "package", proxies, condarc)
        if answer["verdict"] == "ok":
            return {"package": mask_url(target)}
        answer["detail"] = f"Package {name}: {answer['detail']}"[:DETAIL]
        return dict(answer, package=mask_url(target))

    def _piece(self, session: Any, url: str, part: str) -> tuple[str, int]:
        """Return a piece of an index, never more than the cap, and how long the whole is (0: not known).

        A failure here is no finding: the channel was read already.
        """
        try:
            response = self._get(session, url, self._arguments(session, part))
            try:
                if response.status_code not in (200, 206):
                    return "", 0
                body = response.raw.read(INDEX_READ, decode_content=True)
                total = str(response.headers.get("Content-Range") or "").rpartition("/")[2]
                return body.decode("utf-8", "replace"), int(total) if total.isdigit() else 0
            finally:
                response.close()
        except Exception:  # noqa: BLE001 without the text there is no name
            return "", 0

    @staticmethod
    def _get(session: Any, url: str, arguments: dict[str, Any]) -> Any:
        """Request on a new connection: without retries, one that a proxy is closing would look like a reset."""
        for adapter in session.adapters.values():  # a session belongs to one thread
            if hasattr(adapter, "poolmanager"):
                adapter.close()
        return session.get(url, **arguments)

    def _arguments(self, session: Any, part: str) -> dict[str, Any]:
        return {
            "headers": {"Range": part, "Accept-Encoding": "identity"},
            "stream": True,
            "timeout": self._conda.timeouts,
            # a copy: requests adds the proxies of the environment to it
            "proxies": dict(session.proxies),
        }

    def _request(self, session: Any, target: str, kind: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        key, proxy_url = select_proxy(target, proxies)
        found: Row = {"status": None, "connect_status": None, "detail": ""}
        if proxy_url is not None:
            found.update(self._proxy_facts(key, proxy_url, condarc))
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or session.verify
        found["verify"] = verify if isinstance(verify, (bool, str)) else str(verify)
        bundle = self._conda.certifi if verify is True else verify
        line = Line(target, proxy_url, bundle, self._conda.timeouts)

        def send() -> Row:
            try:
                if isinstance(bundle, str) and os.path.exists(bundle) and target.startswith("https"):
                    need_bundle(bundle)
                return self._exchange(session, target, kind, proxy, bundle)
            except Exception as exc:  # noqa: BLE001 every failure is a result
                return self._explained(exc, line, proxies)

        try:
            proxy = self._lint(proxy_url)
        except Verdict as verdict:
            found.update(explain(verdict, line, self._conda.scrubber))
        else:
            found.update(self._logins.request(proxy, mask_url(target), send))
        if found["verdict"] == "proxy_url_malformed":
            found["proxy"] = "***"
        if found["verdict"] == "channel_unauthorized":
            problem = netrc_problem()
            if problem:
                found.update(verdict="netrc_unreadable", detail=problem)
        return found

    def _explained(self, exc: Exception, line: Line, proxies: dict[str, str]) -> Row:
        """Return what a failed request means."""
        if isinstance(exc, ProxyAuthenticationError):
            exc = judge_407(exc.headers, parse_proxy(line.proxy_url) if line.proxy_url else None)
            exc.facts["status"] = 407
        asked = getattr(getattr(exc, "request", None), "url", None)
        if isinstance(asked, str) and asked != line.url:  # after a redirect
            self._conda.scrubber.add_url(asked)
            line = line._replace(url=asked, proxy_url=select_proxy(asked, proxies)[1])
        return explain(exc, line, self._conda.scrubber)

    def _lint(self, proxy_url: str | None) -> Proxy | None:
        if proxy_url is None:
            return None
        proxy = parse_proxy(proxy_url)
        if proxy.scheme.startswith("socks"):
            try:
                importlib.import_module("socks")
            except ImportError:
                raise Verdict("proxy_socks_missing", "PySocks is not installed in base.") from None
        return proxy

    def _exchange(self, session: Any, url: str, kind: str, proxy: Proxy | None, verify: Any) -> Row:
        arguments = self._arguments(session, f"bytes=0-{READ - 1}")
        if kind == "zst":
            del arguments["proxies"]
        response = self._get(session, url, arguments)
        try:
            issuer = self._issuer(response, url, proxy, verify) if response.url.startswith("https") else None
            try:
                body = response.raw.read(READ, decode_content=True)
            except Exception as exc:
                name = classify(exc, proxied=False)[0]
                raise Verdict(name if name == "read_timeout" else "truncated", "The response ended early.") from exc
            plain = proxy is not None and response.url.startswith("http:")
            name, detail = judge(Reply(response.status_code, response.headers, body, kind, plain))
            return {"verdict": name, "detail": detail, "status": response.status_code, "tls_issuer": issuer}
        finally:
            response.close()

    def _issuer(self, response: Any, url: str, proxy: Proxy | None, verify: Any) -> str | None:
        """Return the issuer of a trusted chain that does not end in a public root: somebody intercepts, or a "
        "private CA."""
        if isinstance(verify, str) and os.path.exists(verify) and os.path.samefile(verify, self._conda.certifi):
            return None
        if response.history or (proxy is not None and proxy.scheme == "https"):
            return None
        try:
            sock = response.raw._fp.fp.raw._sock  # noqa: SLF001 on "close" the connection itself drops it
            # private from Python 3.10, public in 3.13
            chain_of = sock._sslobj.get_verified_chain  # noqa: SLF001
            root = chain_of()[-1].public_bytes(2)  # 2: DER
            if root in ssl.create_default_context(cafile=self._conda.certifi).get_ca_certs(binary_form=True):
                return None
            return issuer_of(sock.getpeercert(True))
        except (AttributeError, IndexError, TypeError, ValueError):
            pass
        try:
            handshake(url, proxy, self._conda.certifi, self._conda.timeouts).close()
        except ssl.SSLError:
            return peer_issuer(url, proxy, self._conda.timeouts)
        except (Verdict, OpaqueTunnelError, ConnectTimeoutError, OSError, http.client.HTTPException):
            pass
        return None

    def _proxy_facts(self, key: str | None, proxy_url: str, condarc: dict[str, str]) -> Row:
        facts: Row = {"proxy": mask_url(proxy_url)}
        if key is not None and condarc.get(key) == proxy_url:
            return dict(facts, proxy_source="condarc", proxy_file=self._file_of(key))
        return dict(facts, proxy_source="environment" if proxy_variables() else "system")

    def _file_of(self, key: str) -> str | None:
        """Return the last condarc that has the key: the one that decides, unless an earlier one is locked."""
        found = None
        try:
            for source, values in self._conda.context.collect_all().items():
                if key in (values.get("proxy_servers") or {}):
                    found = str(source)
        except Exception:  # noqa: BLE001 optional; an error in another file must not fail the check
            return None
        return found


def check_directory(url: str) -> Row:
    """Check a channel on disk: no network, no proxy."""
    path = urllib.request.url2pathname(urllib.parse.urlsplit(url).path)
    there = any(os.path.exists(os.path.join(path, name)) for name in ("repodata.json", "repodata.json.zst"))
    return {"verdict": "ok" if there else "channel_not_found", "detail": ""}


def run_conda(report: Report, scrubber: Scrubber, given: ProbeInput, timeouts: Timeouts) -> None:
    """Check all channels side by side: one dead proxy must not cost its timeout once per channel."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
        urls = conda.channels(given.channels)
    except Verdict as verdict:
        one_row(report, verdict.name, verdict.detail)
        return
    conda.learn_secrets(urls)
    side_by_side(report, urls, ChannelCheck(conda).check)
