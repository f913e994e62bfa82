# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. A CA bundle for conda: what was asked for, joined with the roots of this machine."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base


def join(ours: str, roots: str) -> str:
    """One bundle: REQUESTS_CA_BUNDLE replaces the roots that are built in, and does not add to them."""
    return "".join(part.rstrip("\n") + "\n" for part in (ours, roots) if part.strip())


def find_roots(files: Iterable[str], bases: Iterable[Base]) -> str | None:
    """The roots of the operating system, one of C(files), else those that come with a conda base."""
    candidates = list(files)
    for base in bases:
        candidates += glob.glob(os.path.join(glob.escape(base.prefix), "lib/python*/site-packages/certifi/cacert.pem"))
    for path in candidates:
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
    return None
