# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the conda bases of a user, without running anything."""

from __future__ import annotations

import glob
import os
import re
from typing import Iterable, Iterator

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import NAMES, Base
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import recorded_python

# ~/opt: Anaconda's installer for macOS in 2020; Caskroom: Homebrew's casks
_USER_DIRECTORIES = ("{home}", "{home}/opt")
_MACHINE_PATTERNS = ("/opt/*", "/opt/homebrew/Caskroom/*/base", "/usr/local/Caskroom/*/base")
_CONDA_RECORD = re.compile(r"^conda-\d[^-]*-[^-]+\.json$")  # not conda-build-..., which any environment may contain


def find_bases(home: str, path: str = "", given: str = "") -> list[Base]:
    """Return the bases of a user, each once, best known first. With `given` only that one counts."""
    found: dict[str, Base] = {}
    if given.startswith("~/"):  # the home of this user, unknown to the control node
        given = os.path.join(home, given[2:])
    candidates = [(given, "given")] if given else _candidates(home, path)
    for prefix, found_by in candidates:
        real = os.path.realpath(prefix)
        if real not in found:
            base = read_base(real, found_by)
            if base is not None:
                found[real] = base
    return list(found.values())


def _candidates(home: str, path: str) -> Iterator[tuple[str, str]]:
    for directory in path.split(os.pathsep):
        for prefix in _prefixes_of(os.path.join(directory, "conda")) if os.path.isabs(directory) else ():
            yield prefix, "PATH"
    for pattern in _MACHINE_PATTERNS:
        for prefix in sorted(glob.glob(pattern)):
            yield prefix, "opt"
    for directory in _USER_DIRECTORIES:
        for name in NAMES:
            yield os.path.join(directory.replace("{home}", home), name), "home"
    # written by conda: every environment of the user, and so every base that created one
    try:
        with open(os.path.join(home, ".conda", "environments.txt"), encoding="utf-8", errors="replace") as handle:
            lines = handle.read(1 << 20).splitlines()
    except OSError:
        return
    for line in lines:
        if os.path.isabs(line.strip()):
            yield line.strip(), "environments.txt"
            yield os.path.dirname(os.path.dirname(line.strip())), "environments.txt"  # <base>/envs/<name>


def _prefixes_of(executable: str) -> Iterator[str]:
    """Yield possible bases of a `conda` on PATH: by its real path, then by its first line."""
    if not os.path.isfile(executable):
        return
    parent = os.path.dirname(os.path.dirname(os.path.realpath(executable)))
    yield parent
    if os.path.basename(os.path.dirname(parent)) == "envs":  # the conda of an environment
        yield os.path.dirname(os.path.dirname(parent))
    try:
        with open(executable, "rb") as handle:
            head = handle.read(1024).decode("utf-8", "replace")
    except OSError:
        return
    # a path that has spaces or is too long for the first line is in the second: '''exec' /prefix/bin/python ...
    for match in re.finditer(r"^(?:#!|'''exec' *)\s*\"?(/[^\"\n]*?)/bin/python", head, re.MULTILINE):
        yield match.group(1)


def read_base(prefix: str, found_by: str) -> Base | None:
    """Return the base at `prefix`, or nothing: conda's own record must be there, or what a base made by pip has."""
    python = os.path.join(prefix, "bin", "python")
    meta = os.path.join(prefix, "conda-meta")
    try:
        records = os.listdir(meta)
        uid = os.stat(prefix).st_uid
    except OSError:
        return None
    if not os.path.isfile(python):
        return None
    if not any(_CONDA_RECORD.match(name) for name in records) and not _made_by_pip(prefix, records):
        return None
    return Base(prefix, python, uid, _python_version(prefix, records), found_by)


def _made_by_pip(prefix: str, records: Iterable[str]) -> bool:
    return (
        "history" in records
        and os.path.isfile(os.path.join(prefix, "bin", "conda"))
        and bool(
            glob.glob(os.path.join(glob.escape(prefix), "lib", "python*", "site-packages", "conda", "__init__.py"))
        )
    )


def _python_version(prefix: str, records: Iterable[str]) -> str | None:
    recorded = recorded_python(records)
    if recorded:
        return recorded
    directories = glob.glob(os.path.join(glob.escape(prefix), "lib", "python3.*", "site-packages", "conda"))
    versions = {re.sub(r"^python", "", directory.split(os.sep)[-3]) for directory in directories}
    return versions.pop() if len(versions) == 1 else None
