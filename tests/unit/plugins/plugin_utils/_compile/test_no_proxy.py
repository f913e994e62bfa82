# SPDX-License-Identifier: GPL-3.0-or-later
"""no_proxy against the reader that counts: requests' own `should_bypass_proxies`."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from requests.utils import should_bypass_proxies

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.no_proxy import NoProxy, parse_no_proxy
from tests.bed.settings import PROXY, refusal

_label = st.sampled_from(["a", "conda", "repo", "corp", "test", "example", "x1"])
_names = st.lists(_label, min_size=1, max_size=4).map(".".join)
_ipv4 = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
_near = st.integers(0, 2**10).map(lambda number: str(ipaddress.IPv4Address(0x0A000000 + number)))
_ipv6 = st.integers(1, 2**20).map(lambda number: str(ipaddress.IPv6Address((0x20010DB8 << 96) + number)))
_networks = st.tuples(_near, st.integers(20, 32)).map(
    lambda pair: str(ipaddress.ip_network("{}/{}".format(*pair), strict=False))
)
_entries = st.one_of(
    _names,
    _names.map("*.{}".format),
    _names.map(".{}".format),
    _names.map("{}.".format),
    _names.map(str.upper),
    _names.map("{}:8443".format),
    _near,
    _near.map("{}:8443".format),
    _networks,
    _ipv6,
    _ipv6.map("[{}]".format),
    st.just("*"),
    st.just("localhost"),
)
_hosts = st.one_of(_names, _names.map("www.{}".format), _near, _ipv4, _ipv6, st.just("localhost"))


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "no_proxy",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


def parsed(entries: list[str]) -> NoProxy:
    return parse_no_proxy({"no_proxy": entries})


def bypassed(host: str, no_proxy: str) -> bool:
    """What requests does for https://host:8443."""
    return bool(should_bypass_proxies(f"https://{'[' + host + ']' if ':' in host else host}:8443/x", no_proxy))


@given(entries=st.lists(_entries, min_size=1, max_size=4), host=_hosts)
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_the_environment_form_means_to_requests_what_it_means_to_us(entries: list[str], host: str) -> None:
    no_proxy = parsed(entries)
    # requests takes "corp.test" for the end of a text: "xcorp.test" is exempt too. Nothing that we write could change it.
    bare = [entry.rstrip(".").partition(":")[0].lower() for entry in entries if not entry.startswith(("*", "."))]
    assume(not any(host.endswith(name) and host != name and not host.endswith("." + name) for name in bare))
    assert bypassed(host, no_proxy.environment()) == no_proxy.covers(host), (entries, host)


@settings(deadline=None, derandomize=True)
@given(entries=st.lists(_entries, max_size=5))
def test_the_environment_form_is_one_word(entries: list[str]) -> None:
    text = parsed([f" {entry} " for entry in entries] + ["", "  "]).environment()
    assert text == "*" or set(text.split(",")) >= {entry.lstrip("*").strip("[]").rstrip(".") for entry in entries}
    assert text == "*" or not set(text) & set(" *[]")
    assert parsed(text.split(",")).environment() == text


@settings(deadline=None, derandomize=True)
@given(entries=st.lists(_entries, max_size=5))
def test_exact_hosts_are_covered(entries: list[str]) -> None:
    no_proxy = parsed(entries)
    for host in no_proxy.exact_hosts():
        assert no_proxy.covers(host)
        assert "*" not in host


REFUSED = [
    "http://host.example.com", "host/path", "a b", "*.*.com", "10.0.0.*", "10.", "192.168.1", "10.0.0.0/33", "256.1.1.1",
    "ho\nst", "a@b", "*corp.com", "..corp.com", ":8080", "<local>", "a;b", "a$b", "ä.example.com", "'a'", "a.b:port",
]  # fmt: skip


@pytest.mark.parametrize("entry", REFUSED)
def test_refusals(entry: str) -> None:
    with pytest.raises(InvalidSettingError, match=r"^no_proxy has an entry .*; separate entries by commas") as raised:
        parsed(["localhost", entry])
    assert len(entry) < 4 or entry not in str(raised.value)


def test_a_url_is_refused() -> None:
    message = refusal(http=PROXY, no_proxy=["https://x/"])
    assert message.startswith("conda_proxy_no_proxy ")
    assert "leave out schemes" in message


@pytest.mark.parametrize(
    ("entries", "notes"),
    [
        (["localhost", "127.0.0.1", "::1"], []),
        (["10.0.0.0/8"], ["CIDR"]),
        (["*.corp.test"], ["domain or wildcard"]),
        ([".corp.test", "fd00::/8"], ["an IPv6 network", "domain or wildcard"]),
        (["::1", "2001:db8::/32"], ["neither conda nor pip knows one"]),
        (["10.0.0.0/8", "fd00::/8"], ["has a network (CIDR)", "an IPv6 network"]),
        (["192.168.0.1:5000"], ["exempt with all its ports"]),
        (["host.corp.test:5000"], []),
    ],
)
def test_warnings(entries: list[str], notes: list[str]) -> None:
    warnings = parsed(entries).warnings(condarc=True)
    assert len(warnings) == len(notes)
    for warning, note in zip(warnings, notes, strict=True):
        assert warning.startswith("conda_proxy_no_proxy ")
        assert note in warning


def test_without_a_condarc_only_what_no_reader_knows_is_a_warning() -> None:
    entries = ["10.0.0.0/8", ".corp.test", "fd00::/8", "192.168.0.1:5000"]
    assert [note.split()[2:4] for note in parsed(entries).warnings(condarc=False)] == [
        ["an", "IPv6"],
        ["an", "address"],
    ]


def test_an_address_with_a_port_is_also_there_without_it() -> None:
    """requests compares an address with the whole entry."""
    assert not bypassed("192.168.0.1", "192.168.0.1:8443")
    no_proxy = parsed(["192.168.0.1:8443", "host.corp.test:8443", "192.168.0.1"])
    assert no_proxy.environment() == "192.168.0.1:8443,192.168.0.1,host.corp.test:8443"
    assert bypassed("192.168.0.1", no_proxy.environment())
    assert no_proxy.exact_hosts() == ["192.168.0.1", "host.corp.test"]


def test_requests_knows_no_ipv6_network() -> None:
    """As the warning says."""
    assert not bypassed("2001:db8::1", "2001:db8::/32")
    assert parsed(["2001:db8::/32"]).covers("2001:db8::1"), "a managed channel is exempt by its own name"
