# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read a YAML mapping as conda reads it, without a YAML library: the keys, their lines and their values.

A documented subset (docs/condarc.md), in one pass. What conda's own reader (ruamel.yaml, YAML 1.2) refuses is refused
here too, with `broken`; where the two readers could differ, the text is refused as outside of the subset. Tests compare
the values with those of ruamel.yaml.
"""

from __future__ import annotations

import re
import typing as t

BOM = "\ufeff"
MOST = 4 << 20  # characters of one file
_DEEPEST = 40  # levels of nesting
_LONGEST_KEY = 1000  # a reader gives up at 1024
_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")  # byte order marks, as File.text gives them

_ODD_LINE_END = re.compile("[\x85\u2028\u2029]")
# a byte that is not UTF-8 (\udc80 to \udcff here) may be a letter where the locale is another one, as on Windows
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udc7f\udd00-\udfff\ufffe\uffff]")
_INSIDE_BOM = re.compile(".\ufeff", re.DOTALL)

_SPACES = re.compile(" *")
_MARKER = re.compile(r"(?:---|\.\.\.)(?=[ \t]|$)")
_DASH = re.compile(r"-(?= |$)")
_PLAIN_START = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[\-?:](?!\s|$)", re.ASCII)
_PLAIN_STOP = re.compile(r"(?<! ) +(?=#|$)|:(?=[ \t]|$)|\t")
_FLOW_START = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?![\s,\[\]{}]|$)", re.ASCII)
_FLOW_STOP = re.compile(r"(?<! ) +(?=#|$)|:(?=[ \t,\[\]{}]|$)|[,\[\]{}\t]")
_HEADER = re.compile(r"([|>])(?:([+-])([1-9])?|([1-9])([+-])?)?[ ]*(?:(?<=[ ])#.*)?$")
_DOUBLE = re.compile(r'[^"\\]*')
_BRACES = re.compile(r"\{ *\}")

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]| +)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
)
_ESCAPES = {
    "0": "\0", "a": "\x07", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\x0b", "f": "\x0c", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_CODES = {"x": 2, "u": 4, "U": 8}


class Unreadable(ValueError):
    """Error for text that is refused. The message has the line number and the reason, never the text.

    `broken`: conda cannot use the file either, so it must be corrected whoever writes to it.
    """

    def __init__(self, line: int, reason: str, broken: bool = False) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.broken = broken


class Scalar(t.NamedTuple):
    """`kind`: null, bool, int, float or str. `text`: as it is written, without quotes."""

    kind: str
    value: t.Any
    text: str
    line: int


class Mapping(t.NamedTuple):
    """`entries` in order. `flow`: written in braces."""

    entries: list[Entry]
    flow: bool
    line: int


class Sequence(t.NamedTuple):
    items: list[Value]
    flow: bool
    line: int


Value = t.Union[Scalar, Mapping, Sequence]


class Entry(t.NamedTuple):
    """A key of a mapping with its value. Lines count from 0; `stop` is the line after its last one."""

    key: str
    kind: str  # of the key
    value: Value
    line: int
    stop: int


class Content(t.NamedTuple):
    """A whole text. `start`: the line after `---`; `end`: that of `...`; `empty`: line and columns of a `{}`."""

    entries: list[Entry]
    indent: int
    start: int
    end: int | None
    empty: tuple[int, int, int] | None
    comments: dict[int, str]  # by line; of lines with something before the comment too


def read(text: str) -> Content:
    """Return what is in `text`. Raises Unreadable."""
    check_text(text)
    return _Reader(text).content()


def plain(value: Value | None) -> t.Any:
    """Return a value for comparison: equal values are those that conda reads alike."""
    if isinstance(value, Mapping):
        return {(entry.kind, entry.key): plain(entry.value) for entry in value.entries}
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return value and (value.kind, value.value)


def check_text(text: str) -> None:
    """Raise Unreadable for text that is no text, or too much of it."""
    if len(text) > MOST:
        raise Unreadable(
            0,
            f"the file has more than {MOST >> 20} MB, which is too much for a condarc; remove what is not needed",
            broken=True,
        )
    if text.startswith(_UTF16) or "\0" in text[:4]:
        raise Unreadable(0, "the file is UTF-16, which conda cannot read; save it as UTF-8", broken=True)
    odd = _ODD_LINE_END.search(text)
    bad = _UNPRINTABLE.search(text) or _INSIDE_BOM.search(text)
    if bad and not (odd and odd.start() < bad.start()):
        char = bad.group(0)
        if char == "\0":
            reason = "a NUL character, which no YAML file may have"
        elif "\udc80" <= char <= "\udcff":
            reason = "a byte that is not UTF-8; save the file as UTF-8"
        else:
            reason = "a control character, which no YAML file may have"
        raise Unreadable(line_of(text, bad.start()), reason, broken=True)
    if odd:
        raise Unreadable(line_of(text, odd.start()), "a character that only some programs read as a line break")


def line_of(text: str, position: int) -> int:
    return len((text[:position] + "x").splitlines())


class _Reader:
    """Reads a text token by token. `row` and `column` are where it is."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.ended = text.endswith(("\n", "\r"))
        self.row = 0
        self.column = 1 if text.startswith(BOM) else 0
        self.depth = 0
        self.comments: dict[int, str] = {}
        self.last = -1  # the last row with something of a value
        if text[:1] == BOM and self.lines:
            # the first column of the first line is behind the mark
            self.lines[0], self.column = self.lines[0][1:], 0

    # -- the whole text

    def content(self) -> Content:
        entries: list[Entry] = []
        indent, start, empty = 0, 0, None
        found = self._next()
        if not found and self._marked("---"):
            start, found = self._document_start()
        if found:
            line = self.lines[self.row]
            if line.startswith("%") and self.column == 0:
                raise self._outside("a directive")
            braces = _BRACES.match(line, self.column)
            if braces:
                empty = (self.row, self.column, braces.end())
                self._past(braces.end())
                self._end_of_line()
                found = self._next()
            else:
                indent = self.column
                entries = self._top(indent)
                found = self._here()
            if found:
                raise self._broken("not a 'key: value' at the column of the other keys")
        end = None
        if self.row < len(self.lines):
            if not (entries or empty or start):
                raise self._broken("a document end without a document")
            end = self._document_end()
        return Content(entries, indent, start, end, empty, self.comments)

    def _document_start(self) -> tuple[int, bool]:
        line = self.lines[self.row]
        rest = line[3:].lstrip(" ")
        if rest.startswith("\t"):
            raise self._broken("a tab, which YAML does not allow here")
        if rest and not rest.startswith("#"):
            raise self._outside("content behind ---")
        self.row, self.column = self.row + 1, 0
        return self.row, self._next()

    def _document_end(self) -> int:
        end = self.row
        if self._marked("---"):
            raise self._broken("more than one document")
        rest = self.lines[end][3:].lstrip(" ")
        if rest and not rest.startswith("#"):
            raise self._broken("content behind the end of the document (...)")
        self.row, self.column = end + 1, 0
        if self._next() or self.row < len(self.lines):
            raise self._broken("content behind the end of the document (...)")
        return end

    def _top(self, indent: int) -> list[Entry]:
        if _DASH.match(self.lines[self.row], self.column):
            raise self._broken("a list at the top level, not keys with values")
        if self.lines[self.row][self.column] == "{":
            raise self._outside("a flow mapping at the top level")
        value = self._mapping(indent, top=True)
        return value.entries

    # -- moving

    def _next(self) -> bool:
        """Go to the next token; return false at the end of the text or before a document marker."""
        while self.row < len(self.lines):
            line = self.lines[self.row]
            if self.column == 0 and _MARKER.match(line):
                return False
            self.column = _behind_spaces(line, self.column)
            if self.column < len(line):
                if line[self.column] == "\t":
                    raise self._broken("a tab, which YAML does not allow here")
                if line[self.column] != "#" or (self.column and line[self.column - 1] != " "):
                    return True
                self.comments[self.row] = line[self.column :]
            self.row, self.column = self.row + 1, 0
        return False

    def _here(self) -> bool:
        """Return whether there is a token at the current position, which `_next` reached."""
        if self.row >= len(self.lines):
            return False
        return not (self.column == 0 and _MARKER.match(self.lines[self.row]))

    def _marked(self, marker: str) -> bool:
        return self.row < len(self.lines) and self.lines[self.row].startswith(marker)

    def _past(self, column: int) -> None:
        self.column, self.last = column, self.row

    def _end_of_line(self) -> None:
        """Go behind the line, which has at most a comment left."""
        line = self.lines[self.row]
        column = _behind_spaces(line, self.column)
        if column < len(line):
            if line[column] == "\t":
                raise self._broken("a tab, which YAML does not allow here")
            if line[column] != "#":
                raise (
                    self._outside("a key that is not plain text")
                    if line[column] == ":"
                    else self._broken("something behind a value")
                )
            if column == self.column:
                raise self._outside("a comment without a space before it")
            self.comments[self.row] = line[column:]
        self.row, self.column = self.row + 1, 0

    def _broken(self, reason: str) -> Unreadable:
        return Unreadable(min(self.row, max(len(self.lines) - 1, 0)) + 1, reason, broken=True)

    def _outside(self, reason: str) -> Unreadable:
        return Unreadable(min(self.row, max(len(self.lines) - 1, 0)) + 1, reason)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._outside(f"more than {_DEEPEST} levels")

    # -- blocks

    def _node(self, parent: int) -> Value:
        """Read the value at the current position, which may begin a block; it belongs to the block at column `parent`."""
        line, column = self.lines[self.row], self.column
        if _DASH.match(line, column):
            return self._sequence(column)
        if line[column] == "?" and line[column + 1 : column + 2] in ("", " "):
            return self._mapping(column)
        if self._key_end() is not None:
            return self._mapping(column)
        return self._scalar(parent)

    def _key_end(self) -> int | None:
        """Return the column of the colon when there is a key at the current position."""
        line, column = self.lines[self.row], self.column
        if line[column] in "\"'":
            end = _quoted_end(line, column)
            if end is None:
                return None
            end = _behind_spaces(line, end)
        elif _PLAIN_START.match(line, column):
            end = _stop(_PLAIN_STOP, line, column)
            end = _behind_spaces(line, end)
        else:
            return None
        if line[end : end + 1] != ":" or line[end + 1 : end + 2] not in ("", " ", "\t"):
            return None
        if end - column > _LONGEST_KEY:
            raise self._outside(f"a key of more than {_LONGEST_KEY} characters")
        return end

    def _mapping(self, column: int, top: bool = False) -> Mapping:
        self._deeper()
        first = self.row
        entries: list[Entry] = []
        seen: set[tuple[str, t.Any]] = set()
        while True:
            line = self.row
            long_key = self.lines[line][column : column + 1] == "?" and self.lines[line][column + 1 : column + 2] in (
                "",
                " ",
            )
            key = self._key(top, long_key)
            if (key.kind, key.value) in seen:
                raise self._broken("a duplicate key")
            seen.add((key.kind, key.value))
            value = self._value(column, long_key)
            entries.append(Entry(key.text, key.kind, value, line, self.last + 1))
            if not self._here() or self.column < column:
                break
            if self.column > column or _DASH.match(self.lines[self.row], self.column):
                raise self._broken("a line whose indentation does not fit the lines above")
        self.depth -= 1
        return Mapping(entries, False, first)

    def _key(self, top: bool, long_key: bool) -> Scalar:
        """Read a key and go behind its colon."""
        line, column = self.lines[self.row], self.column
        if long_key:
            if top:
                raise self._outside("a complex key (?)")
            return self._long_key()
        self._no_property()
        colon = self._key_end()
        if colon is None:
            if top and line[column] in "[{":
                raise self._outside("a list or mapping as a key")
            raise self._outside("an empty key") if line[column] == ":" else self._broken("not a 'key: value'")
        key = self._scalar_at(line[column:colon].rstrip(" "), self.row)
        self._past(colon + 1)
        return key

    def _long_key(self) -> Scalar:
        """Read `? key`, which conda writes for a key of more than 128 characters, and go behind the colon below."""
        mark = self.column
        self.column += 1
        row = self.row
        if not self._next() or self.row != row:
            raise self._outside("a complex key (?)")
        self._no_property()
        line, column = self.lines[row], self.column
        end = _quoted_end(line, column) if line[column] in "\"'" else None
        if end is None:
            if not _PLAIN_START.match(line, column) or self._key_end() is not None:
                raise self._outside("a complex key (?)")
            end = _stop(_PLAIN_STOP, line, column)
        key = self._scalar_at(line[column:end], row)
        self._past(end)
        self._end_of_line()
        if not self._next() or self.column != mark or not re.match(r":(?= |$)", self.lines[self.row][mark:]):
            raise self._outside("a complex key (?)")
        self._past(mark + 1)
        return key

    def _scalar_at(self, word: str, row: int) -> Scalar:
        """Return the key that one line holds."""
        if word[:1] == '"':
            return Scalar("str", self._unescape(word[1:-1]), self._unescape(word[1:-1]), row)
        if word[:1] == "'":
            text = word[1:-1].replace("''", "'")
            return Scalar("str", text, text, row)
        if word == "<<":
            raise self._outside("a merge key (<<)")
        return _resolve(word, row)

    def _value(self, column: int, after_long_key: bool) -> Value:
        """Read the value behind a colon of the mapping at `column`."""
        row = self.row
        if not self._next():
            return Scalar("null", None, "", row)
        if self.row == row and after_long_key:
            return self._node(column)
        if self.row == row:
            if _DASH.match(self.lines[row], self.column):
                raise self._broken("a list item behind a colon")
            return self._scalar(column)
        if self.column > column:
            return self._node(column)
        if self.column == column and _DASH.match(self.lines[self.row], column):
            return self._sequence(column, shared=True)  # a list may begin at the column of its key
        return Scalar("null", None, "", row)

    def _sequence(self, column: int, shared: bool = False) -> Sequence:
        self._deeper()
        first = self.row
        items: list[Value] = []
        while True:
            row = self.row
            self._past(column + 1)
            if self._next() and self.column > column:
                items.append(self._node(column))
            else:
                items.append(Scalar("null", None, "", row))
            if not self._here() or self.column < column:
                break
            if self.column > column:
                raise self._broken("a line whose indentation does not fit the lines above")
            if not _DASH.match(self.lines[self.row], column):
                if shared:
                    break
                raise self._broken("a line that is no item of the list above")
        self.depth -= 1
        return Sequence(items, False, first)

    # -- scalars

    def _no_property(self) -> None:
        if self.lines[self.row][self.column] in "&*!":
            raise self._outside("an anchor, an alias or a tag")

    def _scalar(self, parent: int) -> Value:
        """Read a scalar or a flow collection, up to the end of its last line."""
        self._no_property()
        line = self.lines[self.row]
        char = line[self.column]
        if char in "|>":
            return self._block_scalar(parent)
        value: Value
        if char in "[{":
            value = self._flow()
        elif char in "\"'":
            value = self._quoted(char)
        elif _PLAIN_START.match(line, self.column):
            return self._plain(parent)
        else:
            if line[self.column + 1 : self.column + 2] == "\t":
                raise self._broken("a tab, which YAML does not allow here")
            if char == ":":
                raise self._outside("an empty key")
            raise self._broken("a character that cannot begin a value")
        self._end_of_line()
        self._next()
        return value

    def _plain(self, parent: int) -> Scalar:
        """Read a plain scalar and the deeper lines that continue it, and go to the token behind it."""
        first, breaks = self.row, 0
        words: list[str] = []
        while True:
            line = self.lines[self.row]
            end = _stop(_PLAIN_STOP, line, self.column)
            words += ["\n" * (breaks - 1) or " "] * bool(breaks) + [line[self.column : end]]
            self._past(end)
            rest = line[end:].lstrip(" ")
            if rest.startswith("\t"):
                raise self._broken("a tab, which YAML does not allow here")
            if rest:
                if not rest.startswith("#"):
                    raise self._broken("a second colon in one line" if rest[0] == ":" else "something behind a value")
                self._end_of_line()
                if self._next() and self.column > parent:
                    raise self._broken("a line that continues a value behind a comment")
                break
            row = self.row
            self.row, self.column = self.row + 1, 0
            if not self._next() or self.column <= parent or self._commented(row):
                if self._here() and self.column > parent:
                    raise self._broken("a line that continues a value behind a comment")
                break
            if self.lines[self.row][self.column] == "\t":
                raise self._broken("a tab, which YAML does not allow here")
            if self._begins_key():
                raise self._broken("a 'key: value' below a value that is not a mapping")
            breaks = self.row - row
        return _resolve("".join(words), first)

    def _begins_key(self) -> bool:
        line, column = self.lines[self.row], self.column
        end = _stop(_PLAIN_STOP, line, column)
        return line[end:].lstrip(" ").startswith(":")

    def _commented(self, row: int) -> bool:
        """Return whether there is a comment between `row` and the current line."""
        return any(number in self.comments for number in range(row + 1, self.row))

    def _block_scalar(self, parent: int) -> Scalar:
        row = self.row
        header = _HEADER.match(self.lines[row], self.column)
        if not header:
            raise self._broken("a wrong indicator behind | or >")
        style, chomp1, digit1, digit2, chomp2 = header.groups()
        chomp, digit = chomp1 or chomp2 or "", digit1 or digit2
        self._past(len(self.lines[row]))
        stop = row + 1
        while stop < len(self.lines) and not self.lines[stop].strip(" "):
            stop += 1
        column = column_of(self.lines[stop]) if stop < len(self.lines) else 0
        longest = max([len(self.lines[number]) for number in range(row + 1, stop)], default=0)
        if digit:
            indent = max(parent, 0) + int(digit)
        else:
            indent = max(parent + 1, 1, column)
            if longest not in (0, indent):
                raise self._outside("spaces in a blank line before the text of a block")
        if longest and (stop == len(self.lines) or column < indent):
            raise self._outside("spaces in a blank line of a block without text")
        body: list[str] = []
        number = row + 1
        while number < len(self.lines):
            line = self.lines[number]
            if line.strip(" ") and column_of(line) < indent:
                break
            body.append(line[indent:])
            number += 1
        final = self.ended or number < len(self.lines)
        if not final and body and not body[-1]:
            body.pop()  # a line without a line break
            final = True
        self.last = number - 1
        self.row, self.column = number, 0
        self._next()
        text = _folded(body, style == ">", chomp, final)
        return Scalar("str", text, text, row)

    def _quoted(self, quote: str) -> Scalar:
        """Read a quoted scalar, over several lines if need be."""
        first = self.row
        self.column += 1
        parts: list[str] = []  # one for each line
        while True:
            line = self.lines[self.row]
            end = _quoted_end(line, self.column, quote)
            if end is not None:
                parts.append(line[self.column : end - 1])
                self._past(end)
                break
            parts.append(line[self.column :])
            self.row, self.column = self.row + 1, 0
            if self.row >= len(self.lines):
                self.row = first
                raise self._broken("a quote that is not closed")
            if _MARKER.match(self.lines[self.row]):
                raise self._broken("a document marker inside quotes")
        text = self._join(parts, quote)
        return Scalar("str", text, text, first)

    def _join(self, parts: list[str], quote: str) -> str:
        """Return the text of quoted lines: one line break is a space, blank lines are line breaks."""
        result: list[str] = []
        breaks, escaped = 0, False
        for number, part in enumerate(parts):
            word = part.lstrip(" \t") if number else part
            continued = number + 1 < len(parts)
            cut = False
            if continued:
                if quote == '"' and _odd_backslashes(word):
                    word, cut = word[:-1], True
                else:
                    kept = word.rstrip(" \t")
                    if quote == '"' and _odd_backslashes(kept) and kept != word:
                        kept += word[len(kept)]  # an escaped space
                    word = kept
            if number and (word or cut or not continued):
                if not escaped:
                    result.append("\n" * (breaks - 1) or " ")
                else:
                    result.append("\n" * (breaks - 1))
                breaks, escaped = 0, False
            result.append(self._unescape(word) if quote == '"' else word.replace("''", "'"))
            breaks += 1
            escaped = escaped or cut
        return "".join(result)

    def _unescape(self, word: str) -> str:
        if "\\" not in word:
            return word
        result: list[str] = []
        index = 0
        while index < len(word):
            found = word.find("\\", index)
            if found < 0:
                result.append(word[index:])
                break
            result.append(word[index:found])
            code = word[found + 1 : found + 2]
            index = found + 2
            if code in _CODES:
                digits = word[index : index + _CODES[code]]
                if len(digits) != _CODES[code] or not re.match(r"[0-9A-Fa-f]+\Z", digits) or int(digits, 16) > 0x10FFFF:
                    raise self._broken("a wrong escape in double quotes")
                result.append(chr(int(digits, 16)))
                index += len(digits)
            elif code in _ESCAPES:
                result.append(_ESCAPES[code])
            else:
                raise self._broken("a wrong escape in double quotes")
        return "".join(result)

    # -- flow collections

    def _flow(self) -> Value:
        self._deeper()
        first = self.row
        mapping = self.lines[first][self.column] == "{"
        close = "}" if mapping else "]"
        self._past(self.column + 1)
        entries: list[Entry] = []
        items: list[Value] = []
        seen: set[tuple[str, t.Any]] = set()
        while True:
            char = self._flow_token(first)
            if char == close:
                self._past(self.column + 1)
                break
            row = self.row
            if mapping:
                key, value = self._pair(first)
                if (key.kind, key.value) in seen:
                    raise self._broken("a duplicate key")
                seen.add((key.kind, key.value))
                entries.append(Entry(key.text, key.kind, value, row, self.last + 1))
            else:
                items.append(self._flow_node(first))
            char = self._flow_token(first)
            if char == ",":
                self._past(self.column + 1)
            elif char == ":" and not mapping:
                raise self._outside("a 'key: value' in a flow list")
            elif char != close:
                raise self._broken("no comma between the items in brackets")
        self.depth -= 1
        return Mapping(entries, True, first) if mapping else Sequence(items, True, first)

    def _flow_token(self, first: int) -> str:
        """Go to the next token inside of brackets and return its character."""
        while True:
            if self.row < len(self.lines) and "\t" in self.lines[self.row][self.column : self.column + 1]:
                raise self._outside("a tab between the items in brackets")
            if not self._next():
                self.row = first
                raise self._broken("a bracket that is not closed")
            return self.lines[self.row][self.column]

    def _pair(self, first: int) -> tuple[Scalar, Value]:
        row = self.row
        if self.lines[row][self.column] in "[{":
            raise self._outside("a list or mapping as a key")
        start = self.column
        key = t.cast("Scalar", self._flow_node(first))
        if key.kind == "str" and key.text == "<<":
            raise self._outside("a merge key (<<)")
        if self.row != row or self.column - start > _LONGEST_KEY:
            raise self._outside("a key of several lines")
        line = self.lines[row]
        column = _behind_spaces(line, self.column)
        if line[column : column + 1] != ":":
            return key, Scalar("null", None, "", row)
        self._past(column + 1)
        if line[column + 1 : column + 2] == ":":
            raise self._outside("two colons in a flow mapping")
        char = self._flow_token(first)
        if char in ",}":
            return key, Scalar("null", None, "", row)
        return key, self._flow_node(first)

    def _flow_node(self, first: int) -> Value:
        self._no_property()
        line = self.lines[self.row]
        char = line[self.column]
        if char in "[{":
            return self._flow()
        if char in "\"'":
            return self._quoted(char)
        if not _FLOW_START.match(line, self.column):
            raise self._broken("a character that cannot begin a value in brackets")
        row, breaks = self.row, 0
        words: list[str] = []
        while True:
            line = self.lines[self.row]
            end = _stop(_FLOW_STOP, line, self.column)
            words += ["\n" * (breaks - 1) or " "] * bool(breaks) + [line[self.column : end].rstrip(" ")]
            self._past(end)
            if _behind_spaces(line, end) < len(line):
                break
            before = self.row
            char = self._flow_token(first)
            if char in ",:[]{}#" or self._commented(before):
                break
            breaks = self.row - before
        if ":" in line[end : end + 1] and line[end + 1 : end + 2] in list(",[]{}"):
            raise self._outside("a colon before a comma or bracket")
        return _resolve("".join(words), row)


