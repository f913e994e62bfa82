# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The interface between the engine and an operating system."""

from __future__ import annotations

import contextlib
import hashlib
import typing as t

MOST_BYTES = 4 << 20  # of one managed file
_ATTEMPTS = 20  # while another program edits the same files, or another run comes and goes

T = t.TypeVar("T")


class MachineError(Exception):
    """An expected failure on the host. The message names the path and the reason.

    `needs` names what the control node can send so that the next attempt succeeds. `cause` is set for a fault that other
    files have too: the directory, or the file system.
    """

    needs = ""
    cause = ""


class EditedError(MachineError):
    """Another program wrote a file between its reading and its replacement. Nothing was changed; plan again."""


class GoneError(MachineError):
    """The state directory was removed by another run (`state: absent`) while this one waited for its lock."""


def insist(action: t.Callable[[], T], interruption: type[MachineError]) -> T:
    """Return what `action` returns. Repeat it while another program or run comes in between; the last time, raise."""
    for _attempt in range(_ATTEMPTS - 1):
        with contextlib.suppress(interruption):
            return action()
    return action()


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
        """The content as text; encode() turns it back into the same bytes, also those that are not UTF-8."""
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
    """What the engine uses of an operating system. Every method may raise MachineError."""

    separator: str

    def read(self, path: str, follow: bool = True, most: int = MOST_BYTES) -> File:
        """Return a file; `File()` for a missing one. Refuse a symbolic link when `follow` is false.

        Refuse a file of more than `most` bytes, and whatever is no regular file.
        """

    def foresee(self, path: str, new: File, secret: bool = False) -> list[str]:
        """Return warnings about writing `new`, or about removing the file when that does not exist. Change nothing.

        `secret`: the new text has one. Raise MachineError for what `write` or `remove` would refuse.
        """

    def foresee_lock(self, directory: str, remove: bool = False) -> None:
        """Raise MachineError when `lock` would, but for another run; with `remove`, when `remove_lock` would."""

    def write(self, path: str, new: File, check: str = "", private: bool = False, old: File | None = None) -> None:
        """Replace or create a file atomically.

        The command `check` must accept the new file before it is used. `private`: nothing but the mode may open it to
        others, such as an access control list. `old`: what was read; raise EditedError when it is something else now.
        """

    def remove(self, path: str, old: File | None = None) -> None:
        """Remove a file; do nothing when it does not exist. `old` as for `write`."""

    def begin(self) -> None:
        """Begin to write: what is read from here on is how it is now."""

    def sweep(self, path: str) -> None:
        """Remove temporary files that a killed write of `path` left beside it."""

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
        """Hold the only lock on the state in `directory`. Raises GoneError when there is no such directory."""

    def remove_lock(self, directory: str) -> None:
        """Remove what the lock lies in: the state in `directory` goes."""
