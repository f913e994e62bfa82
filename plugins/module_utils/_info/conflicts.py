# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find settings that contradict each other, and determine which of them wins."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import condarc_precedence
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.condarc_precedence import PROXIES, VERIFY, Setting
from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc as _netrc
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import Conflict, ConsumerRow
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform

Place = t.Callable[[str, str], str]

_ENVIRONMENT = "the environment"
# The parameters of conda that a variable CONDA_<NAME> can set and that decide which channels conda uses, through which
# proxy and with which CAs: those of its categories "Channel Configuration" and "Network Configuration", with their aliases
# (conda/base/context.py, Context.category_map; conda 22.9 to 26.7). A test compares them with conda. Every other
# CONDA_* variable (CONDA_EXE, CONDA_SHLVL, CONDA_AUTO_ACTIVATE_BASE) does not matter. repodata_use_* choose the other kind of
# request, which has another proxy.
NETWORK = frozenset(
    """
    channel channels channel_alias channel_settings custom_channels custom_multichannels default_channels
    migrated_channel_aliases migrated_custom_channels restore_free_channel use_local allowlist_channels
    whitelist_channels denylist_channels override_channels_enabled allow_non_channel_urls add_anaconda_token
    add_binstar_token repodata_use_zst repodata_use_shards ssl_verify verify_ssl client_ssl_cert client_cert
    client_ssl_cert_key client_cert_key offline proxy_servers remote_connect_timeout_secs remote_read_timeout_secs
    remote_max_retries remote_backoff_factor
    """.split()
)
_ALIASES = {"verify_ssl": VERIFY}
_KILLS = "CONDA_PROXY_SERVERS"


def condarcs(files: t.Sequence[t.Sequence[Setting]]) -> list[Conflict]:
    """Return conflicts between condarc files: a file sets another value than an earlier one of the search path."""
    winners = condarc_precedence.decide(files)
    found = []
    for key in (PROXIES, VERIFY):
        first: dict[str, Setting] = {}
        for settings in files:
            mine = {one.key: one for one in settings if one.key.startswith(key) and one.key != PROXIES}
            other = [one for one in mine.values() if first and one.value != getattr(first.get(one.key), "value", None)]
            if other:
                names = ", ".join(one.key for one in other)
                where = next(iter(first.values())).path
                winning = list(dict.fromkeys(winners[one.key].path if one.key in winners else where for one in other))
                found.append(Conflict(other[0].path, f"sets {names}, which {where} sets too", ", ".join(winning)))
            first = first or mine
    return found


def unread(paths: t.Iterable[str]) -> list[Conflict]:
    """Return the condarc files that cannot be compared."""
    problems = ((path, condarc_precedence.problem(path)) for path in paths)
    return [Conflict(path, what, "not known") for path, what in problems if what]


def variables(login: t.Mapping[str, str], place: Place, winners: t.Mapping[str, Setting]) -> list[Conflict]:
    """Return variables that override a condarc. `place` returns the file and line that sets one."""
    found = []
    for name, value in sorted(login.items()):
        if name == "CONDARC":
            found.append(Conflict(place(name, value), f"CONDARC points to {value}, which conda reads last", value))
        elif name == _KILLS:
            what = f"{name} makes every conda command fail: proxy_servers cannot be set by a variable"
            found.append(Conflict(place(name, value), what, "none"))
        elif name.startswith("CONDA_") and name[len("CONDA_") :].lower() in NETWORK:
            parameter = name[len("CONDA_") :].lower()
            entry = winners.get(_ALIASES.get(parameter, parameter))
            locked = entry is not None and entry.final
            winner = entry.path if entry and locked else f"{_ENVIRONMENT}: {name}"
            found.append(Conflict(place(name, value), f"{name} is set in addition to the condarc files", winner))
    verify = winners.get(VERIFY)
    bundle = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if login.get(name)), "")
    if verify and bundle and login[bundle] != verify.value:
        what = f"{bundle} is a different bundle from ssl_verify in {verify.path}"
        found.append(Conflict(place(bundle, login[bundle]), what, f"{_ENVIRONMENT}: {bundle}"))
    return found


def environments(directories: t.Iterable[str], files: t.Sequence[t.Sequence[Setting]]) -> list[Conflict]:
    """Return conda environments whose own condarc sets something while they are active."""
    found = []
    for directory in directories:
        for path in condarc_precedence.files_of(directory):
            mine = condarc_precedence.read(path)
            names = ", ".join(one.key for one in mine if one.key != PROXIES)
            if names:
                winners = condarc_precedence.decide([*files, mine])
                winning = list(
                    dict.fromkeys(winners[one.key].path for one in mine if one.key in winners and one.key != PROXIES)
                )
                what = f"sets {names} while the environment {directory} is active"
                found.append(Conflict(path, what, ", ".join(winning) or "an earlier, locked file"))
    return found


def replaced(platform: Platform) -> list[Conflict]:
    """Return files of the platform's table that programs do not read, because device management has put others "
    "there."""
    return [
        Conflict(row.paths[0], f"is not read: {row.name} reads {row.replaced_by} in its place", row.replaced_by)
        for row in platform.system
        if row.replaced_by and os.path.exists(row.replaced_by)
    ]


def netrc(
    home: str, named: str, text: t.Callable[[str], str | None], escapes: bool | None, host: str = ""
) -> list[Conflict]:
    """Return what is in the way of entries of a netrc, or answers for the channel's `host` already.

    `named`: the variable NETRC. `text` reads a file.
    """
    own = os.path.join(home, ".netrc")
    found = []
    if named and os.path.realpath(named) != os.path.realpath(own):
        what = f"NETRC points to {named}, so {own} is not read"
        found.append(Conflict(own, what, named if os.path.exists(named) else "none: the file does not exist"))
    path = named or own
    content = text(path) or ""
    notes = _netrc.findings(content, escapes)
    if host and _netrc.has(content, host):
        found.append(Conflict(path, f"has an entry for {host}; its login and password are sent to that host", path))
    return found + [Conflict(path, note, path if "default entry" in note else "none") for note in notes]


def disagreements(rows: t.Iterable[ConsumerRow]) -> list[Conflict]:
    """Return proxies that differ between consumers. A consumer without a proxy is no conflict."""
    found = []
    rows = list(rows)
    for field in ("http_proxy", "https_proxy"):
        groups: dict[str, list[str]] = {}
        for row in rows:
            if row.value(field):
                name = " ".join(filter(None, (row.consumer, row.base)))
                groups.setdefault(address(row.value(field)), []).append(name)
        if len(groups) > 1:
            what = "; ".join("{} for {}".format(proxy, ", ".join(names)) for proxy, names in groups.items())
            found.append(Conflict("", f"{field} differs: {what}", "each consumer uses its own setting"))
    return found


def address(proxy: str) -> str:
    """Return host and port of a proxy, to compare two: their credentials may be encoded differently."""
    return proxy.rpartition("@")[2].rpartition("://")[2].rstrip("/").lower()
