# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Gather what the targets depend on from the files of a POSIX machine."""

from __future__ import annotations

import glob
import os
import platform
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, directory_of

_MOST_ROOTS = 16 << 20  # characters; those of Debian 12 are 220 kB


def existing_paths(scope: Scope) -> frozenset[str]:
    """Return the existing ones of the paths in the platform's table for a scope, and their directories."""
    found: set[str] = set()
    for row in scope.consumers:
        found.update(path for path in (*row.needs, row.replaced_by) if path and os.path.exists(path))
        for path in map(scope.path, row.paths):
            if os.path.lexists(path):
                found.add(path)
            if os.path.isdir(directory_of(path)):
                found.add(directory_of(path))
    return frozenset(found)


def host_name(table: Platform) -> str:
    """Return a name of this machine that stays."""
    if table.host_name:
        status, output = process.command(table.host_name)
        if status == 0 and output:
            return output
    return platform.node()


def ca_roots(platform: Platform, bases: t.Iterable[Base]) -> str | None:
    """Return the CA roots of the operating system, otherwise those of a conda base, or None."""
    candidates = list(platform.ca_roots)
    for base in bases:
        candidates += glob.glob(os.path.join(glob.escape(base.prefix), "lib/python*/site-packages/certifi/cacert.pem"))
    for path in candidates:
        text = read_text(path, _MOST_ROOTS + 1)
        if text is not None and len(text) <= _MOST_ROOTS:
            return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return None


def marked_files(scope: Scope) -> list[str]:
    """Return the files of the table that contain the collection's mark, for a machine whose state was lost."""
    found = []
    for row in scope.consumers:
        for path in map(scope.path, (*row.paths, *row.former)):
            text = read_text(path)
            if text is not None and (WholeEditor("").marked(text) or BlockEditor({}).marked(text)):
                found.append(path)
    return found
