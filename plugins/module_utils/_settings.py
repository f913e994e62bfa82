# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the control node sends to a machine: one task of a module, with its compiled settings."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._records import (
    RecordError,
    each,
    from_json,
    optional,
    texts,
    to_json,
)

SCHEMA_VERSION = 2  # of the payload; version 1 had no records


class CaBundle(t.NamedTuple):
    """CA certificates as PEM text, and the roots to join them with on a machine that has none."""

    pem: str
    roots: str | None = None

    @classmethod
    def from_json(cls, data: t.Any) -> CaBundle:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class NetrcEntry(t.NamedTuple):
    """One entry of a netrc."""

    machine: str
    login: str
    password: str

    @classmethod
    def from_json(cls, data: t.Any) -> NetrcEntry:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class ProofOptions(t.NamedTuple):
    """How connectivity is verified. Times are in seconds, for one attempt with one base."""

    deadline: float = 45.0
    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    channels: tuple[str, ...] | None = None  # names or URLs; None: the effective ones
    packages: bool = False
    info: bool = False  # add `conda info --all` of every base to the result
    logins: tuple[str, ...] = ()  # hosts whose 401 is no failure: only the users' netrc has the login
    without_conda: WithoutConda = WithoutConda()

    @classmethod
    def from_json(cls, data: t.Any) -> ProofOptions:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, channels=optional(texts), logins=texts, without_conda=WithoutConda.from_json)


class Candidate(t.NamedTuple):
    """Settings to verify without writing them."""

    proxy_servers: t.Mapping[str, str] | None  # as in a condarc; None: those of the machine
    variables: t.Mapping[str, str]
    ssl_verify: str | None  # a path on the machine
    ca_bundle: CaBundle | None

    @classmethod
    def from_json(cls, data: t.Any) -> Candidate:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, ca_bundle=optional(CaBundle.from_json))


class Settings(t.NamedTuple):
    """The compiled settings of one host. Holds secrets."""

    state: str  # present, absent
    scope: str  # system, user
    users: tuple[str, ...]
    home: str  # empty: that of the password database
    sections: tuple[str, ...]
    prefix: str  # of the conda base; empty: every base found
    verify: str  # none, report, rollback, require
    proof: ProofOptions = ProofOptions()
    condarc_path: str | None = None
    fragment: tuple[tuple[str, str], ...] = ()  # keys of the condarc, each with its text
    variables: t.Mapping[str, str] = {}
    environment_targets: tuple[str, ...] = ()  # empty: those of the platform
    takeover: bool = False  # comment out lines of others that set the same variables
    ca_bundle: CaBundle | None = None
    netrc: tuple[NetrcEntry, ...] = ()
    secret: bool = False  # the settings hold a secret: files in user scope are private
    exposed: bool = False  # others may see a password
    secrets: tuple[str, ...] = ()  # to mask in text of other programs

    @property
    def present(self) -> bool:
        return self.state == "present"

    @property
    def system(self) -> bool:
        return self.scope == "system"

    @classmethod
    def from_json(cls, data: t.Any) -> Settings:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(
            cls,
            data,
            users=texts,
            sections=texts,
            proof=ProofOptions.from_json,
            fragment=each(texts),
            environment_targets=texts,
            ca_bundle=optional(CaBundle.from_json),
            netrc=each(NetrcEntry.from_json),
            secrets=texts,
        )


class Run(t.NamedTuple):
    """One execution of one task."""

    id: str  # identifies the run in state and journal
    mask_key: str  # random: equal secrets get equal masks within a run, and others in the next
    lock_timeout: float  # seconds
    host: str = ""  # recorded in the state, as machines may share a home; empty: the machine's own name

    @classmethod
    def from_json(cls, data: t.Any) -> Run:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data)


class Converge(t.NamedTuple):
    """The task of the module conda_proxy."""

    settings: Settings
    run: Run

    @classmethod
    def from_json(cls, data: t.Any) -> Converge:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, settings=Settings.from_json, run=Run.from_json)


class Connectivity(t.NamedTuple):
    """The task of the module conda_connectivity."""

    proof: ProofOptions
    prefix: str = ""  # empty: every base found
    environment: t.Mapping[str, str | None] | None = None  # None: that of a fresh login shell
    require: bool = False  # fail when a channel is not reached
    candidate: Candidate | None = None

    @classmethod
    def from_json(cls, data: t.Any) -> Connectivity:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, proof=ProofOptions.from_json, candidate=optional(Candidate.from_json))


class Info(t.NamedTuple):
    """The task of the module conda_proxy_info."""

    channel: str
    users: tuple[str, ...] = ()  # empty: the connecting user
    prefix: str = ""

    @classmethod
    def from_json(cls, data: t.Any) -> Info:
        """Return the record that `data` holds. Raises RecordError."""
        return from_json(cls, data, users=texts)


Task = t.Union[Converge, Connectivity, Info]
_TASKS = {"conda_proxy": Converge, "conda_connectivity": Connectivity, "conda_proxy_info": Info}


def pack(task: Task) -> dict[str, t.Any]:
    """Return the payload of `task`, for `unpack` on the machine."""
    name = next(name for name, kind in _TASKS.items() if isinstance(task, kind))
    return {"schema_version": SCHEMA_VERSION, "task": name, "body": to_json(task)}


def unpack(payload: t.Any) -> Task:
    """Return the task from the payload of `pack`. Raises RecordError."""
    found = from_json(_Payload, payload)
    if found.schema_version != SCHEMA_VERSION:
        raise RecordError(
            f"the payload has schema version {found.schema_version}, and this module reads {SCHEMA_VERSION}: "
            "two releases of condafleet.proxy are mixed; remove the older one from the collections path"
        )
    if found.task not in _TASKS:
        raise RecordError(f"the task {found.task} is unknown")
    task: Task = _TASKS[found.task].from_json(found.body)  # type: ignore[attr-defined]
    return task


class _Payload(t.NamedTuple):
    schema_version: int
    task: str
    body: t.Any
