# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that must fit each other or the machine."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.validation import check_sizes
from tests.bed.settings import NETRC, PROXY, SECRET, refusal

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


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"remote_max_retries": -1}, "conda_proxy_remote_max_retries is not a number from 0 to 1000"),
        ({"remote_backoff_factor": -1}, "conda_proxy_remote_backoff_factor is not a number from 0 to 1000"),
        ({"prefix": "opt/conda"}, "conda_proxy_prefix is not the absolute path"),
        ({"prefix": "/opt/conda\nx"}, "conda_proxy_prefix contains a control character"),
        ({"scope": "user", "home": "/home/a\nb"}, "conda_proxy_home contains a control character"),
        ({"ca_bundle": "/a\nb.pem"}, "conda_proxy_ca_bundle contains a control character"),
        ({"condarc_path": "/etc/x\ny.yml"}, "conda_proxy_condarc_path contains a control character"),
        ({"condarc_path": "~/../x.yml", "scope": "user"}, "conda_proxy_condarc_path contains .."),
        ({"condarc_path": "/etc/conda/../../x.yml"}, "conda_proxy_condarc_path contains .."),
        (
            {"no_proxy": [f"host{number:05}.example.com" for number in range(10_000)]},
            "conda_proxy_no_proxy makes a variable",
        ),
    ],
)
def test_what_cannot_work_is_refused_by_its_own_name(given: dict[str, Any], says: str) -> None:
    assert refusal(**{"http": PROXY, **given}).startswith(says)


def test_a_password_without_a_user_is_named_where_it_stands() -> None:
    assert refusal(http=f"http://:{SECRET}@p:1").startswith("conda_proxy_http has a password without a user name")


def test_a_variable_that_every_program_can_be_started_with() -> None:
    check_sizes({"no_proxy": "a" * 32_000})
    with pytest.raises(InvalidSettingError, match=r"^no_proxy makes a variable"):
        check_sizes({"no_proxy": "a" * 32_001})
