# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system refuses is one sentence: path, reason, way out."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.refusal import refusal


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_has_path_reason_and_way_out(number: int) -> None:
    message = str(refusal("/home/ada/.condarc", "cannot be written", OSError(number, os.strerror(number))))
    start, _semicolon, way_out = message.partition("; ")
    assert start == f"/home/ada/.condarc cannot be written: {os.strerror(number)}"
    assert way_out.endswith(" and run again")


@pytest.mark.parametrize(("name", "word"), [("ENOSPC", "df -i"), ("EROFS", "writable"), ("EBUSY", "unmount")])
def test_what_is_common_has_a_way_out_of_its_own(name: str, word: str) -> None:
    assert word in str(refusal("/x", "cannot be written", OSError(getattr(errno, name), "no")))


def test_a_lock_comes_with_the_command_that_takes_it() -> None:
    message = str(refusal("/x", "cannot be removed", PermissionError(errno.EPERM, "no"), "chattr -i"))
    assert message == "/x cannot be removed: a flag of the file system locks it; run chattr -i on it and run again"


def test_an_error_without_a_text_is_named_by_its_kind() -> None:
    assert "TimeoutError; correct that" in str(refusal("/x", "cannot be read", TimeoutError()))
