# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers by their own start-up."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    sessions,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_socket_that_a_killed_manager_left_is_no_manager(tmp_path: Path) -> None:
    path = str(tmp_path / "private")
    assert not sessions.answers(path)
    with socket.socket(socket.AF_UNIX) as manager:
        manager.bind(path)
        manager.listen()
        assert sessions.answers(path)
    assert not sessions.answers(path)
