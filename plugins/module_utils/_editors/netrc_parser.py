# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse a netrc file into its entries, byte for byte."""

from __future__ import annotations

import re
import typing as t

SPACE = " \t\r\n"
BOM = "\ufeff"


UTF16 = ("\udcff\udcfe", "\udcfe\udcff")  # the byte order marks, as File.text gives them


class Token(t.NamedTuple):
    start: int
    end: int
    value: str


class Entry(t.NamedTuple):
    """`machine` is `default` for a default entry; the span ends behind the last token."""

    machine: str
    start: int
    end: int
    values: dict[str, Token]


class NetrcFile(t.NamedTuple):
    """The parsed file. `bad_line`: line for which Python ignores the whole file (0: none).

    `stop`: position from which Python reads nothing. `first`: position of the first entry or macro. `words`: keywords and
    names that a diff may show.
    """

    entries: list[Entry]
    bad_line: int
    stop: int | None
    first: int | None
    words: list[Token]


def portable(value: str) -> bool:
    """Return whether all parsers read this token alike: ASCII without space, backslash and a quote in front."""
    return bool(re.fullmatch(r"[!-~]+", value)) and "\\" not in value and not value.startswith('"')


class Lexer:
    """Reads the tokens of a netrc as Python does. `line` counts like Python's parser, without skipped lines."""

    def __init__(self, text: str, escapes: bool) -> None:
        self.text = text
        self.escapes = escapes
        self.position = len(BOM) if text.startswith(BOM) else 0
        self.line = 1
        self._pushed: list[Token] = []

    def push(self, token: Token) -> None:
        self._pushed.insert(0, token)

    def token(self) -> Token:
        """Return the next one; at the end an empty one that spans nothing."""
        if self._pushed:
            return self._pushed.pop(0)
        while self._peek() in tuple(SPACE):
            self._read()
        return self._escaped() if self.escapes else self._plain()

    def rest_of_line(self) -> str:
        """Skip to the next line and return what was skipped, with one newline as its end if it has one."""
        taken = ""
        while self.position < len(self.text):
            char = self._read(count=False)
            taken += char
            if char == "\n":
                break
        return taken

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _read(self, count: bool = True) -> str:
        char = self._peek()
        self.position += len(char)
        if char == "\r":  # a text file's line ends are read as one newline each
            char = "\n"
            self.position += self._peek() == "\n"
        self.line += count and char == "\n"
        return char

    def _plain(self) -> Token:
        """Return the next token before 3.11, where a character that is no printable ASCII is a token of its own."""
        start = self.position
        value = self._read()
        if not "!" <= value <= "~":
            return Token(start, self.position, value)
        while "!" <= self._peek() <= "~":
            value += self._read()
        end = self.position
        if self._peek() in tuple(SPACE):
            self._read()
        elif self._peek():
            self.push(Token(end, end + 1, self._read()))
        return Token(start, end, value)

    def _escaped(self) -> Token:
        start, value = self.position, ""
        if self._peek() == '"':
            self._read()
            while self.position < len(self.text):
                char = self._read()
                if char == '"':
                    break
                value += self._read() if char == "\\" else char
            return Token(start, self.position, value)
        end = start
        while self.position < len(self.text):
            char = self._read()
            if char in "\n\t ":
                break
            value += self._read() if char == "\\" else char
            end = self.position
        return Token(start, end, value)


def parse(text: str, escapes: bool) -> NetrcFile:
    """Find the entries. Goes on where Python gives up: managed entries must be found there too."""
    lexer = Lexer(text, escapes)
    entries: list[Entry] = []
    words: list[Token] = []
    bad = 1 if text.startswith(BOM) else 0
    stop: int | None = None
    first: int | None = None

    def give_up(token: Token) -> int:
        return bad or (line_of(text, token.start) if stop is None else 0)

    while True:
        line = lexer.line
        token = lexer.token()
        if token.start == token.end:
            return NetrcFile(entries, bad, stop, first, words)
        if not token.value:
            stop = token.start if stop is None else stop
        elif token.value.startswith("#"):
            if lexer.line == line and len(token.value) == 1:
                lexer.rest_of_line()
        elif token.value in ("machine", "default", "macdef"):
            first = token.start if first is None else first
            words.append(token)
            wrong = None
            if token.value == "macdef":
                words.append(lexer.token())
                ended = skip_macro(lexer)
            else:
                entry, ended, wrong = read_entry(lexer, token, words)
                entries.append(entry)
            if not ended:
                bad = give_up(token if wrong is None else wrong)
        else:
            bad = give_up(token)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def skip_macro(lexer: Lexer) -> bool:
    while True:
        line = lexer.rest_of_line()
        if line in ("", "\n"):
            return bool(line) or not lexer.escapes


def read_entry(lexer: Lexer, keyword: Token, words: list[Token]) -> tuple[Entry, bool, Token | None]:
    """Return the entry behind `keyword`, whether Python accepts it, and the token that it does not know."""
    machine, end, good = "default", keyword.end, True
    if keyword.value == "machine":
        name = lexer.token()
        words.append(name)
        machine, end = name.value, name.end
        good = bool(name.value) or not lexer.escapes
    values: dict[str, Token] = {}
    while True:
        line = lexer.line
        token = lexer.token()
        if token.value.startswith("#") and lexer.escapes:
            if lexer.line == line:
                lexer.rest_of_line()
        elif token.value in ("login", "user", "account", "password"):
            words.append(token)
            value = lexer.token()
            values["login" if token.value == "user" else token.value] = value
            end = max(token.end, value.end)
        else:
            lexer.push(token)
            if not lexer.escapes:  # it requires a password that is not empty
                good = good and "password" in values and bool(values["password"].value)
            known = token.value in ("", "machine", "default", "macdef") or token.value.startswith("#")
            wrong = token if good and not known else None
            return Entry(machine, keyword.start, end, values), good and known, wrong


def read(text: str, escapes: bool | None) -> NetrcFile:
    """Return the file as the selected parser reads it; as the other one does where only the selected one gives up."""
    parsed = parse(text, escapes is not False)
    if parsed.bad_line:
        other = parse(text, escapes is False)
        if not other.bad_line:
            return other
    return parsed
