# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the probe is given and what it answers.

Both sides read these: the driver that starts the probe, and the probe inside conda's Python.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._records import each, from_json, optional, texts


class WithoutConda(NamedTuple):
    """What Python alone checks on a machine without conda."""

    channels: tuple[str, ...] | None = None  # URLs; None: those of the probe's input, else conda's default channel
    proxy_servers: Mapping[str, str] | None = None  # as in a condarc
    ca_bundle: str | None = None  # a path

    @classmethod
    def from_json(cls, data: Any) -> WithoutConda:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, channels=optional(texts))


class Override(NamedTuple):
    """Settings that conda is made to find in force although no file has them; None: the machine's own."""

    proxy_servers: Mapping[str, str] | None = None
    ssl_verify: str | None = None  # a path

    @classmethod
    def from_json(cls, data: Any) -> Override:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ProbeInput(NamedTuple):
    """One run of the probe. Times are in seconds."""

    environment: Mapping[str, str | None]  # for Python code; None: the variable is removed
    channels: tuple[str, ...] | None = None  # names or URLs; None: the effective ones
    packages: bool = False  # request a package of each channel too
    info: bool = False  # print `conda info --all` in place of the proof
    deadline: float = 45.0
    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    override: Override = Override()
    without_conda: WithoutConda | None = None  # Python alone checks; None: conda does

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
    verify: Any  # as requests has it: a bool or a path
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
    """The question of effective_proxies.py: which proxy does conda use for these URLs (by scheme)?"""

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
    """The answer of effective_proxies.py. `error` is the type of what stopped it; then nothing else counts."""

    error: str
    verify: str
    verify_from: str  # condarc, environment
    proxies: tuple[ViewProxy, ...]

    @classmethod
    def from_json(cls, data: Any) -> ViewAnswer:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, proxies=each(ViewProxy.from_json))
