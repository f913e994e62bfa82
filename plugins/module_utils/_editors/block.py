# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Edit a block of managed lines between two marker lines, in a file of somebody else."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor, newline_of
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

BEGIN = "# BEGIN condafleet.proxy: managed by Ansible, changes between these lines are lost"
END = "# END condafleet.proxy"
_BEGIN_PREFIX = BEGIN.partition(":")[0]


def merge(text: str | None, lines: t.Sequence[str], top: bool = False) -> str:
    """Return `text` with the managed block holding exactly `lines`.

    A block that is there keeps its place; a new one goes to the end, or with `top` to the beginning (behind a `#!`
    line), for files that return early. Line ends are the file's. A begin line without its end line counts as a block
    of that one line, so that no line of the user's is taken for a managed one.
    """
    text = text or ""
    newline = newline_of(text)
    block = newline.join([BEGIN, *lines, END]) + newline
    before, managed, after = _split(text)
    if managed:
        return before + block + after
    if top:
        if text.startswith("#!") and "\n" not in text:
            text += newline
        shebang = text.startswith("#!")
        first, rest = (text.partition("\n")[0] + "\n", text.partition("\n")[2]) if shebang else ("", text)
        return first + block + rest
    if text and not text.endswith("\n"):
        text += newline
    return text + block


def revert(text: str) -> str:
    """Return `text` without the managed block."""
    before, _managed, after = _split(text)
    return before + after


def block(text: str | None) -> str:
    """Return the managed block of `text` with its marker lines, or nothing."""
    return _split(text or "")[1]


def _split(text: str) -> tuple[str, str, str]:
    # not splitlines(): that also splits at form feeds and Unicode separators
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    starts = [number for number, line in enumerate(lines) if line.startswith(_BEGIN_PREFIX)]
    if not starts:
        return text, "", ""
    managed, after = "", ""
    for start, limit in zip(starts, [*starts[1:], len(lines)]):
        end = next((number for number in range(start + 1, limit) if lines[number].rstrip("\r\n") == END), start) + 1
        managed = managed or "".join(lines[start:end])  # a second block, which somebody copied, goes: it would win
        after += "".join(lines[end:limit])
    return "".join(lines[: starts[0]]), managed, after


class BlockEditor(Editor):
    """The editor of a block. `desired` is a mapping: `lines`, and `top` when the block must come first."""

    name = "block"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return merge(text, self.desired["lines"], self.desired["top"])

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return revert(text)

    def present(self, text: str) -> bool:
        return bool(block(text))

    def marked(self, text: str) -> bool:
        return self.present(text)

    def view(self, text: str | None, masker: Masker) -> str:
        # a diff must not show the user's own lines
        return masker.text(block(text))
