# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping that the template gets."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.condarc import Condarc
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import (
    CondarcKey,
    build_document,
    template_variable,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.tls import Tls
from tests.bed.settings import PROXY, compiled, condarc


def test_lock_flags_what_is_locked_and_nothing_else() -> None:
    result = compiled(http=PROXY, channels=["a"], lock=True, extra={"channel_priority": "strict"})
    fragment = dict(result.settings.fragment)
    flagged = {key for key, text in fragment.items() if "#!final" in text}
    assert flagged == {"proxy_servers", "ssl_verify", "channels", "override_channels_enabled"}
    assert condarc(result)["override_channels_enabled"] is False
    assert fragment["proxy_servers"].startswith("proxy_servers: #!final\n")


def test_a_variable_is_left_to_conda() -> None:
    result = compiled(http=PROXY, username="${PU}", password="${PP}", sections=["condarc"])
    assert condarc(result)["proxy_servers"]["http"] == "http://${PU}:${PP}@proxy.example.com:8080"
    assert result.settings.secret is False


def test_scalars_come_first_and_lists_are_lists() -> None:
    channels = Channels(channels=("a",), override_channels_enabled=False)
    condarc = Condarc(numbers={"remote_max_retries": 0}, extra={"envs_dirs": ["/e"], "quiet": True}, lock=True)
    document = build_document(channels, Tls(path="/a.pem"), condarc, None, NoProxy(()))
    assert list(document.items()) == [
        ("ssl_verify", CondarcKey("/a.pem", True)),
        ("override_channels_enabled", CondarcKey(False, True)),
        ("remote_max_retries", CondarcKey(0)),
        ("quiet", CondarcKey(True)),
        ("channels", CondarcKey(["a"], True)),
        ("envs_dirs", CondarcKey(["/e"])),
    ]
    assert template_variable(document)["channels"] == {"value": ["a"], "final": True}
