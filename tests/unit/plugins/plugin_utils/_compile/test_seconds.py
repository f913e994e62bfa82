# SPDX-License-Identifier: GPL-3.0-or-later
"""Times."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.seconds import check_seconds


def test_only_the_named_options_are_checked() -> None:
    options = {"a": 0.1, "b": None, "c": 0}
    check_seconds(options, "a", "b")
    with pytest.raises(InvalidSettingError, match=r"^c is not a number above 0 and up to 86400; give seconds$"):
        check_seconds(options, "a", "c")
