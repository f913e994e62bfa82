# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the last runs."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.history import SHOWN, Past
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.picture import picture


def past(number: int, **totals: int) -> Past:
    return Past(f"2026-01-01T00:00:{number:02}", totals)


def test_one_run_is_no_picture() -> None:
    assert picture([]) == picture([past(1, in_order=3)]) == ""


def test_one_host_of_hundreds_is_seen_and_bars_stay_in_the_picture() -> None:
    runs = [past(1, in_order=299, failed=1), past(2, in_order=300), past(3, unreachable=1), past(4)]
    root = ET.fromstring(picture(runs))  # noqa: S314  # our own
    bars = [group for group in root if group.tag == "g"]
    assert len(bars) == 4
    first = [(float(part.get("y", "")), float(part.get("height", ""))) for part in bars[0] if part.tag == "rect"]
    assert min(height for _top, height in first) >= 4
    assert abs(sum(height for _top, height in first) - 120) < 0.2
    assert all(top >= -0.1 for top, _height in first)
    assert [part.text for part in bars[0] if part.tag == "title"] == [
        "2026-01-01T00:00:01: 299 in order, 1 drift or failed"
    ]
    assert not [part for part in bars[3] if part.tag == "rect"]
    fills = {part.get("fill") for group in bars for part in group if part.tag == "rect"}
    assert len(fills) == 3, "a pattern of its own for each kind"


def test_at_most_so_many_are_shown() -> None:
    root = ET.fromstring(picture([past(number % 60, in_order=1) for number in range(200)]))  # noqa: S314
    assert sum(group.tag == "g" for group in root) == SHOWN
