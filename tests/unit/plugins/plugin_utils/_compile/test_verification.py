# SPDX-License-Identifier: GPL-3.0-or-later
"""How conda's connectivity is verified."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.verification import parse_verification
from tests.bed.settings import PROXY, compiled, refusal, validated

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "no time": ({"verify_deadline": float("nan")}, "conda_proxy_verify_deadline", "give seconds"),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


def test_every_option_arrives() -> None:
    given = {"deadline": 1.5, "connect_timeout": 2.5, "read_timeout": 3.5, "packages": True, "info": True}
    options: dict[str, Any] = {f"verify_{name}": value for name, value in given.items()}
    found = parse_verification(validated(verify="report", prefix="/opt/conda", **options))
    assert (found.mode, found.prefix) == ("report", "/opt/conda")
    assert {name: getattr(found.proof, name) for name in given} == given
    sent = compiled(http=PROXY, verify="report", **options).settings
    assert {name: getattr(sent.proof, name) for name in given} == given


@pytest.mark.parametrize("name", ["verify_deadline", "verify_connect_timeout", "verify_read_timeout"])
@pytest.mark.parametrize("value", [0, -1.5, float("inf"), float("nan")])
def test_times_are_above_0(name: str, value: float) -> None:
    given: dict[str, Any] = {name: value}
    assert refusal(**given) == f"conda_proxy_{name} is not a number above 0 and up to 86400; give seconds"


def test_without_sections_verification_is_all_that_is_requested() -> None:
    assert compiled(verify="none", sections=[]).settings.verify == "rollback"
    assert compiled(http=PROXY, verify="none").settings.verify == "none"


@pytest.mark.parametrize("prefix", ["/opt/conda", "~/miniforge3", "C:\\ProgramData\\miniconda3", "C:/conda"])
def test_where_a_base_may_be(prefix: str) -> None:
    assert compiled(http=PROXY, prefix=prefix).settings.prefix == prefix
