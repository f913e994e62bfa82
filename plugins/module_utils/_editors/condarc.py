# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Merge top-level keys into a `.condarc`, keeping every byte of all other keys."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import yaml_subset, yaml_values
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import RENAMED, canonical
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import (
    Document,
    Item,
    Unreadable,
    column_of,
)

FLAG = re.compile(r"#!(final|top|bottom)[ \t]*$")
SEPARATE = "/etc/conda/condarc.d/50-proxy.yml"  # an example

Fragment = t.Sequence[t.Sequence[str]]  # pairs (canonical key, text: lines with LF, at column 0)


def parse(text: str) -> Document:
    """Split a condarc into its keys. Raises Unreadable."""
    return yaml_subset.parse(text, canonical)


def merge(text: str | None, fragment: Fragment, separate: str = SEPARATE) -> str:
    """Return `text` with each key of `fragment` set to its text. Raises Unreadable.

    An existing key keeps its place and the comment lines above it; a new one is added at the end. `separate`: a file of
    one's own that the error proposes when `text` cannot be merged.
    """
    try:
        document = parse(text or "")
        return _merged(document, fragment)
    except Unreadable as exc:
        exc.args = (str(exc) + way_out(exc, separate),)
        raise


def way_out(exc: Unreadable, separate: str) -> str:
    """Return what to do about a condarc that cannot be read."""
    if exc.broken and "; " in str(exc):
        return ""  # it says so itself
    if exc.broken:
        return "; conda cannot use this file either, so correct it first"
    return f"; write the settings to a separate file, for example conda_proxy_condarc_path: {separate}"


def _merged(document: Document, fragment: Fragment) -> str:
    desired = {key: _fit(body, document) for key, body in fragment}
    items = []
    for item in document.items:
        if item.key in desired:
            body = _named_as(desired.pop(item.key), item)
            # what parts it from the next key (blank lines, a comment block of its own) is not managed
            items.append(item._replace(text=body + _rest(item.text)))
        else:
            items.append(item)
    merged = document._replace(items=items)
    if desired:
        merged = _append(merged, [(key, desired[key]) for key, _body in fragment if key in desired])
    if _lock_lost(merged, {key for key, _body in fragment}):
        merged = _regroup(merged, fragment)
    text = merged.text()
    _check(text, document, {key: value_of(body) for key, body in fragment})
    return text


def _check(text: str, before: Document, changed: t.Mapping[str, t.Any]) -> None:
    """Raise Unreadable unless `text` has exactly the keys of `before`, but for those of `changed` (None: removed)."""
    expected = {item.key: yaml_values.plain(item.value) for item in before.items}
    expected.update(changed)
    found = {item.key: yaml_values.plain(item.value) for item in parse(text).items}
    if found != {key: value for key, value in expected.items() if value is not None}:
        raise Unreadable(0, "the keys in this file cannot be told apart safely")


def value_of(body: str) -> t.Any:
    """Return the value of a text that holds one key, as conda reads it."""
    return yaml_values.plain(yaml_values.read(body).entries[0].value)


def _named_as(body: str, item: Item) -> str:
    """Return `body` under the name that `item` has, where one of the two names is unknown to older versions of conda.

    The name in the file is the one that the conda of its user knows.
    """
    name = item.entry.key if item.entry else ""
    key = body.lstrip(" ").partition(":")[0].strip("\"' ")
    if name == key or not {name, key} & RENAMED or canonical(name) != canonical(key):
        return body
    indent = body[: len(body) - len(body.lstrip(" "))]
    return indent + name + body[body.index(":") :]


def _regroup(document: Document, fragment: Fragment) -> Document:
    """Move the flagged keys to the end of the file.

    A comment line after a line that ends in a flag silently switches that flag off, with or without blank lines between
    (run on conda 24.7.1). At the end nothing follows; keys whose last line has no flag come last.
    """
    names = {key for key, body in fragment if any(FLAG.search(line) for line in body.splitlines())}
    texts = {item.key: own(item.text) for item in document.items}
    flagged = [(key, texts[key]) for key, _body in fragment if key in names]
    flagged.sort(key=lambda pair: not FLAG.search(pair[1].rstrip()))
    kept: list[Item] = []
    left_over = ""
    for item in document.items:
        if item.key in names:
            left_over += item.above + _rest(item.text)
        else:
            kept.append(item._replace(above=left_over + item.above))
            left_over = ""
    document = document._replace(items=kept, tail=left_over + document.tail)
    return _append(document, flagged)


def _lock_lost(document: Document, keys: set[str]) -> bool:
    """Return whether a comment follows a managed line that ends in a flag."""
    for index, item in enumerate(document.items):
        if item.key in keys:
            following = document.items[index + 1].above if index + 1 < len(document.items) else document.tail
            lines = [line.strip() for line in (item.text + following).splitlines() if line.strip()]
            for line, after in zip(lines, lines[1:]):
                if FLAG.search(line) and after.startswith("#") and not line.startswith("#"):
                    return True
    return False


def _append(document: Document, pairs: t.Sequence[tuple[str, str]]) -> Document:
    """Return `document` with new keys at the end, after its trailing comments."""
    document = yaml_subset.without_empty(document)
    body = document._replace(end="").text()
    missing = document.newline if body.strip("\ufeff") and not body.endswith("\n") else ""
    items = list(document.items)
    head = document.head
    first_above = document.tail + missing
    if not items:
        head, first_above = head + first_above, ""
    for key, text in pairs:
        items.append(Item(key, first_above, text))
        first_above = ""
    return document._replace(head=head, items=items, tail="")


