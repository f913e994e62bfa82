# SPDX-License-Identifier: GPL-3.0-or-later
"""The netrc entries."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.netrc_entries import parse_netrc
from tests.bed.settings import NETRC, PROXY, SECRET, compiled, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "netrc default": (
        {"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, machine="default")]},
        "conda_proxy_netrc",
        "default entry",
    ),
    "netrc as text": (
        {"scope": "user", "sections": ["netrc"], "netrc": f"machine x login y password {SECRET}"},
        "conda_proxy_netrc",
        "list of mappings",
    ),
    "netrc with a newline": (
        {"scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, password=SECRET + "\nmachine evil")]},
        "conda_proxy_netrc",
        "line break",
    ),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_machines_are_compared_without_case() -> None:
    found = parse_netrc(validated(netrc=[dict(NETRC, machine="Mirror.Example.COM")]))
    assert found.entries == (NetrcEntry("mirror.example.com", "ada", SECRET),)
    assert found.machines == ("mirror.example.com",)
    twice = [NETRC, dict(NETRC, machine="MIRROR.example.com")]
    assert "entry 2 has the same machine as an earlier entry" in refusal(netrc=twice)


def test_entries_of_another_section_are_checked_and_not_sent() -> None:
    """Their machines are: a channel there asks for a login that the verified user is not meant to have."""
    sent = compiled(http=PROXY, netrc=[NETRC]).settings
    assert (sent.netrc, sent.secrets, sent.proof.logins) == ((), (), ("mirror.example.com",))
    assert "must have exactly the keys machine, login and password" in refusal(netrc=[{"machine": "x", "password": 1}])
