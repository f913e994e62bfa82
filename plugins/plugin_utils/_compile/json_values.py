# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Look into values that go into a condarc as JSON, which is YAML too where it holds what both know."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_plane,
    has_control_character,
)

_LONGEST_KEY = 128  # YAML takes 1024, and an escaped character has 6


def texts(value: t.Any) -> t.Iterator[str]:
    """Yield every text in a value of the inventory, at any depth."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif value is not None:
        yield str(value)


def check_value(option: str, value: t.Any) -> None:
    """Raise InvalidSettingError for a value, at any depth, that conda would read as something else."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key or len(key) > _LONGEST_KEY:
                raise InvalidSettingError(option, "has a key below it that is no name", "write a short text, in quotes")
            check_value(option, key)
            check_value(option, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_value(option, item)
    elif isinstance(value, str):
        if has_control_character(value.replace("\n", "").replace("\t", "")):
            raise InvalidSettingError(option, "has a value with a control character", "remove it")
        check_plane(option, value)
    elif value is not None and not isinstance(value, (bool, int)) and not _finite(value):
        raise InvalidSettingError(option, "has a value that is no text, number or boolean", "write it in quotes")


def _finite(value: t.Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)
