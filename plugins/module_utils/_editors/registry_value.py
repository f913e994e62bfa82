# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Edit a value of the Windows registry as text, so that the engine can treat it like a file.

The path of a value is that of its key and its name. Letter case counts in its data, not in its name.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

STRING = "REG_SZ"
_PATH = re.compile(r"HK(?:CC|CR|CU|LM|U):\\")


class Value(t.NamedTuple):
    """A registry value. `kind`: its type, such as REG_SZ; `data`: `raw_value` of win_reg_stat, not expanded.

    `seen`: what a program reads, with `%NAME%` of a REG_EXPAND_SZ expanded.
    """

    kind: str
    data: t.Any
    seen: t.Any = None

    def as_text(self) -> str:
        return json.dumps({"type": self.kind, "data": self.data}, sort_keys=True)


def from_text(text: str) -> Value:
    """Return the value that as_text() wrote."""
    content = json.loads(text)
    return Value(content["type"], content["data"])


def is_registry(path: str) -> bool:
    return bool(_PATH.match(path))


def value_path(key: str, name: str) -> str:
    return key + "\\" + name


def split(path: str) -> tuple[str, str]:
    """Return key and name from the path of a value."""
    key, _backslash, name = path.rpartition("\\")
    return key, name


class ValueEditor(Editor):
    """The editor of a value. `desired` is its data, always a REG_SZ: nothing in it is expanded."""

    name = "registry_value"
    reverted = "so it is no longer managed and was kept"

    def __init__(self, desired: t.Any, has_marker: bool = False) -> None:
        """Set `has_marker` when the registry has the marker: an unknown value that is as desired is then managed."""
        super().__init__(desired)
        self._has_marker = has_marker

    def marked(self, text: str) -> bool:
        return self._has_marker and self.present(text)

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return Value(STRING, self.desired).as_text()

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return original or "" if force or self.present(text) else text

    def present(self, text: str) -> bool:
        return text == self.edit(None, None, None)

    def reason(self, owned: t.Any) -> str:
        return "rotated" if owned != self.desired else "edited"

    def view(self, text: str | None, masker: Masker) -> str:
        if not text:
            return ""
        value = from_text(text)
        # the name of a foreign variable may say that its text is a secret; a proxy's says nothing
        return f"{value.kind} {masker.text(str(value.data))}\n"

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        if text is None or owned is not None or self.present(text):
            return []
        return ["the variable had another value; the old value is kept in the state, and state: absent restores it"]
