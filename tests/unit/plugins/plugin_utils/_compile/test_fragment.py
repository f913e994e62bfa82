# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template made: what is refused, and how it is split."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.fragment import parse_fragment
from tests.bed.settings import PROXY, compiled, condarc, refusal

TEMPLATES = {
    "not YAML": ("a: b: c\n", "not YAML"),
    "not a mapping": ("- a\n", "not a mapping"),
    "not ASCII": ("ssl_verify: '\u00fc'\n", "ASCII"),
    "an unknown key": ("proxy_server: x\n", "proxy_server"),
    "a comment after a flag": ("ssl_verify: true #!final\n# why\nchannels: [a]\n", "comment line after"),
    "a flag with text": ("ssl_verify: true #!final locked\n", "flag that conda does not recognize"),
    "an anchor": ("channels: &a [x]\n", "cannot be merged"),
}


@pytest.mark.parametrize(("template", "says"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_template_that_makes_nonsense_is_refused(template: str, says: str) -> None:
    message = refusal(template, http=PROXY)
    assert message.startswith("conda_proxy_condarc_template ")
    assert says in message


def test_a_template_of_the_users_own() -> None:
    template = "# by us\nproxy_servers:\n  http: {{ condarc.proxy_servers.value.http }}\nchannel_priority: strict\n"
    result = compiled(template, http=PROXY, extra={"channel_priority": "strict"})
    assert condarc(result) == {"proxy_servers": {"http": PROXY}, "channel_priority": "strict"}


def test_keys_come_with_their_text() -> None:
    text = "ssl_verify: true\n# ours\nchannels: #!final\n  - a\nmine: 1\n"
    assert parse_fragment(text, ["mine"]) == (
        ("ssl_verify", "ssl_verify: true\n"),
        ("channels", "channels: #!final\n  - a\n"),
        ("mine", "mine: 1\n"),
    )
    assert parse_fragment("# nothing\n", ()) == ()
