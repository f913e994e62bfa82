# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine in memory, as far as the engine knows one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryMachine:
    """Files by path. `activated` lists what was made to take effect; `uid` is who works there."""

    def __init__(self, separator: str = "/", uid: int = 7) -> None:
        self.separator = separator
        self.uid = uid
        self.files: dict[str, File] = {}
        self.folders: set[str] = set()
        self.activated: list[str] = []
        self.locked = 0

    def text(self, path: str) -> str | None:
        """The content of a file."""
        return self.files.get(path, File()).text

    def read(self, path: str, follow: bool = True, most: int = 0) -> File:  # noqa: ARG002
        return self.files.get(path, File())

    def write(
        self,
        path: str,
        new: File,
        check: str = "",  # noqa: ARG002
        private: bool = False,  # noqa: ARG002
        old: File | None = None,  # noqa: ARG002
    ) -> None:
        assert path.rpartition(self.separator)[0] in self.folders, f"{path}: its directory does not exist"
        self.files[path] = new if new.uid >= 0 else new._replace(uid=self.uid, gid=self.uid)

    def foresee(self, path: str, new: File, secret: bool = False) -> list[str]:  # noqa: ARG002
        return []

    def foresee_lock(self, directory: str, remove: bool = False) -> None:
        pass

    def remove(self, path: str, old: File | None = None) -> None:  # noqa: ARG002
        self.files.pop(path, None)

    def begin(self) -> None:
        pass

    def sweep(self, path: str) -> None:
        pass

    def missing_directories(self, path: str) -> list[str]:
        missing: list[str] = []
        folder = path.rpartition(self.separator)[0]
        while folder and folder not in self.folders:
            missing.insert(0, folder)
            folder = folder.rpartition(self.separator)[0]
        return missing

    def make_directory(self, path: str, private: bool = False) -> None:  # noqa: ARG002
        self.folders.add(path)

    def remove_directory(self, path: str) -> None:
        if not any(name.startswith(path + self.separator) for name in [*self.files, *self.folders]):
            self.folders.discard(path)

    def real(self, path: str) -> str:
        return path

    def activate(self, kind: str, read_back: bool, managed: bool) -> list[str]:  # noqa: ARG002
        self.activated.append(kind)
        return []

    @contextmanager
    def lock(self, folder: str) -> Iterator[None]:
        assert folder in self.folders
        self.locked += 1
        yield

    def remove_lock(self, folder: str) -> None:
        pass
