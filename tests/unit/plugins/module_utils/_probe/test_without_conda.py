# SPDX-License-Identifier: GPL-3.0-or-later
"""Python alone, where there is no conda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import report as _report
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import scrubber as _scrubber
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    without_conda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda

if TYPE_CHECKING:
    import pytest


def test_without_conda_variables_are_expanded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict() -> tuple[str, str]:
        proxies = {"http": "http://${USER_OF_BARE}:${PW_OF_BARE}@127.0.0.1:9"}
        report, row = _report.Report(-1), _report.new_row("http://mirror.invalid/main")
        without_conda.Bare(report, _scrubber.Scrubber(), WithoutConda(proxy_servers=proxies), (1.0, 1.0)).check(
            "http://mirror.invalid/main", row
        )
        return row["verdict"], row["detail"]

    monkeypatch.setenv("USER_OF_BARE", "ada")
    assert verdict() == ("config_invalid", "The variable PW_OF_BARE in the proxy URL is not set.")
    monkeypatch.setenv("PW_OF_BARE", "secret")
    assert verdict()[0] == "refused_proxy"
