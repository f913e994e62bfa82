# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine which condarc decides a setting.

conda's rules: later files win, `proxy_servers` is merged key by key, and `#!final` makes conda ignore later files (facts
of conda 4.6 to 26). Only `proxy_servers` and `ssl_verify` are read.
"""

from __future__ import annotations

import glob
import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import parse
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_values import (
    Entry,
    Mapping,
    Scalar,
    Unreadable,
    Value,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import proxy_keys

PROXIES = "proxy_servers"
VERIFY = "ssl_verify"
_SYSTEM = ("/etc/conda", "/var/lib/conda")
_LARGEST = 1 << 20  # bytes; what read_text reads of a file


class Setting(t.NamedTuple):
    """`key` is `ssl_verify`, `proxy_servers` (the whole map) or `proxy_servers.KEY`."""

    key: str
    value: str
    path: str
    line: int
    final: bool

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}: {self.key}"


def search_path(home: str, root: str, environment: t.Mapping[str, str]) -> list[str]:
    """Return the files that conda reads, first to last; later ones win. `root`: the directory of the base, or "
    "nothing."""
    directories = [*_SYSTEM, environment.get("CONDA_ROOT", root)]
    if environment.get("XDG_CONFIG_HOME"):
        directories.append(os.path.join(environment["XDG_CONFIG_HOME"], "conda"))
    directories += [os.path.join(home, ".config/conda"), os.path.join(home, ".conda")]
    paths = [path for directory in directories if directory for path in files_of(directory)]
    paths.append(os.path.join(home, ".condarc"))
    if environment.get("CONDA_PREFIX"):
        paths += files_of(environment["CONDA_PREFIX"])
    named = environment.get("CONDARC", "")
    if named:
        named = os.path.join(home, named[2:]) if named.startswith("~/") else named
        paths += _in_directory(named) if os.path.isdir(named) else [named]
    return list(dict.fromkeys(path for path in paths if os.path.isfile(path)))


def files_of(directory: str) -> list[str]:
    """Return the condarc files that conda looks for in one of its directories."""
    return [
        os.path.join(directory, ".condarc"),
        os.path.join(directory, "condarc"),
        *_in_directory(f"{directory}/condarc.d"),
    ]


def _in_directory(directory: str) -> list[str]:
    return sorted(
        path
        for name in ("*", ".*")
        for path in glob.glob(os.path.join(glob.escape(directory), name))
        if path.endswith((".yml", ".yaml"))
    )


def read(path: str) -> list[Setting]:
    """Return the settings of a file; nothing where it cannot be read."""
    text = read_text(path)
    try:
        return settings(path, text or "") if text and not _too_large(path) else []
    except Unreadable:
        return []


def problem(path: str) -> str:
    """Return why `read` finds nothing in a file that is there."""
    text = read_text(path)
    if text is None:
        return "cannot be read by this user, so every conda command fails"
    if _too_large(path):
        return "is larger than 1 MB; see the conda rows for the values that conda reads"
    try:
        parse(text)
    except Unreadable as exc:
        if exc.broken:
            return f"cannot be used by conda ({exc}); correct it"
        return f"uses YAML that cannot be compared ({exc}); see the conda rows for the values that conda reads"
    return ""


def _too_large(path: str) -> bool:
    try:
        return os.path.getsize(path) > _LARGEST
    except OSError:
        return False


def settings(path: str, text: str) -> list[Setting]:
    """Return the settings in `text`. Raises Unreadable for what lies outside of our subset of YAML."""
    document = parse(text)
    lines = text.splitlines()
    found: list[Setting] = []
    for item in document.items:
        if item.key in (PROXIES, VERIFY) and item.entry:
            found += _of_item(path, item.key, item.entry, lambda entry: _is_final(entry, lines, document.comments))
    return found


def _of_item(path: str, key: str, entry: Entry, final: t.Callable[[Entry], bool]) -> t.Iterator[Setting]:
    yield Setting(key, _text_of(entry.value) if key == VERIFY else "", path, entry.line + 1, final(entry))
    if key == PROXIES and isinstance(entry.value, Mapping):
        for one in entry.value.entries:
            locked = not entry.value.flow and final(one)
            yield Setting(f"{key}.{one.key}", _text_of(one.value), path, one.line + 1, locked)


def _text_of(value: Value) -> str:
    return value.text if isinstance(value, Scalar) and value.kind != "null" else ""


def _is_final(entry: Entry, lines: t.Sequence[str], comments: t.Mapping[int, str]) -> bool:
    """Return whether a flag is in force: a comment line that follows switches it off."""
    after = next((line.strip() for line in lines[entry.line + 1 :] if line.strip()), "")
    return comments.get(entry.line, "").rstrip().strip("!#") == "final" and not after.startswith("#")


def decide(files: t.Sequence[t.Sequence[Setting]]) -> dict[str, Setting]:
    """Return who wins for each key. `files` are in the order in which conda reads them."""
    winners: dict[str, Setting] = {}
    map_locked = False
    for each in files:
        locks = any(one.key == PROXIES and one.final for one in each)
        for one in each:
            in_map = one.key.startswith(PROXIES)
            if (in_map and map_locked) or (one.key in winners and winners[one.key].final):
                continue
            winners[one.key] = one
        map_locked = map_locked or locks
    return winners


def proxy_for(scheme: str, host: str, winners: t.Mapping[str, Setting]) -> Setting | None:
    """Return the entry that requests and libmamba take for a URL."""
    for key in proxy_keys(scheme, host):
        if f"{PROXIES}.{key}" in winners:
            return winners[f"{PROXIES}.{key}"]
    return None
