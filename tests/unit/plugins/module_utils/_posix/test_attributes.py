# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes and access control lists of macOS by functions of libSystem; those of Linux: test_machine.py."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import attributes

if TYPE_CHECKING:
    from pathlib import Path

DENY = "group:ABCDEFAB-CDEF-ABCD-EFAB-CDEF0000000C:everyone:12:deny:delete"
ALLOW = "user:FFFFEEEE-DDDD-CCCC-BBBB-AAAA000001F5:ada:501:allow,file_inherit:read,write"


class Function:
    """A function of the library; records its calls."""

    restype: Any = None

    def __init__(self, library: Library, name: str) -> None:
        self._library, self._name = library, name

    def __call__(self, *arguments: Any) -> Any:
        self._library.calls.append((self._name, arguments))
        return self._library.answer(self._name)


class Library:
    """As much of libSystem as is used."""

    def __init__(self, entries: str = "", failures: dict[str, int] | None = None) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._failures = failures or {}
        self._text = ctypes.create_string_buffer(entries.encode())
        self._entries = entries

    def __getattr__(self, name: str) -> Function:
        function = Function(self, name)
        setattr(self, name, function)
        return function

    def answer(self, name: str) -> Any:
        if name in self._failures:
            ctypes.set_errno(self._failures[name])
            return -1
        if name == "acl_get_file":
            return 1 if self._entries else None
        return ctypes.addressof(self._text) if name == "acl_to_text" else 0

    def names(self) -> list[str]:
        return [name for name, _arguments in self.calls]


@pytest.fixture(autouse=True)
def no_attributes_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("listxattr", "getxattr", "setxattr", "removexattr"):
        monkeypatch.delattr(os, name, raising=False)


def use(monkeypatch: pytest.MonkeyPatch, library: Library) -> Library:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name, use_errno: library)  # noqa: ARG005
    return library


def copy(tmp_path: Path, private: bool) -> None:
    (tmp_path / "old").touch()
    with (tmp_path / "new").open("w") as stream:
        attributes.copy(str(tmp_path / "old"), stream.fileno(), private)


def test_a_file_of_others_keeps_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = use(monkeypatch, Library())
    copy(tmp_path, private=False)
    assert [arguments[3].value for name, arguments in library.calls if name == "fcopyfile"] == [4, 1]


def test_a_private_file_has_no_list_whatever_its_directory_hands_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = use(monkeypatch, Library())
    copy(tmp_path, private=True)
    assert [arguments[3].value for name, arguments in library.calls if name == "fcopyfile"] == [4]
    assert library.names()[-3:] == ["acl_init", "acl_set_fd_np", "acl_free"]
    (tmp_path / "old").unlink()
    library.calls.clear()
    with (tmp_path / "new").open("w") as stream:
        attributes.copy(str(tmp_path / "old"), stream.fileno(), private=True)
    assert "acl_set_fd_np" in library.names()


def test_an_attribute_that_only_macos_sets_fails_no_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Library(failures={"fcopyfile": errno.EPERM}))
    copy(tmp_path, private=True)


@pytest.mark.parametrize(("function", "private"), [("fcopyfile", False), ("acl_set_fd_np", True)])
def test_a_list_that_cannot_be_copied_or_removed_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, private: bool
) -> None:
    use(monkeypatch, Library(failures={function: errno.EIO}))
    with pytest.raises(OSError, match="Input/output"):
        copy(tmp_path, private)
    use(monkeypatch, Library(failures={function: errno.ENOTSUP}))
    copy(tmp_path, private)


@pytest.mark.parametrize(
    ("entries", "opened"),
    [
        ("", False),
        (f"!#acl 1\n{DENY}\n", False),
        (f"!#acl 1\n{DENY}\n{ALLOW}\n", True),
        (ALLOW.replace("read,write", "read,execute"), False),
        (ALLOW.replace("read,write", "delete_child"), True),
    ],
)
def test_who_may_write_by_a_list(monkeypatch: pytest.MonkeyPatch, entries: str, opened: bool) -> None:
    use(monkeypatch, Library(entries))
    assert attributes.opened_by_list("/x") is opened


class Status(NamedTuple):
    st_flags: int


@pytest.mark.parametrize(
    ("flags", "command"), [(0, ""), (stat.UF_IMMUTABLE, "chflags nouchg"), (stat.SF_IMMUTABLE, "chflags noschg")]
)
def test_flags_that_lock(monkeypatch: pytest.MonkeyPatch, flags: int, command: str) -> None:
    monkeypatch.setattr(os, "lstat", lambda _path: Status(flags))
    assert attributes.unlock_command("/x") == command


def test_a_system_without_flags(tmp_path: Path) -> None:
    assert attributes.unlock_command(str(tmp_path)) == ""
    assert attributes.unlock_command(str(tmp_path / "none")) == ""
