# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of machines in a netrc, leaving every byte of the others.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

The reader that counts is Python's C(netrc), which requests and so conda uses. It changed once, at 3.11: since then
quotes and backslashes are syntax, before they were literal. Both parsers are followed here to the letter, oddities
included, and compared with the real ones (tests/integration/test_netrc_readers.py).
"""

from __future__ import annotations

import re
import typing as t

Entries = t.Sequence[t.Mapping[str, str]]
_SPACE = " \t\r\n"
_BOM = "\ufeff"
_HOST = re.compile(r"[\w.:-]+")


_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")  # the byte order marks, as File.text gives them


class Unrepresentable(ValueError):
    """An entry that the parser on this machine cannot read; names the machine, never the value."""


class _Token(t.NamedTuple):
    start: int
    end: int
    value: str


class _Entry(t.NamedTuple):
    """C(machine) is C(default) for a default entry; the span ends behind the last token."""

    machine: str
    start: int
    end: int
    values: dict[str, _Token]


class _File(t.NamedTuple):
    """C(bad_line): Python gives up the whole file for this line (0: none). C(stop): it reads nothing from there on.

    C(first) is where the first entry or macro begins. C(words) are the keywords and names that a diff may show.
    """

    entries: list[_Entry]
    bad_line: int
    stop: int | None
    first: int | None
    words: list[_Token]


def portable(value: str) -> bool:
    """Do all parsers read this token alike? Printable ASCII without space and backslash, not beginning with a quote."""
    return bool(re.fullmatch(r"[!-~]+", value)) and "\\" not in value and not value.startswith('"')


class _Lexer:
    """The tokens of C(netrc) as Python reads them. C(line) counts like the parser's, which never counts skipped lines."""

    def __init__(self, text: str, escapes: bool) -> None:
        self.text = text
        self.escapes = escapes
        self.position = len(_BOM) if text.startswith(_BOM) else 0
        self.line = 1
        self._pushed: list[_Token] = []

    def push(self, token: _Token) -> None:
        self._pushed.insert(0, token)

    def token(self) -> _Token:
        """The next one; at the end an empty one that spans nothing."""
        if self._pushed:
            return self._pushed.pop(0)
        while self._peek() in tuple(_SPACE):
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

    def _plain(self) -> _Token:
        """Before 3.11: what is no printable ASCII is a token of its own."""
        start = self.position
        value = self._read()
        if not "!" <= value <= "~":
            return _Token(start, self.position, value)
        while "!" <= self._peek() <= "~":
            value += self._read()
        end = self.position
        if self._peek() in tuple(_SPACE):
            self._read()
        elif self._peek():
            self.push(_Token(end, end + 1, self._read()))
        return _Token(start, end, value)

    def _escaped(self) -> _Token:
        start, value = self.position, ""
        if self._peek() == '"':
            self._read()
            while self.position < len(self.text):
                char = self._read()
                if char == '"':
                    break
                value += self._read() if char == "\\" else char
            return _Token(start, self.position, value)
        end = start
        while self.position < len(self.text):
            char = self._read()
            if char in "\n\t ":
                break
            value += self._read() if char == "\\" else char
            end = self.position
        return _Token(start, end, value)


def _parse(text: str, escapes: bool) -> _File:
    """Find the entries. Where Python gives up this goes on, as what is ours must be found there too."""
    lexer = _Lexer(text, escapes)
    entries: list[_Entry] = []
    words: list[_Token] = []
    bad = 1 if text.startswith(_BOM) else 0
    stop: int | None = None
    first: int | None = None

    def give_up(token: _Token) -> int:
        return bad or (_line_of(text, token.start) if stop is None else 0)

    while True:
        line = lexer.line
        token = lexer.token()
        if token.start == token.end:
            return _File(entries, bad, stop, first, words)
        if not token.value:
            stop = token.start if stop is None else stop
        elif token.value.startswith("#"):
            if lexer.line == line and len(token.value) == 1:
                lexer.rest_of_line()
        elif token.value in ("machine", "default", "macdef"):
            first = token.start if first is None else first
            words.append(token)
            if token.value == "macdef":
                words.append(lexer.token())
                ended = _skip_macro(lexer)
            else:
                entry, ended = _entry(lexer, token, words)
                entries.append(entry)
            if not ended:
                bad = give_up(token)
        else:
            bad = give_up(token)


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _skip_macro(lexer: _Lexer) -> bool:
    while True:
        line = lexer.rest_of_line()
        if line in ("", "\n"):
            return bool(line) or not lexer.escapes


