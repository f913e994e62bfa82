# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One managed file or registry value.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File


class Target(t.NamedTuple):
    """One file and what is wanted in it.

    C(access): C(keep) the mode that is there, C(exact) the C(mode) given, C(readable) by everybody at least,
    C(private) to the owner. C(uid): whose a file must be that we made; -1: whoever has it. C(check) runs on the new file
    before it counts, C(activate) once after all is written. C(sections) says on whose behalf, C(consumers) who reads it
    (for the user's eyes).
    """

    kind: str
    path: str
    editor: Editor
    sections: tuple[str, ...]
    mode: int = 0o644
    access: str = "keep"
    check: str = ""
    activate: str = ""
    follow: bool = True
    notice: str = ""
    uid: int = -1

    def wanted_owner(self, file: File, original: File) -> tuple[int, int]:
        """User and group. A file that was there before us keeps those that somebody chose."""
        if self.uid in (-1, file.uid) or not file.exists or original.exists:
            return file.uid, file.gid
        return self.uid, self.uid

    def wanted_mode(self, file: File) -> int:
        if not file.exists or self.access == "exact":
            return self.mode
        if self.access == "readable":
            return file.mode | 0o444
        if self.access == "private":
            return file.mode & ~0o077
        return file.mode
