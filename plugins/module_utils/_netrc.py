# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of machines in a netrc, leaving every byte of the others.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

The reader that counts is Python's C(netrc), which requests and so conda uses. It changed once, at 3.11: since then
quotes and backslashes are syntax, before they were literal (run on Python 3.6 to 3.13).
"""

from __future__ import annotations

import re
import typing as t

Entries = t.Sequence[t.Mapping[str, str]]
_FOLLOWERS = ("login", "user", "account", "password")
_SECRET = ("account", "password")


class Unrepresentable(ValueError):
    """An entry that the parser on this machine cannot read; names the machine, never the value."""


class _Token(t.NamedTuple):
    start: int
    end: int
    value: str


class _Entry(t.NamedTuple):
    """C(machine) is empty for a default entry; the span ends behind the last token."""

    machine: str
    start: int
    end: int
    values: t.Dict[str, _Token]


class _File(t.NamedTuple):
    entries: t.List[_Entry]
    bad_line: int  # 0: none. Python gives up the whole file for one bad line.


def portable(value: str) -> bool:
    """Do all parsers read this token alike? Printable ASCII without space and backslash, not beginning with a quote."""
    return bool(re.fullmatch(r"[!-~]+", value)) and "\\" not in value and not value.startswith('"')


def _tokens(text: str, escapes: bool) -> t.Iterator[_Token]:
    position = 0
    while True:
        position = re.compile(r"[ \t\r\n]*").match(text, position).end()  # type: ignore[union-attr]
        if position == len(text):
            return
        start, value = position, []
        quoted = escapes and text[position] == '"'
        position += quoted
        while position < len(text):
            char = text[position]
            if quoted and char == '"':
                position += 1
                break
            if not quoted and char in " \t\r\n":
                break
            if escapes and char == "\\" and position + 1 < len(text):
                position += 1
                char = text[position]
            value.append(char)
            position += 1
        yield _Token(start, position, "".join(value))


def _parse(text: str, escapes: bool) -> _File:
    """Find the entries. Comments, macros and what nobody understands lie between them."""
    entries: t.List[_Entry] = []
    position, bad_line = 0, 0
    while True:
        token = next(_tokens_from(text, position, escapes), None)
        if token is None:
            return _File(entries, bad_line)
        position = token.end
        if token.value.startswith("#"):
            position = _line_end(text, token.start)
        elif token.value == "macdef":
            blank = re.compile(r"\n[ \t]*\r?\n").search(text, position)
            position = blank.end() if blank else len(text)
        elif token.value in ("machine", "default"):
            entry = _entry(text, token, escapes)
            if entry is None:
                bad_line = bad_line or text.count("\n", 0, token.start) + 1
            else:
                entries.append(entry)
                position = entry.end
        else:
            bad_line = bad_line or text.count("\n", 0, token.start) + 1


def _entry(text: str, first: _Token, escapes: bool) -> t.Optional[_Entry]:
    stream = _tokens_from(text, first.end, escapes)
    end, machine = first.end, ""
    if first.value == "machine":
        name = next(stream, None)
        if name is None:
            return None
        machine, end = name.value, name.end
    values: t.Dict[str, _Token] = {}
    position = end
    while True:
        token = next(_tokens_from(text, position, escapes), None)
        if token is not None and token.value.startswith("#"):
            position = _line_end(text, token.start)
        elif token is not None and token.value in _FOLLOWERS:
            value = next(_tokens_from(text, token.end, escapes), None)
            if value is None:
                return None
            values["login" if token.value == "user" else token.value] = value
            position = end = value.end
        else:
            return _Entry(machine, first.start, end, values)


def _tokens_from(text: str, position: int, escapes: bool) -> t.Iterator[_Token]:
    for token in _tokens(text[position:], escapes):
        yield _Token(token.start + position, token.end + position, token.value)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def merge(text: t.Optional[str], entries: Entries, escapes: t.Optional[bool]) -> str:
    """Return C(text) with exactly one entry for each machine of C(entries), holding what is given.

    C(escapes): does the parser that will read it know quotes and backslashes; None: not known, then only values that all
    parsers read alike are written. Raises Unrepresentable. A new entry goes to the top: what stands at the end may be a
    macro or a default entry, which must stay last.
    """
    text = text or ""
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    added = ""
    for entry in entries:
        line = _line(entry, escapes)
        there = [found for found in _parse(text, bool(escapes)).entries if found.machine == entry["machine"]]
        for found in reversed(there[1:]):  # the last one would win
            text = _cut(text, found)
        if there:
            if not _same(there[0], entry):
                text = text[: there[0].start] + line + text[there[0].end :]
        else:
            added += line + newline
    return added + text


def _same(found: _Entry, entry: t.Mapping[str, str]) -> bool:
    return {key: token.value for key, token in found.values.items()} == {key: entry[key] for key in ("login", "password")}


def _line(entry: t.Mapping[str, str], escapes: t.Optional[bool]) -> str:
    words = {}
    for key in ("login", "password"):
        if portable(entry[key]):
            words[key] = entry[key]
        elif escapes:
            words[key] = '"{0}"'.format(entry[key].replace("\\", "\\\\").replace('"', '\\"'))
        elif escapes is False and re.fullmatch(r"[!-~]+", entry[key]) and not entry[key].startswith('"'):
            words[key] = entry[key]  # before 3.11 a backslash is a backslash
        else:
            raise Unrepresentable(
                "the {0} of machine {1} has characters that a netrc cannot hold for the Python of this machine's conda ({2}); "
                "change it, or put it in the channel's URL".format(key, entry["machine"], "before 3.11" if escapes is False else "unknown")
            )
    return "machine {0} login {1} password {2}".format(entry["machine"], words["login"], words["password"])


def _cut(text: str, found: _Entry) -> str:
    """Take an entry out, with its line end where it has the line for itself."""
    start, end = found.start, found.end
    rest = re.compile(r"[ \t]*\r?\n").match(text, end)
    if (start == 0 or text[start - 1] == "\n") and rest:
        end = rest.end()
    return text[:start] + text[end:]


def take_back(text: str, entries: Entries, original: t.Optional[str], force: bool, escapes: t.Optional[bool] = None) -> str:
    """Return C(text) without our entries: each becomes what it was in C(original), or goes.

    With C(force) also an entry that somebody has changed since; without it that one is theirs and stays.
    """
    before = {found.machine: found for found in reversed(_parse(original or "", bool(escapes)).entries)}
    for entry in entries:
        for found in [found for found in _parse(text, bool(escapes)).entries if found.machine == entry["machine"]][:1]:
            if not (force or _same(found, entry)):
                continue
            old = before.get(entry["machine"])
            if old is None:
                text = _cut(text, found)
            else:
                text = text[: found.start] + (original or "")[old.start : old.end] + text[found.end :]
    return text


def has(text: str, machine: str) -> bool:
    """Is there an entry for C(machine)?"""
    return any(found.machine == machine for escapes in (True, False) for found in _parse(text, escapes).entries)


def mask(text: str, secret: t.Callable[[str], str]) -> str:
    """C(text) with every password and account replaced by C(secret) of it, ours or foreign."""
    parsed = _parse(text, True)
    if parsed.bad_line:
        return "(not shown: line {0} cannot be parsed)\n".format(parsed.bad_line)
    tokens = [found.values[key] for found in parsed.entries for key in _SECRET if key in found.values]
    for token in sorted(tokens, reverse=True):
        text = text[: token.start] + secret(token.value) + text[token.end :]
    return text


def findings(text: str, escapes: t.Optional[bool]) -> t.List[str]:
    """What in C(text) keeps the entries from working, or sends a password where it should not go."""
    parsed = _parse(text, escapes is not False)
    notes = []
    if text.startswith("\ufeff"):
        notes.append("begins with a byte order mark, for which Python gives up the whole file")
    elif parsed.bad_line:
        notes.append("line {0} cannot be parsed, for which Python gives up the whole file: no entry works".format(parsed.bad_line))
    if any(not found.machine for found in parsed.entries):
        notes.append("has a default entry, whose password goes to every channel host that has no entry of its own")
    return notes
