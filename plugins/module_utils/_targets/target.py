# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""One managed file or registry value."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File


class Target(t.NamedTuple):
    """A path, and the editor that holds its desired content."""

    kind: str  # condarc, environment, netrc, ca_bundle
    path: str
    editor: Editor
    sections: tuple[str, ...]  # that need it
    mode: int = 0o644  # of a new file
    access: str = "keep"  # keep: the current mode; exact: `mode`; readable: by everybody; private: owner only
    check: str = ""  # one of the platform's checks
    activate: str = ""  # one of the platform's activations
    follow: bool = True  # symbolic links
    notice: str = ""  # how to make a change visible
    uid: int = -1  # owner of a file that the collection creates; -1: the user who creates it

    @property
    def optional(self) -> bool:
        """Whether the rest is applied when this file cannot be written: it holds lines of others only."""
        return self.editor.name == "takeover"

    @property
    def private(self) -> bool:
        """Whether only its owner may read the file."""
        return self.access == "private" or (self.access == "exact" and not self.mode & 0o077)

    def desired_owner(self, file: File, original: File) -> tuple[int, int]:
        """Return uid and gid. A file that existed before it was managed keeps its own."""
        if self.uid in (-1, file.uid) or not file.exists or original.exists:
            return file.uid, file.gid
        return self.uid, self.uid

    def desired_mode(self, file: File) -> int:
        """Return the mode of the file after the change."""
        if not file.exists or self.access == "exact":
            return self.mode
        if self.access == "readable":
            return file.mode | 0o444
        if self.access == "private":
            return file.mode & ~0o077
        return file.mode
