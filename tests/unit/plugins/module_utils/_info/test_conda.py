# SPDX-License-Identifier: GPL-3.0-or-later
"""What conda and mamba have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    conda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from pathlib import Path
USER = "proxy_servers:\n  https: http://user:1\n"


def subject(home: Path, **login: str) -> _rows.Subject:
    return _rows.Subject(LINUX, Account("ada", 1, 1, str(home), "/bin/bash"), login, "https://conda.anaconda.org")


def test_mamba_takes_the_condarc_then_the_environment(tmp_path: Path) -> None:
    mine = subject(tmp_path, https_proxy="http://env:1", http_proxy="http://env:2", no_proxy="x")
    (tmp_path / ".condarc").write_text(USER)
    row = conda.mamba("mamba", mine, "")
    assert (row.https_proxy, row.http_proxy, row.no_proxy) == ("http://user:1", "http://env:2", "x")
    assert row.decided_by["https_proxy"] == f"{tmp_path}/.condarc:2: proxy_servers.https"
    assert row.decided_by["http_proxy"] == "environment: http_proxy"
