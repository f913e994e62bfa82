# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. The check by conda's own code: its channels, its session, its proxies and certificates."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import io
import logging
import os
import ssl
import sys
import time
import urllib.parse
import urllib.request
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.certificates import issuer_of, peer_issuer
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.conda_config import (
    Fixed,
    IgnoredFiles,
    config_problem,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.diagnosis import Line, explain
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import classify
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.netrc_file import learn_netrc, netrc_problem
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
    secret_variables,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.sockets import handshake, need_bundle
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    Row,
    Timeouts,
    Verdict,
)

_INFO = 16_000  # characters
_SHARE = 2 / 3  # of the deadline, for one request
_READ_EARLY = ("proxy_servers", "ssl_verify", "client_ssl_cert", "client_ssl_cert_key", "offline", "channel_alias")


def raise_407(response: Any, **_kwargs: Any) -> Any:
    """Instead of conda's own hook, which asks the user."""
    if response.status_code == 407:
        raise Verdict("407", authenticate=[str(response.headers.get("Proxy-Authenticate") or "")])
    return response


class Conda:
    """The parts of conda that the probe uses, over all its versions."""

    def __init__(self, report: Report, scrubber: Scrubber, timeouts: Timeouts, given: ProbeInput) -> None:
        self._report = report
        self._scrubber = scrubber
        self._timeouts = timeouts
        self._deadline = given.deadline
        self._packages = given.packages
        self._override = given.override
        ignored = IgnoredFiles()
        logging.getLogger("conda.common.configuration").addHandler(ignored)
        try:
            self._load()
        except (ImportError, SyntaxError, AttributeError) as exc:
            raise Verdict("conda_unusable", f"conda cannot be imported: {type(exc).__name__}.") from exc
        except Exception as exc:
            name, detail = config_problem(exc)
            raise Verdict(name, detail) from exc
        if ignored.found:
            raise Verdict("config_invalid", " ".join(ignored.found)[:DETAIL])

    def _load(self) -> None:
        conda = importlib.import_module("conda")
        self._report.conda_version = str(getattr(conda, "__version__", None))
        base = importlib.import_module("conda.base.context")
        base.reset_context()  # at import the search path is still empty
        self._context = base.context
        for name, value in self._override._asdict().items():
            if value is None:
                continue
            setattr(type(base.context), name, Fixed(type(base.context).__dict__[name], value))
        # read now what the requests will need: an invalid value fails here, under its own name
        for name in _READ_EARLY:
            getattr(self._context, name, None)
        # conda's commands also check every file by itself, before variables are expanded: "conda config --show" expands
        # ssl_verify: ${HOME}/ca.pem, "conda search" and "conda info" end on it (run on 24.7.1)
        files: Mapping[Any, Any] = getattr(self._context, "collect_all", dict)()
        self._timeouts = self._patience(files)
        self._channel = importlib.import_module("conda.models.channel").Channel
        self._session = importlib.import_module("conda.gateways.connection.session")
        self._environ_proxies = importlib.import_module("requests.utils").get_environ_proxies
        self._certifi = importlib.import_module("certifi").where()
        if hasattr(self._session, "CondaHttpAuth"):
            self._session.CondaHttpAuth.handle_407 = staticmethod(raise_407)

    def _patience(self, files: Mapping[Any, Mapping[str, Any]]) -> Timeouts:
        """Somebody who gave conda more time than a proof takes knows of something slow.

        Never all that is left until the deadline: a class that names what is slow says more than "deadline".
        """
        named = {name for settings in files.values() for name in settings}
        names = ("remote_connect_timeout_secs", "remote_read_timeout_secs")
        connect, read = (
            max(ours, min(float(getattr(self._context, name)), self._deadline * _SHARE)) if name in named else ours
            for ours, name in zip(self._timeouts, names)
        )
        return connect, read

    def channels(self, asked: Sequence[str] | None) -> list[str]:
        """The effective channels' URLs, with credentials."""
        if getattr(self._context, "offline", False):
            raise Verdict("offline", "offline is set.")
        try:
            names = list(asked if asked is not None else self._context.channels)
        except Exception as exc:
            kind = type(exc).__name__
            if kind == "NoChannelsConfiguredError":
                names = []
            elif kind in ("ChannelNotAllowed", "ChannelDenied"):
                raise Verdict("channel_denied", "A configured channel is not allowed.") from exc
            else:
                name, detail = config_problem(exc)
                raise Verdict(name, detail) from exc
        urls: list[str] = []
        for name in names:
            for url in self._channel(name).urls(with_credentials=True, subdirs=("noarch",)):
                if url not in urls:
                    urls.append(url)
        if not urls:
            raise Verdict("no_channels", "No channel is configured.")
        return urls

    def denied(self, url: str) -> bool:
        """Is the channel outside the allowlist or on the denylist? Compared as base URLs, as conda does."""
        mine = set(self._channel(url).base_urls)
        allow = getattr(self._context, "allowlist_channels", ()) or getattr(self._context, "whitelist_channels", ())
        deny = getattr(self._context, "denylist_channels", ())
        return bool(allow and not mine <= self._base_urls(allow)) or bool(mine & self._base_urls(deny))

    def _base_urls(self, names: Iterable[str]) -> set[str]:
        return {url for name in names for url in self._channel(name).base_urls}

    def learn_secrets(self, urls: Iterable[str]) -> None:
        """Everything that an exception's text could quote."""
        for url in (*urls, *self._context.proxy_servers.values(), *proxy_variables().values()):
            self._scrubber.add_url(str(url))
        for value in secret_variables():
            self._scrubber.add(value)
        learn_netrc(self._scrubber)

    def check(self, url: str, row: Row) -> None:
        """One channel."""
        if url.startswith("file:"):
            self._report.fill(row, check_folder(url))
            return
        if self.denied(url):
            self._report.fill(row, {"verdict": "channel_denied", "detail": ""})
            return
        start = time.monotonic()
        found = self._check(url)
        found["elapsed"] = round(time.monotonic() - start, 3)
        self._report.fill(row, found)

    def _check(self, url: str) -> Row:
        get_session = getattr(self._session, "get_session", None)
        session = get_session(url) if get_session else self._session.CondaSession()
        for adapter in session.adapters.values():
            if hasattr(adapter, "max_retries"):  # a #!final condarc beats every variable: set it on the object
                adapter.max_retries = type(adapter.max_retries)(0, read=False)
        condarc = {key: str(value) for key, value in dict(session.proxies).items() if value is not None}
        environment = dict(self._environ_proxies(url, no_proxy=None))
        own = dict(environment, **condarc)  # packages and repodata.json: the condarc wins
        other = dict(condarc, **environment)  # .json.zst since 24.1: the environment wins
        use_zst = bool(getattr(self._context, "repodata_use_zst", False))
        conflict = select_proxy(url, own)[1] != select_proxy(url, other)[1]
        found: Row = {}
        for zst in (True, False) if use_zst else (False,):
            target = url + ("/repodata.json.zst" if zst else "/repodata.json")
            found = self._request(session, target, "zst" if zst else "json", other if zst else own, condarc)
            found["proxy_conflict"] = conflict
            missing = found["verdict"] != "ok" and (found.get("status") or 0) in range(400, 500)
            if zst and not (missing or (conflict and found["verdict"] == "ok")):
                break
        if self._packages and found["verdict"] == "ok":
            found.update(self._package(session, url, own, condarc))
        return found

    def _package(self, session: Any, url: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        """The start of one package, as a filter may block packages alone."""
        folder, name = find_package(url, lambda index, part: self._piece(session, index, part))
        if name is None:
            return {"detail": "No package was tried: the index names none where it was read."}
        target = folder.rstrip("/") + "/" + urllib.parse.quote(name, safe="")
        self._scrubber.add_url(target)
        answer = self._request(session, target, "package", proxies, condarc)
        if answer["verdict"] == "ok":
            return {"package": mask_url(target)}
        answer["detail"] = f"Package {name}: {answer['detail']}"[:DETAIL]
        return dict(answer, package=mask_url(target))

    def _piece(self, session: Any, url: str, part: str) -> tuple[str, int]:
        """A piece of an index, never more than the cap, and how long the whole is (0: not known).

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
        except Exception:  # noqa: BLE001 whatever it is, there is nothing to read a name from
            return "", 0

    @staticmethod
    def _get(session: Any, url: str, arguments: dict[str, Any]) -> Any:
        """On a connection of its own: one that a proxy is about to close must not look like a reset, there are no retries."""
        for adapter in session.adapters.values():  # a session belongs to one thread
            if hasattr(adapter, "poolmanager"):
                adapter.close()
        return session.get(url, **arguments)

    def _arguments(self, session: Any, part: str) -> dict[str, Any]:
        return {
            "headers": {"Range": part, "Accept-Encoding": "identity"},
            "stream": True,
            "timeout": self._timeouts,
            # a copy: requests writes the environment's proxies into what it is given
            "proxies": dict(session.proxies),
        }

    def _request(self, session: Any, target: str, kind: str, proxies: dict[str, str], condarc: dict[str, str]) -> Row:
        key, proxy_url = select_proxy(target, proxies)
        found: Row = {"status": None, "connect_status": None, "detail": ""}
        if proxy_url is not None:
            found.update(self._proxy_facts(key, proxy_url, condarc))
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or session.verify
        found["verify"] = verify if isinstance(verify, (bool, str)) else str(verify)
        bundle = self._certifi if verify is True else verify
        line = Line(target, proxy_url, bundle, self._timeouts)
        try:
            proxy = self._lint(proxy_url)
            if isinstance(bundle, str) and os.path.exists(bundle) and target.startswith("https"):
                need_bundle(bundle)
            found.update(self._exchange(session, target, kind, proxy, bundle))
        except Exception as exc:  # noqa: BLE001 every failure is an answer
            if isinstance(exc, Verdict) and exc.name == "407":
                exc = judge_407(exc.facts["authenticate"], parse_proxy(proxy_url) if proxy_url else None)
                exc.facts["status"] = 407
            asked = getattr(getattr(exc, "request", None), "url", None)
            if isinstance(asked, str) and asked != target:  # after a redirect
                self._scrubber.add_url(asked)
                line = Line(asked, select_proxy(asked, proxies)[1], bundle, self._timeouts)
            found.update(explain(exc, line, self._scrubber))
        if found["verdict"] == "proxy_url_malformed":
            found["proxy"] = "***"
        if found["verdict"] == "channel_unauthorized":
            problem = netrc_problem()
            if problem:
                found.update(verdict="netrc_unreadable", detail=problem)
        return found

    def _lint(self, proxy_url: str | None) -> Proxy | None:
        if proxy_url is None:
            return None
        proxy = parse_proxy(proxy_url)
        if proxy.scheme.startswith("socks"):
            try:
                importlib.import_module("socks")
            except ImportError:
                raise Verdict("proxy_socks_missing", "PySocks is not in base.") from None
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
                raise Verdict(name if name == "read_timeout" else "truncated", "The body broke off.") from exc
            plain = proxy is not None and response.url.startswith("http:")
            name, detail = judge(Reply(response.status_code, response.headers, body, kind, plain))
            return {"verdict": name, "detail": detail, "status": response.status_code, "tls_issuer": issuer}
        finally:
            response.close()

    def _issuer(self, response: Any, url: str, proxy: Proxy | None, verify: Any) -> str | None:
        """The issuer of a trusted chain that does not end in a public root: somebody intercepts, or a private CA."""
        if isinstance(verify, str) and os.path.exists(verify) and os.path.samefile(verify, self._certifi):
            return None
        if response.history or (proxy is not None and proxy.scheme == "https"):
            return None
        try:
            sock = response.raw._fp.fp.raw._sock  # noqa: SLF001 the connection itself lets go of it on "close"
            # private from Python 3.10, public in 3.13
            chain_of = sock._sslobj.get_verified_chain  # noqa: SLF001
            root = chain_of()[-1].public_bytes(2)  # 2: DER
            if root in ssl.create_default_context(cafile=self._certifi).get_ca_certs(binary_form=True):
                return None
            return issuer_of(sock.getpeercert(True))
        except (AttributeError, IndexError, TypeError, ValueError):
            pass
        try:
            handshake(url, proxy, self._certifi, self._timeouts).close()
        except ssl.SSLError:
            return peer_issuer(url, proxy, self._timeouts)
        except (Verdict, ConnectTimeoutError, OSError, http.client.HTTPException):
            pass
        return None

    def _proxy_facts(self, key: str | None, proxy_url: str, condarc: dict[str, str]) -> Row:
        facts: Row = {"proxy": mask_url(proxy_url)}
        if key is not None and condarc.get(key) == proxy_url:
            return dict(facts, proxy_source="condarc", proxy_file=self._file_of(key))
        return dict(facts, proxy_source="environment" if proxy_variables() else "system")

    def _file_of(self, key: str) -> str | None:
        """The last condarc that has the key: the one that decides, unless an earlier one is locked."""
        found = None
        try:
            for source, values in self._context.collect_all().items():
                if key in (values.get("proxy_servers") or {}):
                    found = str(source)
        except Exception:  # noqa: BLE001 a nicety; another file's fault must not cost the answer
            return None
        return found


def check_folder(url: str) -> Row:
    """A channel on disk: no network, no proxy."""
    path = urllib.request.url2pathname(urllib.parse.urlsplit(url).path)
    there = any(os.path.exists(os.path.join(path, name)) for name in ("repodata.json", "repodata.json.zst"))
    return {"verdict": "ok" if there else "channel_not_found", "detail": ""}


def run_conda(report: Report, scrubber: Scrubber, given: ProbeInput, timeouts: Timeouts) -> None:
    """All channels, side by side: one dead proxy must not cost its timeout once per channel."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
        urls = conda.channels(given.channels)
    except Verdict as verdict:
        one_row(report, verdict.name, verdict.detail)
        return
    conda.learn_secrets(urls)
    side_by_side(report, urls, conda.check)


def conda_info(report: Report, scrubber: Scrubber, given: ProbeInput, timeouts: Timeouts) -> str:
    """What `conda info --all` prints, without secrets."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
    except Verdict as verdict:
        return f"conda info was not run: {verdict.name}. {verdict.detail}"
    urls: list[str] = []
    with contextlib.suppress(Verdict):  # offline, for instance: no reason to be silent
        urls = conda.channels(None)
    conda.learn_secrets(urls)
    os.environ.setdefault("CONDA_OVERRIDE_CUDA", "")  # else conda starts itself again to look for a graphics card
    sys.argv = ["conda", "info", "--all"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        importlib.import_module("conda.cli.main").main()
    text = scrubber.clean_lines(output.getvalue()).strip("\n")
    return text if len(text) <= _INFO else text[:_INFO] + "\n(cut off here)"
