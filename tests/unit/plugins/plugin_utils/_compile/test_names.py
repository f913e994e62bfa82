# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are known, and what is said of the others."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS, VERIFICATION
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import (
    KNOWN,
    PREFIX,
    RENAMED,
    check_options,
    check_variables,
)


def sentence(*names: str) -> str:
    with pytest.raises(InvalidSettingError) as raised:
        check_variables(names)
    return raised.value.sentence(PREFIX)


def test_known_variables() -> None:
    playbooks = [
        "hosts",
        "canaries",
        "rings",
        "max_fail_percentage",
        "drift",
        "remove",
        "report_dir",
        "metrics_dir",
        "report_proof",
        "report_progress",
        "hold",
    ]
    assert {*OPTIONS, "become", "result", *playbooks} == KNOWN
    check_variables([PREFIX + name for name in KNOWN])
    check_variables(["conda_proxy_schedule_calendar", "conda_proxy", "my_conda_proxy_x", "inventory_hostname", "vars"])
    check_variables([])


def test_an_unknown_variable_is_named_with_the_nearest_one() -> None:
    assert sentence("conda_proxy_pasword", "other") == (
        "conda_proxy_pasword is not a variable of this collection (did you mean conda_proxy_password?); "
        "correct the name, or start the names of your own variables with a prefix other than conda_proxy_"
    )
    assert "(" not in sentence("conda_proxy_xyzzy")


def test_several_are_named_in_one_sentence() -> None:
    assert sentence("conda_proxy_xyzzy", "conda_proxy_http", "conda_proxy_chanels", "conda_proxy_deadline") == (
        "conda_proxy_chanels is not a variable of this collection (did you mean conda_proxy_channels?), "
        "nor is conda_proxy_deadline (it is called conda_proxy_verify_deadline now), nor is conda_proxy_xyzzy; "
        "correct the name, or start the names of your own variables with a prefix other than conda_proxy_"
    )


def test_the_new_names_are_options() -> None:
    assert set(RENAMED.values()) == {*VERIFICATION, "verify"}
    assert not set(RENAMED) & set(OPTIONS)


def test_an_option_of_an_earlier_release_is_refused_with_its_new_name() -> None:
    for old, new in RENAMED.items():
        with pytest.raises(InvalidSettingError, match=f"^{old} is called {new} now; use the new name"):
            check_options([old, "channels"])
    with pytest.raises(InvalidSettingError) as raised:
        check_options(["require", "info"])
    assert str(raised.value) == (
        "info is called verify_info now, and require is called verify; "
        "use the new name, and require: true was replaced by verify: require"
    )
    check_options(["channels", "verify", "verify_info"])
