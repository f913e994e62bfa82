# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Split a YAML mapping into its top-level keys, byte for byte, without a YAML library.

Reads a documented subset of YAML (docs/condarc.md) line by line, only as far as needed to know where a top-level key
begins and ends, and refuses every text outside of it. A test compares its keys with PyYAML's on generated files.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import newline_of

_KEY = re.compile(r"""(?P<key>[A-Za-z0-9_][A-Za-z0-9_.-]*|"[^"\\]*"|'[^']*')[ \t]*:(?=[ \t]|$)""")
_BLOCK_SCALAR = re.compile(r"(?:^|[:\-][ \t]+)[|>][+\-0-9]*$")
_DASHES = re.compile(r"(?:-[ ]+)*")
# str.splitlines splits at some of these; YAML does not, or forbids them
_ODD_LINE_END = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Unreadable(ValueError):
    """Error for text outside of the subset. The message has the line number and the reason, never the text."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")


class Item(t.NamedTuple):
    """A top-level key: its name, the comment lines directly above it, and its own lines (with line ends)."""

    key: str
    above: str
    text: str


class Document(t.NamedTuple):
    """A whole file: `head + above + text + above + text ... + tail` is the file, byte for byte."""

    head: str
    items: list[Item]
    tail: str
    indent: int
    newline: str

    def text(self) -> str:
        return self.head + "".join(item.above + item.text for item in self.items) + self.tail


def parse(text: str, aliases: t.Mapping[str, str]) -> Document:
    """Split `text` into its top-level keys, each under its canonical name in `aliases`.

    Raises Unreadable for what lies outside of the subset: tabs in indentation, a flow mapping, list or scalar at top
    level, several documents, directives, anchors, aliases, tags, merge keys, complex keys, duplicate keys.
    """
    reader = _Reader(text, aliases)
    for number, line in enumerate(text[len(reader.head) :].splitlines(keepends=True), 1):
        reader.line(number, line)
    return reader.document()


class _Reader:
    """Reads a text line by line. `pending` holds blank and comment lines whose key is not yet known."""

    def __init__(self, text: str, aliases: t.Mapping[str, str]) -> None:
        self.aliases = aliases
        self.newline = newline_of(text)
        self.head = "\ufeff" if text.startswith("\ufeff") else ""
        self.items: list[Item] = []
        self.pending = ""
        self.indent: int | None = None
        self.value = _Value()
        self.scalar_column: int | None = None  # inside a block scalar: its lines are deeper than this column
        self.started = False
        self.number = 0

    def line(self, number: int, line: str) -> None:
        self.number = number
        if _ODD_LINE_END.search(line):
            raise Unreadable(number, "a character that only some programs read as a line break")
        content = line.rstrip("\r\n")
        bare = content.strip(" ")
        if self._in_block_scalar(content, bare):
            self._continue(line)
        elif self.value.open:
            self.value.feed(content, number)
            self._continue(line)
        elif not bare or bare.startswith("#"):
            self.pending += line
        elif re.match(r"---|\.\.\.|%", content):
            self._document_start(content, line)
        else:
            self._content(content, bare, line)

    def document(self) -> Document:
        if self.value.open:
            raise Unreadable(self.number, "an unclosed quote or bracket")
        if not self.items:
            self.head, self.pending = self.head + self.pending, ""
        return Document(self.head, self.items, self.pending, self.indent or 0, self.newline)

    def _in_block_scalar(self, content: str, bare: str) -> bool:
        if self.scalar_column is not None and bare and column_of(content) <= self.scalar_column:
            self.scalar_column = None
        return self.scalar_column is not None

    def _document_start(self, content: str, line: str) -> None:
        if content.rstrip() != "---" or self.items or self.started:
            raise Unreadable(self.number, "a directive, a document end or more than one document")
        self.started = True
        self.head, self.pending = self.head + self.pending + line, ""

    def _content(self, content: str, bare: str, line: str) -> None:
        column = column_of(content)
        if bare.startswith("\t"):
            raise Unreadable(self.number, "a tab in the indentation")
        if self.indent is None:
            self.indent = column
        # a list may begin at the column of its key
        belongs = column > self.indent or (column == self.indent and self.items and re.match(r"-( |$)", bare))
        if belongs:
            self._continue(line)
        else:
            bare = self._key(column, bare, line)
        value = self.value.feed(bare, self.number).strip()
        if not self.value.open and _BLOCK_SCALAR.search(value):
            self.scalar_column = column + _parent_column(content[column:])

    def _continue(self, line: str) -> None:
        if not self.items:
            raise Unreadable(self.number, "not a mapping at the top level")
        last = self.items[-1]
        self.items[-1] = last._replace(text=last.text + self.pending + line)
        self.pending = ""

    def _key(self, column: int, bare: str, line: str) -> str:
        """Begin a new top-level key; return the text after its colon."""
        match = _KEY.match(bare)
        if column < t.cast("int", self.indent) or not match:
            raise Unreadable(self.number, "not a plain 'key: value' at the top level")
        key = match.group("key").strip("\"'")
        key = self.aliases.get(key, key)
        if any(item.key == key for item in self.items):
            raise Unreadable(self.number, "a duplicate key (an alias counts as the key)")
        above = _comment_block(self.pending)
        gap = self.pending[: len(self.pending) - len(above)]
        if self.items:
            self.items[-1] = self.items[-1]._replace(text=self.items[-1].text + gap)
        else:
            self.head += gap
        self.items.append(Item(key, above, line))
        self.pending = ""
        return bare[match.end() :]


class _Value:
    """Tracks quotes and brackets over lines, to tell whether a value continues on the next line."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.fresh = True  # a value may begin here; only here are quotes, brackets and anchors syntax

    @property
    def open(self) -> bool:
        return bool(self.quote or self.depth)

    def feed(self, text: str, number: int) -> str:
        """Read one line of a value and return it without its comment."""
        self.fresh = True
        index = 0
        while index < len(text):
            if self.quote:
                index += self._quoted(text, index)
            elif text[index] == "#" and (index == 0 or text[index - 1] in " \t"):
                return text[:index]
            else:
                self._plain(text, index, number)
                index += 1
        return text

    def _quoted(self, text: str, index: int) -> int:
        """Return how many characters to skip."""
        pair = text[index : index + 2]
        if (self.quote == '"' and pair[0] == "\\") or (self.quote == "'" and pair == "''"):
            return 2
        if pair[0] == self.quote:
            self.quote, self.fresh = "", False
        return 1

    def _plain(self, text: str, index: int, number: int) -> None:
        char, following = text[index], text[index + 1 : index + 2]
        ends = following in ("", " ", "\t")
        if char in " \t":
            return
        if self.fresh and char in "\"'":
            self.quote = char
        elif self.fresh and (char in "&*!" or (char == "?" and ends)):
            raise Unreadable(number, "an anchor, an alias, a tag or a complex key")
        elif char in "[{" and (self.fresh or self.depth):
            self.depth, self.fresh = self.depth + 1, True
        elif char in "]}" and self.depth:
            self.depth, self.fresh = self.depth - 1, False
        else:
            separator = char == ":" and (ends or (self.depth and following in ",[]{}"))
            self.fresh = bool(separator or (self.depth and char == ",") or (self.fresh and char == "-" and ends))


def column_of(line: str) -> int:
    """Return the column at which the text of a line begins."""
    return len(line) - len(line.lstrip(" "))


def _parent_column(line: str) -> int:
    """Return the column of a block scalar's parent: the key in `- - key: |`, the last dash in `- - |`."""
    dashes = _DASHES.match(line).group(0)  # type: ignore[union-attr]
    if line[len(dashes)] in "|>":
        dashes = re.sub(r"-[ ]+$", "", dashes)
    return len(dashes)


def _comment_block(text: str) -> str:
    """Return the comment lines at the end of `text` that no blank line parts from what follows."""
    lines = text.splitlines(keepends=True)
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    return "".join(lines[start:])
