# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions of the probe."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import classify
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import (
    ConnectTimeoutError,
    ProxyAuthenticationError,
    Verdict,
)


def test_a_verdict_carries_its_facts_and_its_text_is_the_name_alone() -> None:
    with pytest.raises(Verdict) as raised:
        raise Verdict("proxy_forbidden", "Zq7 detail", connect_status=403)
    assert (raised.value.name, raised.value.detail, raised.value.facts) == (
        "proxy_forbidden",
        "Zq7 detail",
        {"connect_status": 403},
    )
    assert str(raised.value) == "proxy_forbidden"


def test_a_407_keeps_its_headers_out_of_its_text() -> None:
    error = ProxyAuthenticationError(["Basic realm=Zq7"])
    assert error.headers == ["Basic realm=Zq7"]
    assert "Zq7" not in str(error)


def test_a_timeout_of_ours_is_judged_like_the_one_of_urllib3_whose_name_it_has() -> None:
    theirs = type("ConnectTimeoutError", (Exception,), {})
    for proxied in (False, True):
        assert classify(ConnectTimeoutError(), proxied)[0] == classify(theirs(), proxied)[0]
        assert "timeout" in classify(ConnectTimeoutError(), proxied)[0]
