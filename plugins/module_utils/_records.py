# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Turn records into JSON and back, checking every key.

What crosses a border (control node to machine, machine to conda's Python, one process to another, one run to the next)
is a NamedTuple. The class declares the keys: an unknown or missing key is an error, never a default.
"""

from __future__ import annotations

import typing as t

Record = t.TypeVar("Record")
Read = t.Callable[[t.Any], t.Any]


class RecordError(ValueError):
    """Error for data that this release does not read. The message names the record and its keys, never a value."""


def to_json(value: t.Any) -> t.Any:
    """Return `value` as `json.dumps` accepts it: records as mappings, sequences as lists."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: to_json(getattr(value, name)) for name in value._fields}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[Record], content: t.Any, /, **fields: Read) -> Record:
    """Return the record `kind` that `to_json` made `content` of. `fields` read single values, such as nested records.

    Raises RecordError for a key that is unknown or missing, and for a value that its reader does not take.
    """
    if not isinstance(content, dict):
        raise RecordError(f"{kind.__name__} is not a mapping")
    names = kind._fields  # type: ignore[attr-defined]
    problems = [f"unknown key {name}" for name in content if name not in names]
    problems += [f"missing key {name}" for name in names if name not in content]
    if problems:
        raise RecordError("{}: {}".format(kind.__name__, ", ".join(problems)))
    return kind(**{name: _read(kind, name, fields.get(name), value) for name, value in content.items()})


def _read(kind: type[t.Any], name: str, read: Read | None, value: t.Any) -> t.Any:
    try:
        return read(value) if read else value
    except RecordError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError):
        raise RecordError(f"{kind.__name__}: {name} has an unknown format") from None


def optional(read: Read) -> Read:
    """Return a reader that also accepts null."""
    return lambda data: None if data is None else read(data)


def each(read: Read) -> Read:
    """Return a reader of a list, each item by `read`."""

    def read_all(data: t.Any) -> tuple[t.Any, ...]:
        if not isinstance(data, (list, tuple)):
            raise TypeError
        return tuple(read(item) for item in data)

    return read_all


texts = each(str)
