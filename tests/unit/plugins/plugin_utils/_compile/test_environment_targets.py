# SPDX-License-Identifier: GPL-3.0-or-later
"""Which readers of environment variables are managed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.environment_targets import (
    parse_environment_targets,
)
from tests.bed.settings import refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "unknown target": ({"environment_targets": ["bash"]}, "conda_proxy_environment_targets", "choose from"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_no_name_means_the_platform_s() -> None:
    assert parse_environment_targets(validated()) == ()
    assert parse_environment_targets(validated(environment_targets=["sudoers"])) == ("sudoers",)
