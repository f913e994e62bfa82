# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Merge top-level keys into a `.condarc`, keeping every byte of all other keys."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import yaml_subset
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import (
    Document,
    Item,
    Unreadable,
    column_of,
)

# From conda's own ParameterLoader(aliases=...), conda 24.7.1 base/context.py. Two names of one setting in one file are
# a MultipleKeysError, with which every conda command fails, so an alias counts as the key.
ALIASES = {
    "add_binstar_token": "add_anaconda_token",
    "binstar_upload": "anaconda_upload",
    "channel": "channels",
    "client_cert": "client_ssl_cert",
    "client_cert_key": "client_ssl_cert_key",
    "copy": "always_copy",
    "disallow": "disallowed_packages",
    "envs_path": "envs_dirs",
    "experimental_solver": "solver",
    "root_dir": "root_prefix",
    "self_update": "auto_update_conda",
    "softlink": "always_softlink",
    "verbose": "verbosity",
    "verify_ssl": "ssl_verify",
    "whitelist_channels": "allowlist_channels",
    "yes": "always_yes",
}

FLAG = re.compile(r"#!(final|top|bottom)[ \t]*$")
_WAY_OUT = (
    "; write the settings to a separate file, for example conda_proxy_condarc_path: /etc/conda/condarc.d/50-proxy.yml"
)

Fragment = t.Sequence[t.Sequence[str]]  # pairs (canonical key, text: lines with LF, at column 0)


def parse(text: str) -> Document:
    """Split a condarc into its keys. Raises Unreadable."""
    return yaml_subset.parse(text, ALIASES)


def merge(text: str | None, fragment: Fragment, drop: t.Iterable[str] = ()) -> str:
    """Return `text` with each key of `fragment` set to its text, without the keys of `drop`. Raises Unreadable.

    An existing key keeps its place and the comment lines above it; a new one is added at the end.
    """
    try:
        document = parse(text or "")
    except Unreadable as exc:
        exc.args = (str(exc) + _WAY_OUT,)
        raise
    desired = {key: _fit(body, document) for key, body in fragment}
    gone = set(drop) - set(desired)
    items = []
    for item in document.items:
        if item.key in gone:
            continue
        if item.key in desired:
            body = desired.pop(item.key)
            # what parts it from the next key (blank lines, a comment block of its own) is not managed
            items.append(item._replace(text=body + _rest(item.text)))
        else:
            items.append(item)
    document = document._replace(items=items)
    if desired:
        document = _append(document, [(key, desired[key]) for key, _body in fragment if key in desired])
    if _lock_lost(document, {key for key, _body in fragment}):
        document = _regroup(document, fragment)
    return document.text()


def _regroup(document: Document, fragment: Fragment) -> Document:
    """Move the flagged keys to the end of the file.

    A comment line after a line that ends in a flag silently switches that flag off, with or without blank lines between
    (run on conda 24.7.1). At the end nothing follows; keys whose last line has no flag come last.
    """
    flagged = [
        (key, _fit(body, document)) for key, body in fragment if any(FLAG.search(line) for line in body.splitlines())
    ]
    flagged.sort(key=lambda pair: not FLAG.search(pair[1].rstrip()))
    names = {key for key, _body in flagged}
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
    body = document.text()
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

    With `force` also where somebody has changed the key since; without it such a key is theirs and stays.
    """
    document = parse(text)
    before = {item.key: item for item in parse(original or "").items}
    items = []
    for item in document.items:
        managed = next((body for key, body in owned if key == item.key), None)
        if managed is None or not (force or own(item.text) == _fit(managed, document)):
            items.append(item)
        elif item.key in before:
            items.append(item._replace(text=own(before[item.key].text) + _rest(item.text)))
        elif _rest(item.text):
            # blank lines and comments behind a managed key are not managed
            items.append(Item("", item.above, _rest(item.text)))
        elif item.above:
            items.append(Item("", item.above, ""))
    present = {item.key for item in items}
    lost = [(key, before[key].text) for key, _body in owned if force and key in before and key not in present]
    document = document._replace(items=items)
    return (_append(document, lost) if lost else document).text()


def lost_content(text: str | None, fragment: Fragment) -> list[str]:
    """Return the keys of `fragment` whose text in `text` is about to be replaced by another one."""
    document = parse(text or "")
    desired = {key: _fit(body, document) for key, body in fragment}
    return [item.key for item in document.items if item.key in desired and own(item.text) != desired[item.key]]


class CondarcEditor(Editor):
    """The editor of a condarc. `desired` is a list of pairs: key and text."""

    name = "condarc"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        keys = {key for key, _body in self.desired}
        dropped = [pair for pair in owned or [] if pair[0] not in keys]
        if dropped and text is not None:
            text = revert(text, dropped, original, force=True)
        return merge(text, self.desired)

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return revert(text, self.desired, original, force)

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
