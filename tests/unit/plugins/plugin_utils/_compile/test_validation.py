# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that must fit each other or the machine."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import check_dialects
from tests.bed.settings import NETRC, PROXY, refusal

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "netrc for the proxy": (
        {"http": PROXY, "scope": "user", "sections": ["netrc"], "netrc": [dict(NETRC, machine="Proxy.Example.com")]},
        "conda_proxy_netrc",
        "never used to authenticate to a proxy",
    ),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_what_no_environment_file_can_hold_is_refused() -> None:
    with pytest.raises(
        InvalidSettingError, match=r"^no_proxy or a path results in a variable that is not valid in an environment file"
    ):
        check_dialects({"REQUESTS_CA_BUNDLE": "/a\nb"})
