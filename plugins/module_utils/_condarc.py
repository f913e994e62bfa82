# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merge top-level keys into a C(.condarc), keeping every byte of all other keys.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

The machine has no YAML library, and one would not keep the bytes. So this reads a documented subset of YAML
(docs/condarc.md) line by line, only as far as needed to know where a top-level key begins and ends, and refuses every
file outside of it untouched. A test compares its keys with PyYAML's on generated files.
"""

from __future__ import annotations

import re
import typing as t

# From conda's own ParameterLoader(aliases=...), conda 24.7.1 base/context.py. Two names of one setting in one file are
# a MultipleKeysError that ends every conda command, so an alias counts as the key.
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
_KEY = re.compile(r"""(?P<key>[A-Za-z0-9_][A-Za-z0-9_.-]*|"[^"\\]*"|'[^']*')[ \t]*:(?=[ \t]|$)""")
_BLOCK_SCALAR = re.compile(r"(?:^|[:\-][ \t]+)[|>][+\-0-9]*$")
_WAY_OUT = "; give the settings a file of their own: conda_proxy_condarc_path: /etc/conda/condarc.d/50-proxy.yml"


class Unreadable(ValueError):
    """The file is not in the subset; the message has the line number and the reason, never the text."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}{_WAY_OUT}")


class Item(t.NamedTuple):
    """A top-level key: its canonical name, the comment lines directly above it, and its own lines (with line ends)."""

    key: str
    above: str
    text: str


class Document(t.NamedTuple):
    """A whole file: C(head + above + text + above + text ... + tail) is the file, byte for byte."""

    head: str
    items: list[Item]
    tail: str
    indent: int
    newline: str

    def text(self) -> str:
        return self.head + "".join(item.above + item.text for item in self.items) + self.tail


class _Value:
    """Follows quotes and brackets over lines: is the value still open at the end of the line?"""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0

    @property
    def open(self) -> bool:
        return bool(self.quote or self.depth)

    def feed(self, text: str, number: int) -> str:
        """Read one line of a value; returns it without its comment."""
        index = 0
        token_start = True  # a quote, an anchor or a bracket counts only where a value may begin
        while index < len(text):
            char = text[index]
            if self.quote:
                if self.quote == '"' and char == "\\":
                    index += 1
                elif char == self.quote:
                    if char == "'" and text[index + 1 : index + 2] == "'":
                        index += 1
                    else:
                        self.quote = ""
                        token_start = False
            elif char == "#" and (index == 0 or text[index - 1] in " \t"):
                return text[:index]
            elif char in " \t":
                pass
            elif token_start and char in "\"'":
                self.quote = char
            elif token_start and char in "&*!":
                raise Unreadable(number, "an anchor, alias or tag")
            elif char in "[{" and (token_start or self.depth):
                self.depth += 1
                token_start = True
            elif char in "]}" and self.depth:
                self.depth -= 1
                token_start = False
            elif (self.depth and char == ",") or (
                char == ":"
                and (index + 1 == len(text) or text[index + 1] in " \t" or (self.depth and text[index + 1] in ",[]{}"))
            ):
                token_start = True
            elif char in "-?" and token_start and (index + 1 == len(text) or text[index + 1] in " \t"):
                if char == "?":
                    raise Unreadable(number, "a complex key")
            else:
                token_start = False
            index += 1
        return text


def parse(text: str) -> Document:
    """Split C(text) into its top-level keys.

    Raises Unreadable for what lies outside of the subset: tabs in indentation, a flow mapping, list or scalar at top
    level, several documents, directives, anchors, aliases, tags, merge keys, complex keys, duplicate keys.
    """
    newline = "\r\n" if re.search(r"^[^\n]*\r\n", text) else "\n"
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    head, pending = bom, ""
    items: list[Item] = []
    seen: set[str] = set()
    indent: int | None = None
    value = _Value()
    scalar_indent: int | None = None  # inside a block scalar: the column that its lines are deeper than

    def continue_item(line: str) -> None:
        last = items[-1]
        items[-1] = last._replace(text=last.text + pending + line)

    for number, line in enumerate(text[len(bom) :].splitlines(keepends=True), 1):
        # str.splitlines also ends lines at characters that are no line end for YAML 1.1's printable set
        if re.search(r"[\x0b\x0c\x1c-\x1e\u2028\u2029\x85]", line):
            raise Unreadable(number, "a character that is not allowed or ends a line only for some readers")
        content = line.rstrip("\r\n")
        bare = content.strip(" ")
        column = _column(content)
        if scalar_indent is not None:
            if not bare or column > scalar_indent:
                continue_item(line)
                pending = ""
                continue
            scalar_indent = None
        if value.open:
            value.feed(content, number)
            continue_item(line)
            continue
        if not bare or bare.startswith("#"):
            pending += line
            continue
        if bare.startswith("\t"):
            raise Unreadable(number, "a tab in the indentation")
        if column == 0 and re.match(r"(---|\.\.\.|%)", content):
            if content.rstrip() == "---" and not items and "---" not in head:
                head += pending + line
                pending = ""
                continue
            raise Unreadable(number, "a directive, a document end or more than one document")
        if indent is None:
            indent = column
        dash = bare == "-" or bare.startswith("- ")
        if column > indent or (column == indent and dash and items):
            if not items:
                raise Unreadable(number, "not a mapping at the top level")
            continue_item(line)
            pending = ""
        elif column < indent:
            raise Unreadable(number, "less indentation than the keys above")
        else:
            match = _KEY.match(bare)
            if not match:
                raise Unreadable(number, "not a plain 'key: value' at the top level")
            key = match.group("key").strip("\"'")
            key = ALIASES.get(key, key)
            if key in seen:
                raise Unreadable(number, "a key that stands twice (an alias counts as the key)")
            seen.add(key)
            above = _comment_block(pending)
            gap = pending[: len(pending) - len(above)]
            if items:
                items[-1] = items[-1]._replace(text=items[-1].text + gap)
            else:
                head += gap
            items.append(Item(key, above, line))
            pending = ""
            bare = bare[match.end() :]
        plain = value.feed(bare, number)
        if not value.open and _BLOCK_SCALAR.search(plain.strip()):
            scalar_indent = column + _parent_column(content[column:])
    if value.open:
        raise Unreadable(text.count("\n") + 1, "a quote or bracket that is not closed")
    if not items:
        head += pending
        pending = ""
    return Document(head, items, pending, indent or 0, newline)


def _parent_column(line: str) -> int:
    """Where the parent of a block scalar begins: the key in C(- - key: |), the last dash in C(- - |)."""
    dashes = re.findall(r"-[ ]+", line[: len(line) - len(re.sub(r"^(?:-[ ]+)*", "", line))])
    if re.match(r"(?:-[ ]+)*[|>]", line):
        dashes = dashes[:-1]
    return sum(len(dash) for dash in dashes)


def _comment_block(text: str) -> str:
    """The comment lines at the end of C(text) that no blank line parts from what follows."""
    lines = text.splitlines(keepends=True)
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    return "".join(lines[start:])


Fragment = t.Sequence[t.Sequence[str]]  # pairs (canonical key, its text: lines with LF, at column 0)


def merge(text: str | None, fragment: Fragment, drop: t.Iterable[str] = ()) -> str:
    """Return C(text) with each key of C(fragment) set to its text, and the keys of C(drop) gone.

    A key that is there keeps its place and the comment lines above it; a new one goes to the end.
    """
    document = parse(text or "")
    wanted = {key: _fit(body, document) for key, body in fragment}
    gone = set(drop) - set(wanted)
    items = []
    for item in document.items:
        if item.key in gone:
            continue
        if item.key in wanted:
            body = wanted.pop(item.key)
            # what parted it from the next key (blank lines, a comment block of its own) is not ours
            items.append(item._replace(text=body + _rest(item.text)))
        else:
            items.append(item)
    document = document._replace(items=items)
    if wanted:
        document = _append(document, [(key, wanted[key]) for key, _body in fragment if key in wanted])
    if _lock_lost(document, {key for key, _body in fragment}):
        document = _regroup(document, fragment)
    return document.text()


def _regroup(document: Document, fragment: Fragment) -> Document:
    """Move the flagged keys to the end of the file.

    A comment line after a line that ends in a flag switches that flag off without a word, blank lines between or not
    (run on conda 24.7.1). At the end nothing follows, and keys whose last line has no flag come last.
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
    for index, item in enumerate(document.items):
        if item.key not in keys:
            continue
        following = document.items[index + 1] if index + 1 < len(document.items) else None
        after = (following.above if following else document.tail).strip()
        lines = item.text.splitlines()
        for position, line in enumerate(lines):
            if FLAG.search(line):
                rest = [other.strip() for other in lines[position + 1 :] if other.strip()]
                if (rest and rest[0].startswith("#")) or (not rest and after.startswith("#")):
                    return True
    return False


