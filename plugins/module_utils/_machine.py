# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What the engine needs of an operating system."""

from __future__ import annotations

import hashlib
import typing as t


class MachineError(Exception):
    """Something on the machine stands in the way; the message is one sentence that names the path and the reason.

    `needs` names what the control node could send to help.
    """

    needs = ""


class File(t.NamedTuple):
    """One file as it was read. `mode`, `uid` and `gid` are POSIX; a missing file has `data` None."""

    data: bytes | None = None
    mode: int = 0
    uid: int = -1
    gid: int = -1

    @property
    def exists(self) -> bool:
        return self.data is not None

    @property
    def text(self) -> str | None:
        """The content as text; bytes that are not UTF-8 survive the way back through encode()."""
        return None if self.data is None else self.data.decode("utf-8", "surrogateescape")

    @property
    def digest(self) -> str:
        return "" if self.data is None else hashlib.sha256(self.data).hexdigest()


def is_blank(text: str) -> bool:
    """Return whether a file's text has nothing but line ends and a byte order mark."""
    return not text.strip("\ufeff\r\n")


def encode(text: str) -> bytes:
    """Return the bytes of a text that File.text gave."""
    return text.encode("utf-8", "surrogateescape")


class Machine(t.Protocol):
    """An operating system, as far as the engine knows one. Every method raises MachineError with a sentence."""

    separator: str

    def read(self, path: str, follow: bool = True) -> File:
        """Read a file; a missing one is File(). With `follow` false a symbolic link is refused."""

    def write(self, path: str, new: File, check: str = "") -> None:
        """Replace or create a file as a whole: old or new, never torn. `check` runs on the new one before it counts."""

    def remove(self, path: str) -> None:
        """Remove a file; a missing one is fine."""

    def begin(self) -> None:
        """Begin to write: what is read from here on is how it is now."""

    def sweep(self, path: str) -> None:
        """Remove what a write of `path` that was killed may have left beside it."""

    def missing_directories(self, path: str) -> list[str]:
        """Return the directories that must be made before `path` can be written, outermost first."""

    def make_directory(self, path: str, private: bool = False) -> None:
        """Make one directory; one that is there is fine."""

    def remove_directory(self, path: str) -> None:
        """Remove a directory if it is empty."""

    def real(self, path: str) -> str:
        """Return the path without symbolic links: two names of one file give the same."""

    def activate(self, kind: str, read_back: bool, managed: bool) -> list[str]:
        """Make a change take effect (`systemd_reload`, ...), look whether it did, and return warnings.

        `managed`: something of that kind is managed on this machine when the run is over.
        """

    def lock(self, directory: str) -> t.ContextManager[None]:
        """Hold the only lock on the state in `directory`."""

    def remove_lock(self, directory: str) -> None:
        """Remove what the lock lies in: the state in `directory` goes."""