def _stop(pattern: re.Pattern[str], line: str, column: int) -> int:
    """Return the column at which a plain scalar ends."""
    found = pattern.search(line, column)
    return found.start() if found else len(line)


def _behind_spaces(line: str, column: int) -> int:
    return t.cast("re.Match[str]", _SPACES.match(line, column)).end()


def _odd_backslashes(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _quoted_end(line: str, column: int, quote: str = "") -> int | None:
    """Return the column behind the closing quote; None when it is not in this line.

    Without `quote`, `column` is that of the opening one.
    """
    if not quote:
        quote, column = line[column], column + 1
    while True:
        if quote == "'":
            end = line.find("'", column)
            if end < 0:
                return None
            if line[end + 1 : end + 2] != "'":
                return end + 1
            column = end + 2
            continue
        end = t.cast("re.Match[str]", _DOUBLE.match(line, column)).end()
        if line[end : end + 1] == '"':
            return end + 1
        if end >= len(line):
            return None
        column = end + 2


def _folded(body: list[str], fold: bool, chomp: str, final: bool) -> str:
    """Return the text of a block scalar. `final`: its last line has a line break."""
    count = len(body)
    while count and not body[count - 1]:
        count -= 1
    result: list[str] = []
    blank, before = 0, ""  # lines since the last text, and that text
    for number, line in enumerate(body[:count]):
        if not line:
            blank += 1
            continue
        if number > blank:  # there was text before
            joined = fold and before[0] not in " \t" and line[0] not in " \t"
            result.append(("" if blank else " ") if joined else "\n")
        result += ["\n" * blank, line]
        blank, before = 0, line
    if chomp != "-" and count and (final or count < len(body)):
        result.append("\n")
    if chomp == "+":
        result.append("\n" * (len(body) - count))
    return "".join(result)


def _resolve(word: str, line: int) -> Scalar:
    """Return a plain scalar with its type, by the rules of YAML 1.2."""
    if _NULL.match(word):
        return Scalar("null", None, word, line)
    if _BOOL.match(word):
        return Scalar("bool", word.lower() == "true", word, line)
    if _INT.match(word):
        digits = word.replace("_", "").lower()
        for prefix, base in (("0b", 2), ("0o", 8), ("0x", 16), ("", 10)):
            if digits.lstrip("+-").startswith(prefix):
                try:
                    return Scalar("int", int(digits.replace(prefix, "", 1), base), word, line)
                except ValueError:
                    break
        return Scalar("str", word, word, line)
    if _FLOAT.match(word):
        digits = word.replace("_", "").lower()
        try:
            number = digits if digits.endswith(("inf", "nan")) else float(digits)
        except ValueError:
            number = digits
        return Scalar("float", number, word, line)
    if _DATE.match(word):
        raise Unreadable(line + 1, "a date; put it in quotes")
    return Scalar("str", word, word, line)


def column_of(line: str) -> int:
    """Return the column at which the text of a line begins."""
    return len(line) - len(line.lstrip(" "))
