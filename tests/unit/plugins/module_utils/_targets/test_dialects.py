# SPDX-License-Identifier: GPL-3.0-or-later
"""What the quoters refuse, and how they say so. The real readers: tests/integration/hosts/test_dialects.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects
from tests.bed import hostile

MARKER = "Zq7Marker"
DIALECTS = sorted(dialects._DIALECTS)


def test_every_dialect_of_the_platforms_is_there() -> None:
    used = {row.dialect for table in supported.PLATFORMS.values() for row in table.system + table.user if row.dialect}
    assert used <= set(DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("char", ["\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\udcff", "\ufffe", "\U0010ffff"])
def test_no_dialect_takes_control_characters(dialect: str, char: str) -> None:
    with pytest.raises(dialects.Unrepresentable, match=r"^http_proxy contains") as refusal:
        dialects.render(dialect, {"no_proxy": "fine", "http_proxy": f"{MARKER}{char}{MARKER}"})
    assert MARKER not in str(refusal.value)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(value=hostile.text)
def test_a_refusal_names_the_variable_and_never_the_value(dialect: str, value: str) -> None:
    try:
        lines = dialects.render(dialect, {"no_proxy": MARKER + value + MARKER, "NO_PROXY": value})
    except dialects.Unrepresentable as refusal:
        message, lines = str(refusal), []
    else:
        message = "no_proxy"
    assert message.partition(" ")[0].lower() == "no_proxy"
    assert MARKER not in message
    # a short value may stand in the sentence by chance, as "a # " did
    assert len(value) < 12 or value not in message
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize("dialect", [one for one in DIALECTS if one != "sysconfig_proxy"])
@given(
    names=st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True), min_size=1, max_size=9, unique=True)
)
def test_the_order_is_kept(dialect: str, names: list[str]) -> None:
    text = "\n".join(dialects.render(dialect, {name: f"<{number}>" for number, name in enumerate(names)}))
    marks = [f'{name}="<' if dialect == "environment_d" else name for name in names]
    if dialect == "sudoers":
        assert text.partition('"')[2].rstrip('"').split(" ") == names
    else:
        places = [text.index(f"<{number}>") for number in range(len(marks))]
        assert places == sorted(places)


def test_what_a_proxy_url_needs_is_taken_by_all() -> None:
    url = "http://us%23er:p%40%24%22%5Cw%C3%A9@proxy.example.com:8080"
    for dialect in DIALECTS:
        assert dialects.render(dialect, {"http_proxy": url, "no_proxy": "localhost,.corp.test,10.0.0.0/8,::1"})


def test_sysconfig_holds_the_proxies_and_nothing_else() -> None:
    given = {"http_proxy": "http://p:1", "HTTP_PROXY": "http://p:1", "no_proxy": "a,b", "REQUESTS_CA_BUNDLE": "/x"}
    assert dialects.render("sysconfig_proxy", given) == [
        'PROXY_ENABLED="yes"',
        'HTTP_PROXY="http://p:1"',
        'NO_PROXY="a,b"',
    ]
    assert dialects.render("sysconfig_proxy", {"REQUESTS_CA_BUNDLE": "/x"}) == []
    for character in '"$`\\':
        with pytest.raises(dialects.Unrepresentable, match=r"\Ano_proxy contains"):
            dialects.render("sysconfig_proxy", {"http_proxy": "http://p:1", "no_proxy": f"a{character}b"})
