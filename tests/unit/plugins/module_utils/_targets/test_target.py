# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode and owner of a target's file."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import File
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.target import Target

MISSING = File()


def target(mode: int = 0o644, access: str = "keep", uid: int = -1) -> Target:
    return Target("environment", "/x", WholeEditor("a\n"), ("environment",), mode, access, uid=uid)


@pytest.mark.parametrize(
    ("access", "mode", "there", "desired"),
    [
        ("keep", 0o644, 0o640, 0o640),
        ("exact", 0o440, 0o666, 0o440),
        ("exact", 0o600, 0o644, 0o600),
        ("readable", 0o644, 0o600, 0o644),
        ("readable", 0o644, 0o755, 0o755),
        ("private", 0o600, 0o644, 0o600),
        ("private", 0o600, 0o400, 0o400),
        ("private", 0o600, 0o775, 0o700),
    ],
)
def test_the_mode(access: str, mode: int, there: int, desired: int) -> None:
    assert target(mode, access).desired_mode(File(b"", there)) == desired
    assert target(mode, access).desired_mode(MISSING) == mode, "a new file"


@pytest.mark.parametrize(
    ("uid", "file", "original", "desired"),
    [
        (-1, File(b"", 0, 5, 6), MISSING, (5, 6)),
        (0, File(b"", 0, 5, 6), MISSING, (0, 0)),
        (0, File(b"", 0, 0, 6), MISSING, (0, 6)),
        (0, File(b"", 0, 5, 6), File(b"mine"), (5, 6)),
        (0, MISSING, MISSING, (-1, -1)),
    ],
    ids=["nobody-s", "we-made-it", "right-already", "it-was-there", "new"],
)
def test_the_owner(uid: int, file: File, original: File, desired: tuple[int, int]) -> None:
    assert target(uid=uid).desired_owner(file, original) == desired
