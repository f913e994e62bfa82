# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The input and the output of the probe.

Both sides use them: the code that starts the probe, and the probe inside conda's Python.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._records import each, from_json, optional, texts


class WithoutConda(NamedTuple):
    """What Python alone checks on a machine without conda."""

    channels: tuple[str, ...] | None = None  # URLs; None: those of the probe's input, otherwise conda's default channel
    proxy_servers: Mapping[str, str] | None = None  # as in a condarc
    ca_bundle: str | None = None  # a path

    @classmethod
    def from_json(cls, data: Any) -> WithoutConda:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, channels=optional(texts))


class Override(NamedTuple):
    """Settings that conda uses although no file has them; None: those of the machine."""

    proxy_servers: Mapping[str, str] | None = None
    ssl_verify: str | None = None  # a path

    @classmethod
    def from_json(cls, data: Any) -> Override:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ProbeInput(NamedTuple):
    """One run of the probe. Times are in seconds."""

    environment: Mapping[str, str | None]  # for Python code; None: remove the variable
    channels: tuple[str, ...] | None = None  # names or URLs; None: the effective ones
    packages: bool = False  # also request a package of each channel
    info: bool = False  # print `conda info --all` in place of the proof
    deadline: float = 45.0
    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    override: Override = Override()
    without_conda: WithoutConda | None = None  # check with Python alone; None: with conda

    @classmethod
    def from_json(cls, data: Any) -> ProbeInput:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(
            cls,
            data,
            channels=optional(texts),
            override=Override.from_json,
            without_conda=optional(WithoutConda.from_json),
        )


class ProbeRow(NamedTuple):
    """What the probe found for one channel. docs/verdicts.md has the verdicts; times are in seconds."""

    url: str | None  # without credentials; None: the finding is about the whole base
    verdict: str
    ok: bool
    status: int | None
    connect_status: int | None
    elapsed: float | None
    proxy: str | None  # without credentials
    proxy_source: str  # none, condarc, environment, system
    proxy_file: str | None
    proxy_conflict: bool
    verify: Any  # as in requests: a bool or a path
    tls_issuer: str | None
    package: str | None
    detail: str

    @classmethod
    def from_json(cls, data: Any) -> ProbeRow:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ProbeAnswer(NamedTuple):
    """The document that the probe prints."""

    schema_version: int
    base: str
    conda_version: str | None
    python_version: str
    finished_by: str  # completed, deadline
    rows: tuple[ProbeRow, ...]
    info: str | None = None  # `conda info --all`, where it was requested

    @classmethod
    def from_json(cls, data: Any) -> ProbeAnswer:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, rows=each(ProbeRow.from_json))


class ViewInput(NamedTuple):
    """The input of effective_proxies.py: URLs by scheme whose proxies it determines."""

    environment: Mapping[str, str]
    urls: Mapping[str, str]

    @classmethod
    def from_json(cls, data: Any) -> ViewInput:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ViewProxy(NamedTuple):
    """The proxy of one kind of request (packages, zst) and scheme."""

    request: str
    scheme: str
    proxy: str
    key: str  # of proxy_servers; empty without a proxy
    source: str  # none, condarc, environment

    @classmethod
    def from_json(cls, data: Any) -> ViewProxy:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ViewAnswer(NamedTuple):
    """The output of effective_proxies.py. `error`: type of the exception that stopped it; the rest is empty then."""

    error: str
    verify: str
    verify_from: str  # condarc, environment
    proxies: tuple[ViewProxy, ...]

    @classmethod
    def from_json(cls, data: Any) -> ViewAnswer:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, proxies=each(ViewProxy.from_json))