def _append(document: Document, pairs: t.Sequence[tuple[str, str]]) -> Document:
    """Put new keys behind everything that is there, comments at the end of the file included."""
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
    """Our LF text at column 0, in the indentation and line ends of the file."""
    lines = body.splitlines()
    return "".join(" " * document.indent + line + document.newline if line else document.newline for line in lines)


def own(text: str) -> str:
    """A key's text without the blank and comment lines behind it."""
    return text[: len(text) - len(_rest(text))]


def _rest(text: str) -> str:
    """The blank lines behind a key, and the comments no deeper than it (deeper ones may be text of a block scalar)."""
    lines = text.splitlines(keepends=True)
    indent = _column(text)
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or _is_comment(lines[end - 1], indent)):
        end -= 1
    return "".join(lines[end:])


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_comment(line: str, indent: int) -> bool:
    return line.lstrip(" ").startswith("#") and _column(line) <= indent


def take_back(text: str, owned: Fragment, original: str | None, force: bool) -> str:
    """Return C(text) without what is ours: each key of C(owned) becomes what it was in C(original), or goes.

    With C(force) also where somebody has changed our key since; without it such a key is theirs and stays.
    """
    document = parse(text)
    before = {item.key: item for item in parse(original or "").items}
    items = []
    for item in document.items:
        ours = next((body for key, body in owned if key == item.key), None)
        if ours is None or not (force or own(item.text) == _fit(ours, document)):
            items.append(item)
        elif item.key in before:
            items.append(item._replace(text=own(before[item.key].text) + _rest(item.text)))
        elif _rest(item.text):
            # blank lines and comments behind our key are not ours
            items.append(Item("", item.above, _rest(item.text)))
        elif item.above:
            items.append(Item("", item.above, ""))
    present = {item.key for item in items}
    lost = [(key, before[key].text) for key, _body in owned if force and key in before and key not in present]
    document = document._replace(items=items)
    return (_append(document, lost) if lost else document).text()


def lost_content(text: str | None, fragment: Fragment) -> list[str]:
    """The keys of C(fragment) whose text in C(text) is about to be replaced by another one."""
    document = parse(text or "")
    wanted = {key: _fit(body, document) for key, body in fragment}
    return [item.key for item in document.items if item.key in wanted and own(item.text) != wanted[item.key]]
