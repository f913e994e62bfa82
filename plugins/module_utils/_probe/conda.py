# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Load conda inside its own Python: its configuration, its channels, its session."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.conda_config import (
    Fixed,
    IgnoredFiles,
    config_problem,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.netrc_file import learn_netrc
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import (
    proxy_variables,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import Report
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import (
    DETAIL,
    Scrubber,
    secret_variables,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ProxyAuthenticationError,
    Timeouts,
    Verdict,
)

_INFO = 16_000  # characters
_SHARE = 2 / 3  # of the deadline, for one request
_READ_EARLY = ("proxy_servers", "ssl_verify", "client_ssl_cert", "client_ssl_cert_key", "offline", "channel_alias")


def raise_407(response: Any, **_kwargs: Any) -> Any:
    """Raise ProxyAuthenticationError, in place of conda's own hook, which prompts the user."""
    if response.status_code == 407:
        raise ProxyAuthenticationError([str(response.headers.get("Proxy-Authenticate") or "")])
    return response


class Conda:
    """The parts of conda that the probe uses, in all its versions. Raises Verdict when conda cannot be used."""

    def __init__(self, report: Report, scrubber: Scrubber, timeouts: Timeouts, given: ProbeInput) -> None:
        self.report = report
        self.scrubber = scrubber
        self.timeouts = timeouts
        self._deadline = given.deadline
        self.packages = given.packages
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
        self.report.conda_version = str(getattr(conda, "__version__", None))
        base = importlib.import_module("conda.base.context")
        base.reset_context()  # at import the search path is still empty
        self.context = base.context
        for name, value in self._override._asdict().items():
            if value is None:
                continue
            setattr(type(base.context), name, Fixed(type(base.context).__dict__[name], value))
        # read now what the requests will need, so that an invalid value fails here, with its name
        for name in _READ_EARLY:
            getattr(self.context, name, None)
        # conda's commands also check every file alone, before variables are expanded: "conda config --show" expands
        # ssl_verify: ${HOME}/ca.pem, "conda search" and "conda info" fail with it (run on 24.7.1)
        files: Mapping[Any, Any] = getattr(self.context, "collect_all", dict)()
        self.timeouts = self._patience(files)
        self._channel = importlib.import_module("conda.models.channel").Channel
        self.session = importlib.import_module("conda.gateways.connection.session")
        self.environ_proxies = importlib.import_module("requests.utils").get_environ_proxies
        self.certifi = importlib.import_module("certifi").where()
        if hasattr(self.session, "CondaHttpAuth"):
            self.session.CondaHttpAuth.handle_407 = staticmethod(raise_407)

    def _patience(self, files: Mapping[Any, Mapping[str, Any]]) -> Timeouts:
        """Return timeouts: conda's own where they are configured and longer, as something is known to be slow.

        Use at most a share of the deadline, so that the verdict names what is slow and not "deadline".
        """
        named = {name for settings in files.values() for name in settings}
        names = ("remote_connect_timeout_secs", "remote_read_timeout_secs")
        connect, read = (
            max(given, min(float(getattr(self.context, name)), self._deadline * _SHARE)) if name in named else given
            for given, name in zip(self.timeouts, names)
        )
        return connect, read

    def channels(self, asked: Sequence[str] | None) -> list[str]:
        """Return the effective channels' URLs, with credentials."""
        if getattr(self.context, "offline", False):
            raise Verdict("offline", "offline is set.")
        try:
            names = list(asked if asked is not None else self.context.channels)
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
        """Return whether the channel is outside the allowlist or on the denylist, by base URLs as conda does."""
        mine = set(self._channel(url).base_urls)
        allow = getattr(self.context, "allowlist_channels", ()) or getattr(self.context, "whitelist_channels", ())
        deny = getattr(self.context, "denylist_channels", ())
        return bool(allow and not mine <= self._base_urls(allow)) or bool(mine & self._base_urls(deny))

    def _base_urls(self, names: Iterable[str]) -> set[str]:
        return {url for name in names for url in self._channel(name).base_urls}

    def learn_secrets(self, urls: Iterable[str]) -> None:
        """Register all secrets that the text of an exception could quote."""
        for url in (*urls, *self.context.proxy_servers.values(), *proxy_variables().values()):
            self.scrubber.add_url(str(url))
        for value in secret_variables():
            self.scrubber.add(value)
        learn_netrc(self.scrubber)


def conda_info(report: Report, scrubber: Scrubber, given: ProbeInput, timeouts: Timeouts) -> str:
    """Return what `conda info --all` prints, without secrets."""
    try:
        conda = Conda(report, scrubber, timeouts, given)
    except Verdict as verdict:
        return f"conda info was not run: {verdict.name}. {verdict.detail}"
    urls: list[str] = []
    with contextlib.suppress(Verdict):  # offline, for instance: still run conda info
        urls = conda.channels(None)
    conda.learn_secrets(urls)
    os.environ.setdefault("CONDA_OVERRIDE_CUDA", "")  # otherwise conda starts itself again to detect a graphics card
    sys.argv = ["conda", "info", "--all"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        importlib.import_module("conda.cli.main").main()
    text = scrubber.clean_lines(output.getvalue()).strip("\n")
    return text if len(text) <= _INFO else text[:_INFO] + "\n(truncated)"
