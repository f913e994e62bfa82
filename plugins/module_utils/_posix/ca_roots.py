# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the CA roots of a POSIX machine.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import Base


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
