# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a secret may be read by others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.exposure import holds_secret
from tests.bed.settings import PROXY, SECRET, compiled, refusal

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: settings, the variable that is named, what the sentence says
    "password in system scope": (
        {"http": PROXY, "username": "ada", "password": SECRET},
        "conda_proxy_password",
        "conda_proxy_password_exposure: allow",
    ),
    "token in a channel in system scope": (
        {"channels": [f"https://mirror.example.com/t/{SECRET}/main"]},
        "conda_proxy_channels",
        "every user of the machine",
    ),
    "token as the user name of a channel in system scope": (
        {"channel_alias": f"https://{SECRET}@mirror.example.com"},
        "conda_proxy_channel_alias",
        "conda_proxy_netrc",
    ),
    "password in the proxy's URL in system scope": (
        {"http": f"http://ada:{SECRET}@proxy.example.com:8080"},
        "conda_proxy_http",
        "every user of the machine",
    ),
    "password deep in extra in system scope": (
        {"extra": {"custom_multichannels": {"corp": ["a", f"https://svc:{SECRET}@host.example.com/x"]}}},
        "conda_proxy_extra",
        "conda_proxy_password_exposure: allow",
    ),
    "variable beside the environment": (
        {"http": PROXY, "username": "ada", "password": "${PROXY_PASSWORD}"},
        "conda_proxy_password",
        "[condarc]",
    ),
}


@pytest.mark.parametrize(("settings", "variable", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(settings: dict[str, Any], variable: str, says: str) -> None:
    message = refusal(**settings)
    assert message.startswith(variable + " ")
    assert says in message


SECRETS: dict[str, tuple[bool, dict[str, Any]]] = {
    # name: is it one, settings
    "password in extra": (True, {"extra": {"x": {"corp": [f"https://svc:{SECRET}@host/x"]}}}),
    "token in a key of extra": (True, {"extra": {"x": {f"https://host/t/{SECRET}/x": 1}}}),
    "token as a channel's user": (True, {"channels": [f"https://{SECRET}@host/x"]}),
    "the same with a colon": (True, {"custom_channels": {"x": f"https://{SECRET}:@host/x"}}),
    "a variable as a channel's user": (False, {"channels": ["https://${TOKEN}@host/x", "https://host/t/${TOKEN}/x"]}),
    "a variable as a channel's password": (False, {"extra": {"x": ["https://svc:${TOKEN}@host/x"]}}),
    "a user of a proxy": (False, {"http": PROXY, "username": "ada"}),
    "an address in a path": (False, {"channels": ["https://host/a@b"], "extra": {"x": ["ada@example.com", None, 1]}}),
}


@pytest.mark.parametrize(("secret", "settings"), SECRETS.values(), ids=SECRETS.keys())
def test_what_makes_files_private(secret: bool, settings: dict[str, Any]) -> None:
    assert compiled(scope="user", **settings).settings.secret is secret


def test_a_password_that_a_template_writes_is_seen() -> None:
    own = f"proxy_servers:\n  http: http://ada:{SECRET}@proxy.example.com:8080\n"
    assert compiled(own, http=PROXY, scope="user").settings.secret is True
    assert refusal(own, http=PROXY).startswith("conda_proxy_condarc_template ")
    name_alone = "proxy_servers:\n  http: http://ada:@proxy.example.com:8080\n"
    assert compiled(name_alone, http=PROXY).settings.secret is False


def test_the_ways_out_are_named() -> None:
    message = refusal(http=PROXY, username="ada", password=SECRET)
    assert "use conda_proxy_scope: user, '${NAME}', a proxy that authenticates by address" in message
    assert compiled(http=PROXY, username="ada", password=SECRET, password_exposure="allow").settings.secret


def test_a_name_alone_is_a_secret_in_a_channel_only() -> None:
    assert holds_secret("http://token@host/x")
    assert not holds_secret("http://ada@proxy:1", proxy=True)
