# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The base of all editors: pure functions from text to text, one class per kind of content.

An editor holds the `desired` content as JSON, so that the state on the machine records it and a later run can revert it
without knowing the settings. Check mode, diff, idempotence and removal all follow from this.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker

HEADER = "# Managed by Ansible (condafleet.proxy): changes are lost"


def newline_of(text: str) -> str:
    """Return the line end of a file: that of its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") and "\n" in text else "\n"


class Editor:
    """An editor of one kind of content. `edit` is idempotent, `revert` undoes it; `text` is None for a missing file."""

    name = ""
    reverted = "only the managed part was removed"

    def __init__(self, desired: t.Any) -> None:
        self.desired = desired

    def owned(self) -> t.Any:
        """Return what the state keeps of `desired`: enough to make an editor that can revert it."""
        return self.desired

    def reason(self, owned: t.Any) -> str:
        """Return why a change is needed when `owned` differs from what is desired now."""
        return "rotated"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        """Return `text` with what is desired. What was `owned` and is no longer desired becomes what it was in `original`."""
        raise NotImplementedError

    def revert(self, text: str, original: str | None, force: bool) -> str:
        """Return `text` without the managed part; with `force` also where somebody has changed that since."""
        raise NotImplementedError

    def left(self, text: str, original: str | None) -> list[str]:
        """Return the names of what `revert` left in `text`, because somebody has changed it since."""
        return []

    def present(self, text: str) -> bool:
        """Return whether anything is managed in `text`."""
        raise NotImplementedError

    def marked(self, text: str) -> bool:
        """Return whether `text` carries the collection's mark."""
        return False

    def view(self, text: str | None, masker: Masker) -> str:
        """Return what a diff shows of `text`: secrets are masked."""
        return masker.text(text or "")

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        """Return what is lost from `text` when the desired content is written."""
        return []

    def findings(self, text: str) -> list[str]:
        """Return what keeps the finished text from working, although it is as desired."""
        return []