def _entry(lexer: _Lexer, keyword: _Token, words: list[_Token]) -> tuple[_Entry, bool]:
    """The entry behind C(keyword), and whether Python accepts it."""
    machine, end, good = "default", keyword.end, True
    if keyword.value == "machine":
        name = lexer.token()
        words.append(name)
        machine, end = name.value, name.end
        good = bool(name.value) or not lexer.escapes
    values: dict[str, _Token] = {}
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
            if not lexer.escapes:  # it wants a password that is not empty
                good = good and "password" in values and bool(values["password"].value)
            known = token.value in ("", "machine", "default", "macdef") or token.value.startswith("#")
            return _Entry(machine, keyword.start, end, values), good and known


def _read(text: str, escapes: bool | None) -> _File:
    """As the reader's parser sees it; where that one gives up and the other does not, as the other does."""
    parsed = _parse(text, escapes is not False)
    if parsed.bad_line:
        other = _parse(text, escapes is False)
        if not other.bad_line:
            return other
    return parsed


def merge(text: str | None, entries: Entries, escapes: bool | None) -> str:
    """Return C(text) with an entry for each machine of C(entries), holding what is given.

    C(escapes): does the parser that will read it know quotes and backslashes; None: not known, then only values that all
    parsers read alike are written. Raises Unrepresentable. A new entry goes before the first one: what stands at the end
    may be a macro or a default entry, which must stay last, and the parsers read comments behind an entry in their ways.
    """
    text = text or ""
    if text.startswith(_UTF16) or "\0" in text:
        raise Unrepresentable("it is UTF-16, which no netrc parser reads; save it as UTF-8")
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    added = []
    for entry in entries:
        line = _line(entry, escapes)
        there = [found for found in _read(text, escapes).entries if found.machine == entry["machine"]]
        for found in reversed(there):  # of two Python takes the last, curl the first: both become ours
            if not _same(found, entry):
                text = _replace(text, found, line)
        if not there:
            added.append(entry)
    return _insert(text, added, newline, escapes) if added else text


def _insert(text: str, added: Entries, newline: str, escapes: bool | None) -> str:
    """Put new entries where the parser then finds them and every other that it found before, and can be taken back."""
    before = _spans(text, escapes)
    lines = [_line(entry, escapes) for entry in added]
    block = "".join(line + newline for line in lines)
    places = [_place(text, escapes), len(_BOM) if text.startswith(_BOM) else 0, len(text)]
    for place in places:
        gap = newline if place == len(text) > 0 and not text.endswith("\n") else ""
        result = text[:place] + gap + block + text[place:]
        after = _spans(result, escapes)
        found = all(after.count(line) > before.count(line) for line in lines)
        if (
            found
            and len(after) == len(before) + len(lines)
            and take_back(result, added, text, True, escapes) == text + gap
        ):
            return result
    raise Unrepresentable("it has lines that cannot be parsed, so that no entry can be put in safely; correct it first")


def _spans(text: str, escapes: bool | None) -> list[str]:
    return [text[found.start : found.end] for found in _read(text, escapes).entries]


def _place(text: str, escapes: bool | None) -> int:
    """The beginning of the line with the first entry or macro; without one, of the file."""
    top = len(_BOM) if text.startswith(_BOM) else 0
    first = _read(text, escapes).first
    if first is None:
        return top
    start = max(top, text.rfind("\n", 0, first) + 1)
    return top if text[start:first].strip(" \t") else start


def _same(found: _Entry, entry: t.Mapping[str, str]) -> bool:
    return {key: token.value for key, token in found.values.items()} == {
        key: entry[key] for key in ("login", "password")
    }


def _line(entry: t.Mapping[str, str], escapes: bool | None) -> str:
    words = {}
    for key in ("machine", "login", "password"):
        value = entry[key]
        if portable(value):
            words[key] = value
        elif key == "machine" or not value or re.search(r"[\x00-\x1f\x7f]", value):
            raise Unrepresentable(f"the {key} of an entry is empty or has a character that no netrc can hold")
        elif escapes:
            # no quotes: Python gives up a file with a comment line behind a quoted token
            words[key] = re.sub(r'([\\ "])', r"\\\1", value)
        elif escapes is False and re.fullmatch(r"[!-~]+", value):
            words[key] = value  # before 3.11 a quote is a quote and a backslash a backslash
        else:
            raise Unrepresentable(
                "the {} of machine {} has characters that a netrc cannot hold for the Python of this machine's conda "
                "({}); change it, or put it in the channel's URL".format(
                    key, entry["machine"], "before 3.11" if escapes is False else "unknown"
                )
            )
    return "machine {machine} login {login} password {password}".format(**words)


