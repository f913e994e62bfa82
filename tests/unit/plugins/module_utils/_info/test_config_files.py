# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers by their files and known rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    config_files,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info import curl as _curl
from ansible_collections.condafleet.proxy.plugins.module_utils._info import rows as _rows
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://ada:p%40ss@proxy.example.com:8080"


def subject(home: Path, **login: str) -> _rows.Subject:
    return _rows.Subject(LINUX, Account("ada", 1, 1, str(home), "/bin/bash"), login, "https://conda.anaconda.org")


def test_curl_and_pip_by_their_rules(tmp_path: Path) -> None:
    mine = subject(tmp_path, HTTP_PROXY="http://upper:1", HTTPS_PROXY="http://upper:2", REQUESTS_CA_BUNDLE="/r.pem")
    curl = _curl.curl(mine)
    assert (curl.http_proxy, curl.https_proxy, curl.ca_bundle) == ("", "http://upper:2", "")
    (tmp_path / ".curlrc").write_text('# proxy = no\nproxy = "http://rc:3"\ncacert /c.pem\n')
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\nproxy = http://pip:4\n")
    curl, pip = _curl.curl(mine), config_files.pip(mine)
    assert (curl.https_proxy, curl.decided_by["https_proxy"]) == ("http://rc:3", f"{tmp_path}/.curlrc:2")
    assert curl.ca_bundle == "/c.pem"
    assert pip.decided_by["https_proxy"] == f"{tmp_path}/.config/pip/pip.conf:2"
