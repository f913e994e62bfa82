# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/faults.md: every row names a test that exists."""

from __future__ import annotations

import re

from tests.bed.paths import CHECKOUT

PAGE = (CHECKOUT / "docs/faults.md").read_text(encoding="utf-8")


def test_every_row_names_a_test() -> None:
    short = dict(re.findall(r"`([A-Z])` is\s+`([\w/.]+\.py)`", PAGE))
    assert {"T", "M", "R"} <= set(short)
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| fault", "|--"))]
    assert len(rows) > 35
    for row in rows:
        found = re.search(r"\| (?:([A-Z])|`([\w/.]+\.py)`) `(test_\w+)` \|$", row)
        assert found, row
        path = CHECKOUT / "tests" / (short.get(found[1]) or found[2])
        assert f"def {found[3]}(" in path.read_text(encoding="utf-8"), row
