# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Convert values of the inventory to the types of the options, and refuse what does not fit.

Ansible would do the same, but its messages show the value, and those of a role the whole argument spec.
"""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_list,
)

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options, Spec
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError


def _whole(value: t.Any) -> int:
    """Return a whole number. Ansible would compute 1e999999999 from that text."""
    if not isinstance(value, (int, str)):
        raise TypeError
    return int(value)


class _Type(t.NamedTuple):
    """A type of an option. `convert` raises for a value that does not fit."""

    convert: t.Callable[[t.Any], t.Any]
    takes_bool: bool
    what: str
    fix: str


_TYPES = {
    "bool": _Type(check_type_bool, True, "true or false", "write true or false"),
    "int": _Type(_whole, False, "a whole number", "write it in digits"),
    "float": _Type(check_type_float, False, "a number", "write it in digits"),
    "dict": _Type(check_type_dict, False, "a mapping", "write 'name: value' on lines below it, or JSON with -e"),
    "list": _Type(check_type_list, False, "a list", "write each entry on a line of its own, or JSON with -e"),
}
_SCALARS = (str, int, float)  # bool is an int
_KINDS: t.Mapping[type, str] = {
    dt.date: "a date",
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    dict: "a mapping",
}


def convert(spec: Spec, given: Options) -> dict[str, t.Any]:
    """Return `given` with each value in the type that `spec` asks for. Options that are not set are left out.

    Null and an empty text mean that an option is not set. Raises InvalidSettingError.
    """
    values = {name: value for name, value in given.items() if value is not None and value != ""}
    return {name: _converted(name, spec[name], value) if name in spec else value for name, value in values.items()}


def _converted(name: str, option: t.Mapping[str, t.Any], value: t.Any) -> t.Any:
    kind = option["type"]
    if kind == "raw":
        return value
    if kind == "str":
        text = _text(name, value)
        if text not in option.get("choices", [text]):
            raise InvalidSettingError(name, "is not one of its choices", _choose(option))
        return text
    found = _of_type(name, _TYPES[kind], value)
    if kind != "list":
        return found
    entries = [_entry(name, number, entry) for number, entry in enumerate(found, 1)]
    if isinstance(value, str):
        entries = [entry.strip() for entry in entries]  # a text with commas and spaces in between
    if not set(entries) <= set(option.get("choices", entries)):
        raise InvalidSettingError(name, "has an entry that is not one of its choices", _choose(option))
    return entries


def _of_type(name: str, wanted: _Type, value: t.Any) -> t.Any:
    refused = InvalidSettingError(name, f"is {_kind(value)}, and must be {wanted.what}", wanted.fix)
    if isinstance(value, bool) and not wanted.takes_bool:
        raise refused
    if isinstance(value, str) and wanted is _TYPES["list"] and value.lstrip().startswith(("['", '["', "{")):
        raise refused  # not split at its commas
    try:
        return wanted.convert(value)
    except (TypeError, ValueError, ArithmeticError):
        raise refused from None


def _text(name: str, value: t.Any) -> str:
    if not isinstance(value, _SCALARS):
        raise InvalidSettingError(name, f"is {_kind(value)}, and must be text", "write one value, in quotes")
    return str(value)


def _entry(name: str, number: int, value: t.Any) -> str:
    if not isinstance(value, _SCALARS) or isinstance(value, bool):
        reason = f"has an entry {number} that is {_kind(value)}, and must be text"
        raise InvalidSettingError(name, reason, "remove it, or write it in quotes")
    return str(value)


def _choose(option: t.Mapping[str, t.Any]) -> str:
    return "choose from " + ", ".join(option["choices"])


def _kind(value: t.Any) -> str:
    """Return what a value is, without the value."""
    if isinstance(value, (list, tuple)):
        return "a list"
    for kind, words in _KINDS.items():
        if isinstance(value, kind):
            return words
    return "of another type"
