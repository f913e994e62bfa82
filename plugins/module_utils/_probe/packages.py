# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find a small package in the index of a channel."""

from __future__ import annotations

import re
import sys
import urllib.parse
from typing import Callable

INDEX_READ = 1 << 16  # bytes to read at the start and at the end of an index
_PACKAGE = re.compile(r'"([^"/\\\s]+\.(?:conda|tar\.bz2))"\s*:\s*\{([^{}]*)\}')
_SIZE = re.compile(r'"size"\s*:\s*(\d+)')
_BASE_URL = re.compile(r'^\s*\{\s*"info"\s*:\s*\{[^{}]*"base_url"\s*:\s*"([^"\\]+)"')


def smallest_package(text: str) -> str | None:
    """Return the smallest package that a piece of an index names; .conda where there is a choice, as conda does."""
    found = []
    for name, entry in _PACKAGE.findall(text):
        size = _SIZE.search(entry)
        if name != "packages.conda":  # a key of the index itself
            found.append((not name.endswith(".conda"), int(size.group(1)) if size else sys.maxsize, name))
    return min(found)[2] if found else None


def find_package(url: str, piece: Callable[[str, str], tuple[str, int]]) -> tuple[str, str | None]:
    """Return directory and name of a small package. `piece`: the text of a URL's byte range, and the whole's length."""
    for index in ("current_repodata.json", "repodata.json"):
        start, length = piece(f"{url}/{index}", f"bytes=0-{INDEX_READ - 1}")
        end = piece(f"{url}/{index}", f"bytes=-{INDEX_READ}")[0] if length > INDEX_READ else ""
        base_url = _BASE_URL.match(start)
        name = smallest_package(end) or smallest_package(start)  # .conda comes last in an index
        if name is not None:
            return urllib.parse.urljoin(url + "/", base_url.group(1)) if base_url else url, name
    return url, None
