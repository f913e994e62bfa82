# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line of a file sets a variable."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._info import (
    assignments,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects

PROXY = "http://ada:p%40ss@proxy.example.com:8080"


@pytest.mark.parametrize("dialect", sorted(dialects._DIALECTS))
def test_what_we_write_is_found(dialect: str) -> None:
    if dialect in ("sudoers", "sysconfig_proxy"):
        return  # names without values, and names in upper case only
    lines = ["# comment, isn't it", *dialects._DIALECTS[dialect]({"https_proxy": PROXY, "no_proxy": "a,b"})]
    place = assignments.find("https_proxy", PROXY, [("/f", "\n".join(lines))])
    number = next(number for number, line in enumerate(lines, 1) if "https_proxy" in line)
    assert place == f"/f:{number}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"export A=1 https_proxy={PROXY}", True),
        (f'  https_proxy="{PROXY}"; export https_proxy', True),
        (f"if true; then export https_proxy='{PROXY}'; fi", True),
        (f"setenv https_proxy {PROXY}", True),
        (f"set -gx https_proxy {PROXY}", True),
        ('export https_proxy="http://$HOST:8080"', True),  # computed: nothing else can have set it
        (f"# export https_proxy={PROXY}", False),
        (f"export my_https_proxy={PROXY}", False),
        ("export https_proxy=http://other:1", False),
        ("echo https_proxy", False),
    ],
)
def test_lines_that_set_a_variable(line: str, found: bool) -> None:
    assert assignments.find("https_proxy", PROXY, [("/a", "\n" + line)]) == ("/a:2" if found else "")


def test_the_last_line_that_sets_the_value_counts() -> None:
    files = [("/a", f"https_proxy={PROXY}\nhttps_proxy={PROXY}\n"), ("/b", "https_proxy=x\n")]
    assert assignments.find("https_proxy", PROXY, files) == "/a:2"
