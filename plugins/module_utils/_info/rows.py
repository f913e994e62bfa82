# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The row of a consumer, and who reads which variable.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

SCHEMA_VERSION = 1


def masked(value: t.Any, masker: Masker) -> t.Any:
    """A row that may be shown."""
    if isinstance(value, dict):
        return {key: masked(each, masker) for key, each in value.items()}
    if isinstance(value, str):  # a value may hold bytes that are no text
        return masker.text(value).encode("utf-8", "backslashreplace").decode()
    return value
