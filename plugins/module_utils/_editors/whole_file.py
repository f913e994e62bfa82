# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Edit a file that belongs to the collection alone."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import HEADER, Editor

_TOP = 400  # characters: the first lines of XML are its own


class WholeEditor(Editor):
    """`desired` is the text of a file that belongs to the collection alone."""

    name = "whole"
    reverted = "the whole file is managed, so the edits were removed too"

    def marked(self, text: str) -> bool:
        return text.startswith(HEADER) or (text.startswith("<?xml ") and HEADER in text[:_TOP])

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        if text is None or owned is not None or self.marked(text):
            return []
        return ["the file had other content; the old content is kept in the state, and state: absent restores it"]

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return str(self.desired)

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return original or ""

    def present(self, text: str) -> bool:
        return True
