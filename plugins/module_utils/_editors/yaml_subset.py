# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Split a YAML mapping into its top-level keys, byte for byte, without a YAML library.

The values are read by yaml_values.py, so that a text is accepted only if conda can read it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import newline_of
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_values import (
    BOM,
    Entry,
    Unreadable,
    Value,
    column_of,
    read,
)

__all__ = ["Document", "Item", "Unreadable", "column_of", "parse"]


class Item(t.NamedTuple):
    """A top-level key: its name, the comment lines directly above it, and its own lines (with line ends).

    `entry` is what was read; an item that an editor made has none.
    """

    key: str
    above: str
    text: str
    entry: Entry | None = None

    @property
    def value(self) -> Value | None:
        return self.entry.value if self.entry else None


class Document(t.NamedTuple):
    """A whole file: `head + empty + above + text + above + text ... + tail + end` is the file, byte for byte.

    `empty`: the `{}` of an empty mapping; `end`: the `...` that ends the document, and what follows.
    """

    head: str
    items: list[Item]
    tail: str
    indent: int
    newline: str
    empty: str = ""
    end: str = ""
    comments: t.Mapping[int, str] = {}  # by line, counted from 0

    def text(self) -> str:
        items = "".join([item.above + item.text for item in self.items])
        return self.head + self.empty + items + self.tail + self.end


def parse(text: str, canonical: t.Callable[[str], str]) -> Document:
    """Split `text` into its top-level keys, each under the name that `canonical` gives it.

    Raises Unreadable for what conda cannot read, and for what lies outside of the subset.
    """
    content = read(text)
    mark = BOM if text.startswith(BOM) else ""
    lines = text[len(mark) :].splitlines(keepends=True)
    last = len(lines) if content.end is None else content.end
    head = mark + "".join(lines[: content.start])
    end = "".join(lines[last:])
    if content.empty:
        line, start, stop = content.empty
        head += "".join(lines[content.start : line]) + lines[line][:start]
        tail = lines[line][stop:] + "".join(lines[line + 1 : last])
        return Document(head, [], tail, 0, newline_of(text), lines[line][start:stop], end)
    starts = [entry.line for entry in content.entries] + [last]
    pending = "".join(lines[content.start : starts[0]])  # blank and comment lines whose key is the next one
    items: list[Item] = []
    seen: dict[str, int] = {}
    for number, entry in enumerate(content.entries):
        key = canonical(entry.key)
        if key in seen:
            raise Unreadable(entry.line + 1, f"a second name of the key in line {seen[key] + 1}", broken=True)
        seen[key] = entry.line
        above = _comment_block(pending)
        gap = pending[: len(pending) - len(above)]
        if items:
            items[-1] = items[-1]._replace(text=items[-1].text + gap)
        else:
            head += gap
        items.append(Item(key, above, "".join(lines[entry.line : entry.stop]), entry))
        pending = "".join(lines[entry.stop : starts[number + 1]])
    if not items:
        head, pending = head + pending, ""
    return Document(head, items, pending, content.indent, newline_of(text), end=end, comments=content.comments)


def without_empty(document: Document) -> Document:
    """Return `document` without its `{}`, and without the line of it when there is nothing else."""
    if not document.empty:
        return document
    rest, line_end, below = document.tail.partition("\n")
    head = document.head.rstrip(" ") + (rest.lstrip(" ") + line_end if rest.strip(" \r") else "")
    return document._replace(empty="", head=head + below, tail="")


def _comment_block(text: str) -> str:
    """Return the comment lines at the end of `text` that no blank line parts from what follows."""
    lines = text.splitlines(keepends=True)
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    return "".join(lines[start:])
