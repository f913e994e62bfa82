# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Comment out lines of others that set the managed variables, and bring them back."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.statements import settings
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

_MARK = "# condafleet.proxy took over: "
# a command that does nothing: a shell refuses an `if` whose body is only a comment
SHELL = ": " + _MARK
PLAIN = _MARK  # of files that are no program
_TAKEN = re.compile(rf"^([ \t]*)(?:: )?{re.escape(_MARK)}", re.MULTILINE)


def comment_out(text: str, names: t.Collection[str], prefix: str) -> str:
    """Return `text` in which the lines that set one of `names`, and do nothing else, are comments."""
    lines = text.split("\n")
    for setting in settings(text, names):
        if setting.alone:
            line = lines[setting.line - 1]
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            lines[setting.line - 1] = indent + prefix + line[len(indent) :]
    return "\n".join(lines)


def bring_back(text: str) -> str:
    """Return `text` with the lines that comment_out() changed as they were."""
    return _TAKEN.sub(r"\1", text)


def has_taken(text: str) -> bool:
    """Return whether a line of `text` was commented out."""
    return bool(_TAKEN.search(text))


def view(text: str, names: t.Collection[str]) -> str:
    """Return the lines of `text` that are or can be commented out, and no other line of the user's."""
    lines = text.split("\n")
    mine = {setting.line for setting in settings(text, names) if setting.alone}
    mine.update(number for number, line in enumerate(lines, 1) if _TAKEN.match(line))
    return "".join(lines[number - 1].rstrip("\r") + "\n" for number in sorted(mine))


class TakeoverEditor(Editor):
    """The editor of a file that holds nothing of ours. `desired` is a mapping: `names` and `prefix`."""

    name = "takeover"
    reverted = "only the lines that were commented out were brought back"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return comment_out(bring_back(text or ""), self.desired["names"], self.desired["prefix"])

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return bring_back(text)

    def present(self, text: str) -> bool:
        return has_taken(text)

    def marked(self, text: str) -> bool:
        return has_taken(text)

    def view(self, text: str | None, masker: Masker) -> str:
        return masker.text(view(text or "", self.desired["names"]))
