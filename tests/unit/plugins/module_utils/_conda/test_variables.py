# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables matter: every one that this project writes is among those it looks at."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._conda import variables
from tests.bed.settings import CERTIFICATE, PROXY, compiled


def test_what_is_written_is_looked_at() -> None:
    written = compiled(http=PROXY, https=PROXY, no_proxy=["localhost"], pem=CERTIFICATE, ca_bundle="/x.pem").settings
    names = set(written.variables)
    assert {"http_proxy", "https_proxy", "no_proxy"} <= names
    assert names <= set(variables.NAMES), names - set(variables.NAMES)


def test_proxies_are_looked_at_in_both_cases() -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        assert {name, name.upper()} <= set(variables.NAMES)


def test_settings_of_conda_go_by_their_prefix() -> None:
    assert not [name for name in variables.NAMES if name.startswith(variables.PREFIX)]
