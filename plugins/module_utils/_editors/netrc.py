# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Entries of machines in a netrc, leaving every byte of the others.

The reader that counts is Python's `netrc`, which requests and so conda uses. It changed once, at 3.11: since then
quotes and backslashes are syntax, before they were literal. Both parsers are followed here to the letter, oddities
included, and compared with the real ones (tests/integration/local/test_netrc_readers.py).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor, newline_of
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc_parser import (
    BOM,
    SPACE,
    UTF16,
    Entry,
    line_of,
    parse,
    portable,
    read,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

Entries = t.Sequence[t.Mapping[str, str]]
_HOST = re.compile(r"[\w.:-]+")


class Unrepresentable(ValueError):
    """Error for an entry that the parser on this machine cannot read. Names the machine, never the value."""


def merge(text: str | None, entries: Entries, escapes: bool | None) -> str:
    """Return `text` with the given entry for each machine of `entries`. Raises Unrepresentable.

    `escapes`: whether the parser that will read it interprets quotes and backslashes; None: not known, so only values
    that all parsers read alike are accepted. A new entry is inserted before the first one: at the end there may be a
    macro or a default entry, which must stay last, and the parsers differ in comments after an entry.
    """
    text = text or ""
    if text.startswith(UTF16) or "\0" in text:
        raise Unrepresentable("it is UTF-16, which no netrc parser reads; save it as UTF-8")
    newline = newline_of(text)
    added = []
    for entry in entries:
        line = _line(entry, escapes)
        there = [found for found in read(text, escapes).entries if found.machine == entry["machine"]]
        for found in reversed(there):  # of two entries Python takes the last, curl the first: both are set
            if not _same(found, entry):
                text = _replace(text, found, line)
        if not there:
            added.append(entry)
    return _insert(text, added, newline, escapes) if added else text


def _insert(text: str, added: Entries, newline: str, escapes: bool | None) -> str:
    """Put new entries where the parser then finds them and every other that it found before, and can be reverted."""
    before = _spans(text, escapes)
    lines = [_line(entry, escapes) for entry in added]
    block = "".join(line + newline for line in lines)
    places = [_place(text, escapes), len(BOM) if text.startswith(BOM) else 0, len(text)]
    for place in places:
        gap = newline if place == len(text) > 0 and not text.endswith("\n") else ""
        result = text[:place] + gap + block + text[place:]
        after = _spans(result, escapes)
        found = all(after.count(line) > before.count(line) for line in lines)
        if (
            found
            and len(after) == len(before) + len(lines)
            and revert(result, added, text, True, escapes) == text + gap
        ):
            return result
    raise Unrepresentable("it has lines that cannot be parsed, so no entry can be added safely; correct them first")


def _spans(text: str, escapes: bool | None) -> list[str]:
    return [text[found.start : found.end] for found in read(text, escapes).entries]


def _place(text: str, escapes: bool | None) -> int:
    """Return the beginning of the line with the first entry or macro; without one, of the file."""
    top = len(BOM) if text.startswith(BOM) else 0
    first = read(text, escapes).first
    if first is None:
        return top
    start = max(top, text.rfind("\n", 0, first) + 1)
    return top if text[start:first].strip(" \t") else start


def _same(found: Entry, entry: t.Mapping[str, str]) -> bool:
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
            raise Unrepresentable(
                f"the {key} of an entry is empty or contains a character that is not allowed in "
                f"a netrc; correct conda_proxy_netrc"
            )
        elif escapes:
            # no quotes: Python ignores a file with a comment line after a quoted token
            words[key] = re.sub(r'([\\ "])', r"\\\1", value)
        elif escapes is False and re.fullmatch(r"[!-~]+", value):
            words[key] = value  # before 3.11 quotes and backslashes are literal
        else:
            raise Unrepresentable(
                "the {} of machine {} has characters that cannot be read from a netrc by the Python of this host's "
                "conda "
                "({}); change this value, or put it in the channel's URL".format(
                    key, entry["machine"], "before 3.11" if escapes is False else "unknown"
                )
            )
    return "machine {machine} login {login} password {password}".format(**words)


def _replace(text: str, found: Entry, line: str) -> str:
    rest = text[found.end :]
    if rest and rest[0] not in SPACE:  # a quoted token ends without a space
        line += "\n"
    return text[: found.start] + line + rest


def _cut(text: str, found: Entry) -> str:
    """Return `text` without an entry, and without its line end where it is alone on the line."""
    start, end = found.start, found.end
    rest = re.compile(r"[ \t]*(\r?\n|$)").match(text, end)
    line = max(text.rfind("\n", 0, start) + 1, len(BOM) if text.startswith(BOM) else 0)
    if rest and not text[line:start].strip(" \t"):
        start, end = line, rest.end()
    return text[:start] + text[end:]


def revert(text: str, entries: Entries, original: str | None, force: bool, escapes: bool | None = None) -> str:
    """Return `text` without the managed entries: each becomes what it was in `original`, or is removed.

    With `force` also an entry that somebody has changed since; without it that one is theirs and stays.
    """
    before = read(original or "", escapes).entries
    for entry in entries:
        old = [(original or "")[was.start : was.end] for was in before if was.machine == entry["machine"]]
        there = [found for found in read(text, escapes).entries if found.machine == entry["machine"]]
        if len(old) > len(there):  # somebody removed one
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
    """Return whether there is an entry for `machine`."""
    return any(found.machine == machine for escapes in (True, False) for found in parse(text, escapes).entries)


def mask(text: str, secret: t.Callable[[str], str]) -> str:
    """Return `text` with all but keywords and host names masked by `secret`: values, comments, macros."""
    parsed = parse(text, True)
    if parsed.bad_line or parsed.stop is not None:
        line = parsed.bad_line or line_of(text, parsed.stop or 0)
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
    """Mask what lies between entries: every line with something in it as a whole."""
    return re.sub(r"[^ \t\r\n](?:[^\r\n]*[^ \t\r\n])?", lambda found: "# " + secret(found.group(0)), text)


def findings(text: str, escapes: bool | None) -> list[str]:
    """Return what in `text` keeps the entries from working, or sends a password where it should not go."""
    notes = []
    parsed = [parse(text, known) for known in (True, False) if escapes in (None, known)]
    bad = [each for each in parsed if each.bad_line]
    if re.search("[\udc80-\udcff]", text):
        notes.append("contains bytes that are not UTF-8; conda may fail with an error that shows the file")
    if text.startswith(BOM):
        notes.append("begins with a byte order mark; Python then ignores the whole file")
    elif bad:
        notes.append(
            "line {} cannot be parsed; Python{} then ignores the whole file, so no entry works".format(
                bad[0].bad_line,
                "" if len(bad) == len(parsed) else (" 3.11 and newer" if bad[0] is parsed[0] else " before 3.11"),
            )
        )
    elif parsed[0].stop is not None:
        line = line_of(text, parsed[0].stop)
        notes.append(f"line {line} has empty quotes; Python reads no entry after them")
    if any(found.machine == "default" for each in parsed for found in each.entries):
        notes.append("has a default entry; its password is sent to every channel host without an entry of its own")
    return notes


class NetrcEditor(Editor):
    """The editor of a netrc. `desired` is a mapping: `entries` (machine, login, password) and `escapes`, as in "
    "merge()."""

    name = "netrc"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        machines = {entry["machine"] for entry in self.desired["entries"]}
        dropped = [entry for entry in (owned or {}).get("entries", []) if entry["machine"] not in machines]
        if dropped and text is not None:
            text = revert(text, dropped, original, True, self.desired["escapes"])
        return merge(text, self.desired["entries"], self.desired["escapes"])

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return revert(text, self.desired["entries"], original, force, self.desired["escapes"])

    def present(self, text: str) -> bool:
        return any(has(text, entry["machine"]) for entry in self.desired["entries"])

    def view(self, text: str | None, masker: Masker) -> str:
        return mask(text or "", masker.secret)

    def findings(self, text: str) -> list[str]:
        return findings(text, self.desired["escapes"])
