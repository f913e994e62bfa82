# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value of the Windows registry as text, so that the engine can treat it as it treats a file.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

A value's path is its key's, then its name. Letter case counts in a value's data, not in its name.
"""

from __future__ import annotations

import json
import re
import typing as t

STRING = "REG_SZ"
_PATH = re.compile(r"HK(?:CC|CR|CU|LM|U):\\")


class Value(t.NamedTuple):
    """C(kind) is REG_SZ and so on; C(data) as win_reg_stat's C(raw_value) has it: nothing in it is expanded.

    C(seen) is what a program gets, with C(%NAME%) of a REG_EXPAND_SZ expanded.
    """

    kind: str
    data: t.Any
    seen: t.Any = None

    def as_text(self) -> str:
        return json.dumps({"type": self.kind, "data": self.data}, sort_keys=True)


def from_text(text: str) -> Value:
    """The value that as_text() wrote."""
    content = json.loads(text)
    return Value(content["type"], content["data"])


def is_registry(path: str) -> bool:
    return bool(_PATH.match(path))


def value_path(key: str, name: str) -> str:
    return key + "\\" + name


def split(path: str) -> tuple[str, str]:
    """Key and name of a value's path."""
    key, _backslash, name = path.rpartition("\\")
    return key, name
