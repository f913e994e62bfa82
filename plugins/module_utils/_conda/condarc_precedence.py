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
import json
import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import parse
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable
from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.proxies import proxy_keys

PROXIES = "proxy_servers"
VERIFY = "ssl_verify"
_SYSTEM = ("/etc/conda", "/var/lib/conda")
_WORD = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'"
_LINE = re.compile(
    rf"^[ \t]*(?P<key>{_WORD}|[^\s#\"'][^#]*?)[ \t]*:(?:[ \t]+(?P<value>{_WORD}|[^\s#\"'].*?))?(?:[ \t]+(?P<note>#.*))?[ \t]*\r?$"
)
_FLOW = re.compile(rf"(?P<key>{_WORD}|[^\s,{{}}\"']+?)[ \t]*:[ \t]+(?P<value>{_WORD}|[^\s,{{}}]+)")


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
        return settings(path, text or "")
    except Unreadable:
        return []


def problem(path: str) -> str:
    """Return why `read` finds nothing in a file that is there."""
    text = read_text(path)
    if text is None:
        return "cannot be read by this user, so every conda command fails"
    try:
        parse(text)
    except Unreadable as exc:
        return f"uses YAML that cannot be compared ({exc}); see the conda rows for the values that conda reads"
    return ""


def settings(path: str, text: str) -> list[Setting]:
    """Return the settings in `text`. Raises Unreadable for what lies outside of our subset of YAML."""
    document = parse(text)
    found: list[Setting] = []
    line = document.head.count("\n") + 1
    for item in document.items:
        line += item.above.count("\n")
        if item.key in (PROXIES, VERIFY):
            first, *rest = item.text.split("\n")
            found += _of_item(path, item.key, line, first, rest)
        line += item.text.count("\n")
    return found


def _of_item(path: str, key: str, line: int, first: str, rest: list[str]) -> t.Iterator[Setting]:
    head = _LINE.match(first)
    value = _plain(head.group("value")) if head else ""
    final = bool(head) and _is_final(t.cast("re.Match[str]", head).group("note"), rest)
    yield Setting(key, value if key == VERIFY else "", path, line, final)
    if key != PROXIES:
        return
    for found in _FLOW.finditer(value) if value.startswith("{") else ():
        yield Setting(f"{key}.{_plain(found.group('key'))}", _plain(found.group("value")), path, line, False)
    for number, text in enumerate(rest, line + 1):
        match = None if text.lstrip().startswith("#") else _LINE.match(text)
        if match:
            flagged = _is_final(match.group("note"), rest[number - line :])
            yield Setting(f"{key}.{_plain(match.group('key'))}", _plain(match.group("value")), path, number, flagged)


def _is_final(note: str | None, following: t.Sequence[str]) -> bool:
    """Return whether a flag is in force: a comment line that follows switches it off."""
    after = next((text.strip() for text in following if text.strip()), "")
    return (note or "").strip("!#") == "final" and not after.startswith("#")


def _plain(word: str | None) -> str:
    word = (word or "").strip()
    if word[:1] == '"' and word[-1:] == '"' and len(word) > 1:
        try:
            return str(json.loads(word))
        except ValueError:
            return word[1:-1]
    if word[:1] == "'" and word[-1:] == "'" and len(word) > 1:
        return word[1:-1].replace("''", "'")
    return word


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
