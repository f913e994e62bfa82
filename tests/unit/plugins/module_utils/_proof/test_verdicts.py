# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of verdicts, its page, and that the probe knows no other word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import exceptions, responses
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import failed_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import PAGE, VERDICTS, advise
from tests.bed.paths import CHECKOUT

SECTIONS = re.split(r"^## ", (CHECKOUT / PAGE).read_text("utf-8"), flags=re.MULTILINE)[1:]
PAGES = {section.split("\n", 1)[0]: " ".join(section.split()) for section in SECTIONS}
VARIABLES = [
    "http",
    "https",
    "username",
    "password",
    "no_proxy",
    "ca_bundle",
    "ca_bundle_src",
    "ssl_verify",
    "channels",
    "default_channels",
    "channel_alias",
    "custom_channels",
    "allowlist_channels",
    "denylist_channels",
    "override_channels_enabled",
    "remote_connect_timeout_secs",
    "remote_read_timeout_secs",
    "remote_max_retries",
    "extra",
    "netrc",
    "tls_to_proxy",
    "verify_deadline",
    "prefix",
]


def test_the_page_has_a_section_for_each_in_the_same_order() -> None:
    assert list(PAGES) == list(VERDICTS)


@pytest.mark.parametrize("name", [name for name in VERDICTS if name != "ok"])
def test_a_remedy_is_one_line_and_on_the_page(name: str) -> None:
    entry = VERDICTS[name]
    assert "\n" not in entry.remedy
    assert len(entry.remedy) < 200
    assert entry.remedy.replace("*", "\\*") in PAGES[name]
    assert ("*transient" in PAGES[name]) is entry.transient
    assert ("Python alone*" in PAGES[name]) is entry.python_alone


@pytest.mark.parametrize("name", [name for name in VERDICTS if name != "ok"])
def test_a_remedy_names_variables_of_the_role(name: str) -> None:
    named = re.findall(r"conda_proxy_(\w+)", VERDICTS[name].remedy)
    assert set(named) <= set(VARIABLES)
    assert named or "conda_proxy_*" in VERDICTS[name].remedy


def test_the_probe_says_no_other_word() -> None:
    """Every word in the probe's source that is formed like a verdict is in the table."""
    source = "".join(path.read_text("utf-8") for path in Path(responses.__file__).parent.glob("*.py"))
    words = re.findall(r'Verdict\(\s*"(\w+)"', source) + list(exceptions.VERDICTS)
    words += list(responses._STATUSES.values()) + re.findall(r'return "(\w+)", ', source)
    found = {name.replace("%", who) for name in words for who in ("proxy", "channel")}
    assert found - set(VERDICTS) == {"not_http"}  # its own intermediate word


def test_ok_needs_no_advice() -> None:
    row = failed_row("ok", "")
    assert advise(row) == row
    assert (row.remedy, row.see) == ("", "")
    assert advise(failed_row("dns_proxy", "")).see == "docs/verdicts.md#dns_proxy"