def _fit(body: str, document: Document) -> str:
    """Return `body` (LF, column 0) with the indentation and line ends of the file."""
    lines = body.splitlines()
    return "".join(" " * document.indent + line + document.newline if line else document.newline for line in lines)


def own(text: str) -> str:
    """Return a key's text without the blank and comment lines behind it."""
    return text[: len(text) - len(_rest(text))]


def _rest(text: str) -> str:
    """Return the blank lines behind a key, and the comments no deeper than it (deeper ones may be text of a block "
    "scalar)."""
    lines = text.splitlines(keepends=True)
    indent = column_of(text)
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or _is_comment(lines[end - 1], indent)):
        end -= 1
    return "".join(lines[end:])


def _is_comment(line: str, indent: int) -> bool:
    return line.lstrip(" ").startswith("#") and column_of(line) <= indent


def revert(text: str, owned: Fragment, original: str | None, force: bool) -> str:
    """Return `text` without the managed keys: each of `owned` becomes what it was in `original`, or is removed.

    With `force` also where somebody has changed the value of the key since; without it such a key is theirs and stays.
    Values are compared, not texts: `conda config` writes the whole file anew and changes quotes and line breaks.
    Raises Unreadable.
    """
    document = parse(text)
    old = parse(original or "")
    before = {item.key: item for item in old.items}
    managed = dict(t.cast("t.Iterable[t.Tuple[str, str]]", owned))
    items = []
    changed: dict[str, t.Any] = {}
    for item in document.items:
        if item.key not in managed or not (force or yaml_values.plain(item.value) == value_of(managed[item.key])):
            items.append(item)
            continue
        rest = _rest(item.text)
        changed[item.key] = None
        if item.key in before:
            was = before[item.key]
            changed[item.key] = yaml_values.plain(was.value)
            items.append(item._replace(text=_refit(own(was.text), old, document) + rest))
        elif rest or item.above:
            # blank lines and comments around a managed key are not managed
            items.append(Item("", item.above, rest))
    present = {item.key for item in items}
    lost = [before[key] for key in managed if force and key in before and key not in present]
    result = document._replace(items=items)
    if lost:
        changed.update((item.key, yaml_values.plain(item.value)) for item in lost)
        result = _append(result, [(item.key, _refit(item.text, old, document)) for item in lost])
    if original is None and not is_content(result):
        return ""  # `conda config` leaves {} when the last key is removed
    return _checked(result, document, changed)


def is_content(document: Document) -> bool:
    """Return whether there is more than an empty mapping."""
    return bool(document._replace(empty="").text().strip("\ufeff \r\n"))


def _checked(result: Document, before: Document, changed: t.Mapping[str, t.Any]) -> str:
    """Return the text of `result`, without blank lines that another key would take for its own. Raises Unreadable."""
    try:
        _check(result.text(), before, changed)
    except Unreadable:
        items = [item if item.key else item._replace(text="") for item in result.items]
        result = result._replace(items=items)
        _check(result.text(), before, changed)
    return result.text()


def _refit(text: str, old: Document, document: Document) -> str:
    """Return the text of a key of `old` with the indentation and the line ends of `document`."""
    if (old.indent, old.newline) == (document.indent, document.newline) and text.endswith("\n"):
        return text
    lines = []
    for line in text.splitlines():
        cut = min(old.indent, column_of(line))
        lines.append((" " * document.indent + line[cut:] if line.strip() else line[cut:]) + document.newline)
    return "".join(lines)


def lost_content(text: str | None, fragment: Fragment) -> list[str]:
    """Return the keys of `fragment` whose value in `text` is about to be replaced by another one."""
    desired = dict(t.cast("t.Iterable[t.Tuple[str, str]]", fragment))
    return [
        item.key
        for item in parse(text or "").items
        if item.key in desired and yaml_values.plain(item.value) != value_of(desired[item.key])
    ]


class CondarcEditor(Editor):
    """The editor of a condarc. `desired` is a list of pairs: key and text."""

    name = "condarc"

    def __init__(self, desired: t.Any, separate: str = SEPARATE) -> None:
        """Set `separate` to a file that this user may create, for the error about a file that cannot be merged."""
        super().__init__(desired)
        self._separate = separate

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        keys = {key for key, _body in self.desired}
        dropped = [pair for pair in owned or [] if pair[0] not in keys]
        if dropped and text is not None:
            text = revert(text, dropped, original, force=True)
        return merge(text, self.desired, self._separate)

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return revert(text, self.desired, original, force)

    def left(self, text: str, original: str | None) -> list[str]:
        keys = {key for key, _body in self.desired}
        before = {item.key: yaml_values.plain(item.value) for item in parse(original or "").items}
        return [
            item.key
            for item in parse(text).items
            if item.key in keys and (item.key not in before or before[item.key] != yaml_values.plain(item.value))
        ]

    def present(self, text: str) -> bool:
        keys = {key for key, _body in self.desired}
        return any(item.key in keys for item in parse(text).items)

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        managed = {key for key, _body in owned or []}
        replaced = [key for key in lost_content(text, self.desired) if key not in managed]
        return [
            f"the key {key} had another value; the old value is kept in the state, and state: absent restores it"
            for key in replaced
        ]

    def findings(self, text: str) -> list[str]:
        bad = re.search("[\udc80-\udcff]", text)
        if not bad:
            return []
        line = yaml_values.line_of(text, bad.start())
        reason = "has a byte that is not UTF-8, with which every conda command fails where the locale is UTF-8"
        return [f"line {line} {reason}; save the file as UTF-8"]
