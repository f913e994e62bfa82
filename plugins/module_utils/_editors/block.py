# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Edit a block of managed lines between two marker lines, in a file of somebody else."""

from __future__ import annotations

import collections
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor, newline_of
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.startup_file import early_exit
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.takeover import bring_back, comment_out, view
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

BEGIN = "# BEGIN condafleet.proxy: managed by Ansible, changes between these lines are lost"
END = "# END condafleet.proxy"
_PASSWORD = re.compile(r"://[^/@:\s]*:([^/@\s]+)@")  # percent-encoded, so that no dialect writes it otherwise
_BEGIN_PREFIX = BEGIN.partition(":")[0]


def merge(
    text: str | None,
    lines: t.Sequence[str],
    top: bool = False,
    known: t.Iterable[str] = (),
    original: str | None = None,
) -> str:
    """Return `text` with the managed block holding exactly `lines`.

    A block that is there keeps its place; a new one goes to the end. In a file that may end early, and with `top`, it
    goes to the beginning (behind a `#!` line), also when it is behind such a line already. Its line ends are LF whatever
    the file has, as no shell and not pam_env takes a CR for one. It never follows a line that ends in a backslash, which
    goes on in the next line.

    `known` and `original`: see `_ours`.
    """
    text = text or ""
    block = "\n".join([BEGIN, *lines, END]) + "\n"
    before, managed, after = _split(text, known, original)
    if not managed:
        before, after = _place(text, top)
    before, moved = _continued(before)
    after = moved + after
    if early_exit(before) is not None:
        before, after = _place(before + after, True)
    return before + block + after


def revert(text: str, known: t.Iterable[str] = (), original: str | None = None) -> str:
    """Return `text` without the managed lines. `known` and `original`: see `_ours`."""
    before, _managed, after = _split(text, known, original)
    return before + after


def block(text: str | None) -> str:
    """Return the managed block of `text` with its marker lines, or nothing."""
    return _split(text or "", (), None)[1]


def blanked(text: str) -> str:
    """Return `text` with an empty line for each managed one, so that the others keep their numbers."""
    lines = _lines(text)
    return "".join("\n" if own else line for line, own in zip(lines, _ours(lines, (), None)))


def _place(text: str, top: bool) -> tuple[str, str]:
    """Return what comes before and after a new block."""
    newline = newline_of(text)
    if not top:
        return text + (newline if text and not text.endswith("\n") else ""), ""
    if not text.startswith("#!"):
        return "", text
    first, found, rest = text.partition("\n")
    return first + (found or newline), rest


def _continued(before: str) -> tuple[str, str]:
    """Return `before` without its last line, and that line with all that it goes on from, where it ends in a backslash."""
    lines = _lines(before)
    start = len(lines)
    while start and _goes_on(lines[start - 1]):
        start -= 1
    if not start and before.startswith("#!"):
        start = 1
    return "".join(lines[:start]), "".join(lines[start:])


def _split(text: str, known: t.Iterable[str], original: str | None) -> tuple[str, str, str]:
    """Return what comes before the managed lines, the first block of them, and all that comes after but for other ones."""
    lines = _lines(text)
    ours = _ours(lines, known, original)
    if True not in ours:
        return text, "", ""
    first = ours.index(True)
    last = ours.index(False, first) if False in ours[first:] else len(lines)
    rest = [line for line, own in zip(lines[last:], ours[last:]) if not own]
    return "".join(lines[:first]), "".join(lines[first:last]), "".join(rest)


def _ours(lines: t.Sequence[str], known: t.Iterable[str], original: str | None) -> list[bool]:
    """Return for each line whether it is managed.

    It is between a begin line and its end line. Where somebody has damaged or removed one of them, it is a line of
    `known`, those that the state knows were written, unless `original`, the text before the first run, has it too.
    A begin line without its end line is managed, and no line of the user's behind it.
    """
    ours = [False] * len(lines)
    starts = [number for number, line in enumerate(lines) if line.strip().startswith(_BEGIN_PREFIX)]
    for start, limit in zip(starts, [*starts[1:], len(lines)]):
        end = next((number for number in range(start + 1, limit) if lines[number].strip() == END), start) + 1
        ours[start:end] = [True] * (end - start)  # also of a second block, which somebody copied: it would win
    written = {line.strip() for line in known}
    if written:
        written.add(END)
        theirs = collections.Counter(line.strip() for line in _lines(original or ""))
        for number in range(len(lines)):
            content = lines[number].strip()
            if ours[number] or content not in written:
                continue
            theirs[content] -= 1  # the first ones are those that were there
            ours[number] = theirs[content] < 0
    return ours


def _lines(text: str) -> list[str]:
    """Return the lines with their line ends. Not splitlines(): that also splits at form feeds and Unicode separators."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _goes_on(line: str) -> bool:
    """Return whether a line ends in a backslash that nothing escapes."""
    content = line.rstrip("\r\n")
    return (len(content) - len(content.rstrip("\\"))) % 2 == 1


class BlockEditor(Editor):
    """The editor of a block. `desired` is a mapping: `lines`, and `top` when the block must come first.

    With `takeover` (see TakeoverEditor) lines of others that set the same variables are comments.
    """

    name = "block"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        known = [*self.desired["lines"], *owned["lines"]] if owned else ()
        merged = merge(bring_back(text or ""), self.desired["lines"], self.desired["top"], known, original)
        takeover = self.desired.get("takeover")
        if not takeover:
            return merged
        before, managed, after = _split(merged, (), None)
        return "".join(
            [
                comment_out(before, takeover["names"], takeover["prefix"]),
                managed,
                comment_out(after, takeover["names"], takeover["prefix"]),
            ]
        )

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return revert(bring_back(text), self.desired["lines"], original)

    def left(self, text: str, original: str | None) -> list[str]:
        """Return the lines that still hold a password of ours: somebody has changed them and the markers around them."""
        passwords = {found for line in self.desired["lines"] for found in _PASSWORD.findall(line)}
        theirs = set(_lines(original or ""))
        lines = enumerate(_lines(self.revert(text, original, force=False)), 1)
        return [
            f"line {number}"
            for number, line in lines
            if line not in theirs and any(password in line for password in passwords)
        ]

    def present(self, text: str) -> bool:
        return bool(block(text))

    def marked(self, text: str) -> bool:
        return self.present(text)

    def view(self, text: str | None, masker: Masker) -> str:
        # a diff must not show the user's own lines
        takeover = self.desired.get("takeover")
        taken = view(revert(text or ""), takeover["names"]) if takeover else ""
        return masker.text(taken + block(text))
