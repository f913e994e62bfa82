# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host is left alone, and until when."""

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.hold import parse_hold

TODAY = dt.date(2026, 11, 30)


def test_a_hold_and_one_that_is_over() -> None:
    hold = parse_hold({"hold": " ticket 123 until 2026-11-30 "}, TODAY)
    assert hold is not None
    assert (hold.text, hold.until, hold.expired, hold.warnings) == (
        "ticket 123 until 2026-11-30",
        "2026-11-30",
        False,
        [],
    )
    over = parse_hold({"hold": "ticket until 2026-11-29"}, TODAY)
    assert over is not None
    assert over.expired
    assert "expired on 2026-11-29" in over.warnings[0]
    assert parse_hold({"hold": None}, TODAY) is None


@pytest.mark.parametrize(
    "text", ["ticket 123", "until 2026-12-01", "ticket until 2026-13-01", "ticket until soon", "x"]
)
def test_a_hold_without_a_reason_or_a_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettingError) as raised:
        parse_hold({"hold": text}, TODAY)
    assert raised.value.sentence("conda_proxy_").startswith("conda_proxy_hold does not give a reason and a last day; ")