def _replace(text: str, found: _Entry, line: str) -> str:
    rest = text[found.end :]
    if rest and rest[0] not in _SPACE:  # a quoted token ends without a space
        line += "\n"
    return text[: found.start] + line + rest


def _cut(text: str, found: _Entry) -> str:
    """Take an entry out, with its line end where it has the line for itself."""
    start, end = found.start, found.end
    rest = re.compile(r"[ \t]*(\r?\n|$)").match(text, end)
    line = max(text.rfind("\n", 0, start) + 1, len(_BOM) if text.startswith(_BOM) else 0)
    if rest and not text[line:start].strip(" \t"):
        start, end = line, rest.end()
    return text[:start] + text[end:]


def take_back(text: str, entries: Entries, original: str | None, force: bool, escapes: bool | None = None) -> str:
    """Return C(text) without our entries: each becomes what it was in C(original), or goes.

    With C(force) also an entry that somebody has changed since; without it that one is theirs and stays.
    """
    before = _read(original or "", escapes).entries
    for entry in entries:
        old = [(original or "")[was.start : was.end] for was in before if was.machine == entry["machine"]]
        there = [found for found in _read(text, escapes).entries if found.machine == entry["machine"]]
        if len(old) > len(there):  # somebody took one out
            old = [*old[: len(there) - 1], "\n".join(old[len(there) - 1 :])] if there else []
        for number, found in reversed(list(enumerate(there))):
            if force or _same(found, entry) or text[found.start : found.end] == _ours(entry, escapes):
                text = _replace(text, found, old[number]) if number < len(old) else _cut(text, found)
    return text


def _ours(entry: t.Mapping[str, str], escapes: bool | None) -> str:
    try:
        return _line(entry, escapes)
    except Unrepresentable:
        return ""


def has(text: str, machine: str) -> bool:
    """Is there an entry for C(machine)?"""
    return any(found.machine == machine for escapes in (True, False) for found in _parse(text, escapes).entries)


def mask(text: str, secret: t.Callable[[str], str]) -> str:
    """C(text) with everything but keywords and host names replaced by C(secret) of it: values, comments, macros."""
    parsed = _parse(text, True)
    if parsed.bad_line or parsed.stop is not None:
        line = parsed.bad_line or _line_of(text, parsed.stop or 0)
        return f"(not shown: line {line} cannot be parsed) {secret(text)}\n"
    values = {token.start: token for found in parsed.entries for token in found.values.values()}
    shown = [token for token in parsed.words if _HOST.fullmatch(token.value) and token.start not in values]
    result, position = [], 0
    for token in sorted([*shown, *values.values()]):
        result.append(_mask_lines(text[position : token.start], secret))
        if token.start in values:
            result.append(secret(token.value) if token.value else "")
        else:
            result.append(token.value)
        position = token.end
    return "".join([*result, _mask_lines(text[position:], secret)])


def _mask_lines(text: str, secret: t.Callable[[str], str]) -> str:
    """What lies between entries: every line with something in it is masked whole."""
    return re.sub(r"[^ \t\r\n](?:[^\r\n]*[^ \t\r\n])?", lambda found: "# " + secret(found.group(0)), text)


def findings(text: str, escapes: bool | None) -> list[str]:
    """What in C(text) keeps the entries from working, or sends a password where it should not go."""
    notes = []
    parsed = [_parse(text, known) for known in (True, False) if escapes in (None, known)]
    bad = [each for each in parsed if each.bad_line]
    if re.search("[\udc80-\udcff]", text):
        notes.append("has bytes that are not UTF-8, for which conda may end with an error that shows the file")
    if text.startswith(_BOM):
        notes.append("begins with a byte order mark, for which Python gives up the whole file")
    elif bad:
        notes.append(
            "line {} cannot be parsed, for which Python{} gives up the whole file: no entry works".format(
                bad[0].bad_line,
                "" if len(bad) == len(parsed) else (" 3.11 and newer" if bad[0] is parsed[0] else " before 3.11"),
            )
        )
    elif parsed[0].stop is not None:
        line = _line_of(text, parsed[0].stop)
        notes.append(f"line {line} has quotes with nothing in them, behind which Python reads no entry")
    if any(found.machine == "default" for each in parsed for found in each.entries):
        notes.append("has a default entry, whose password goes to every channel host that has no entry of its own")
    return notes
