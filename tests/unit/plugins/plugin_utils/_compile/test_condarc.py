# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the condarc itself."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import parse_condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.scope import parse_scope
from tests.bed.settings import refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "a name conda does not read": ({"condarc_path": "/etc/conda/proxy.conf"}, "conda_proxy_condarc_path", "end it in"),
    "own key in extra": ({"extra": {"verify_ssl": False}}, "conda_proxy_extra", "conda_proxy_ssl_verify"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_paths() -> None:
    assert refusal(condarc_path="etc/.condarc").startswith("conda_proxy_condarc_path is not an absolute path; ")
    assert "begin the path with /" in refusal(condarc_path="~/.condarc")
    assert "is the same file for several users" in refusal(
        condarc_path="/x/.condarc", scope="user", users=["ada", "bob"]
    )
    for path, windows, expected in (
        ("/etc/./conda/.condarc", False, "/etc/conda/.condarc"),
        ("C:/mine/.condarc", True, "C:\\mine\\.condarc"),
        ("~/x/.condarc", True, "~\\x\\.condarc"),
    ):
        options = validated(condarc_path=path, scope="user")
        assert parse_condarc(options, parse_scope(options, windows), windows).path == expected


def test_numbers_are_those_that_are_set() -> None:
    options = validated(remote_max_retries=0, remote_read_timeout_secs=1.5, extra={"channel_priority": "strict"})
    found = parse_condarc(options, parse_scope(options, False), False)
    assert found.numbers == {"remote_max_retries": 0, "remote_read_timeout_secs": 1.5}
    assert found.extra == {"channel_priority": "strict"}
    name = "remote_connect_timeout_secs"
    no_time: dict[str, Any] = {name: 0}
    assert refusal(**no_time) == f"conda_proxy_{name} is not a number above 0 and up to 86400; give seconds"
