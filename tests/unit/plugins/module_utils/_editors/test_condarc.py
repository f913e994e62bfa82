# SPDX-License-Identifier: GPL-3.0-or-later
"""The condarc editor against PyYAML: what it accepts it must read as YAML does, and what is not ours must stay."""

from __future__ import annotations

import itertools

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import condarc
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable

FRAGMENT = [
    ["ssl_verify", "ssl_verify: true\n"],
    ["proxy_servers", 'proxy_servers:\n  "http": "http://proxy.example.com:8080"\n'],
]
LOCKED = [
    ["ssl_verify", "ssl_verify: true #!final\n"],
    ["channels", 'channels: #!final\n  - "a"\n'],
    ["proxy_servers", 'proxy_servers: #!final\n  "http": "http://proxy.example.com:8080"\n'],
]

FILES = {
    "empty": "",
    "comment only": "# nothing here\n",
    "no final newline": "channels:\n  - a",
    "crlf": "channels:\r\n  - a\r\nssl_verify: false\r\n",
    "bom": "\ufeffchannels:\n  - a\n",
    "document start": "---\n# head\nchannels: [a, b]\n",
    "indented mapping": "  channels:\n  - a\n  - b\n  envs_dirs:\n    - /x\n",
    "sequence at key's column": "channels:\n- a\n- b\nalways_yes: true\n",
    "flow over lines": "channels: [a,\n  b,\nc]\nalways_yes: true\n",
    "block scalar": "env_prompt: |\n  (x) 'y\n\n  # not a comment\nalways_yes: true\n",
    "folded with keep": "env_prompt: >+\n  text\n\n\nalways_yes: true\n",
    "quoted over lines": 'env_prompt: "one\n  two: three\n  # no comment"\nalways_yes: true\n',
    "single quotes doubled": "env_prompt: 'it''s # here'\nalways_yes: true # yes\n",
    "alias name": "verify_ssl: false\nchannels: [x]\n",
    "quoted key": '"channels": [x]\n',
    "value with colons": "channel_alias: https://user:pw@host:8080/x#y\n",
    "comments everywhere": "# top\n\n# about channels\nchannels: # which\n  # one\n  - a # first\n\n  # two\n  - b\n# end\n",
    "plain multiline": "env_prompt: one\n  two\n  three\nalways_yes: true\n",
    "foreign flags": "channels: #!final\n  - a\ntrack_features: [x] #!top\n",
    "nested mapping": "custom_channels:\n  a: http://x\n  b:\n    c: [1,\n     2]\nyes: true\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("fragment", [FRAGMENT, LOCKED], ids=["plain", "locked"])
def test_merge_keeps_what_is_not_ours(text: str, fragment: list[list[str]]) -> None:
    assert condarc.parse(text).text() == text
    merged = condarc.merge(text, fragment)
    assert condarc.merge(merged, fragment) == merged
    before = {condarc.ALIASES.get(key, key): value for key, value in (yaml.safe_load(text) or {}).items()}
    after = yaml.safe_load(merged)
    for key, body in fragment:
        assert after.pop(key) == yaml.safe_load(body)[key]
        before.pop(key, None)
    assert after == before
    for line in text.splitlines():
        if line.startswith("#"):  # a comment inside a key that is ours goes with its text
            assert line in merged


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_line_ends_and_indentation_are_the_files(text: str) -> None:
    merged = condarc.merge(text, FRAGMENT)
    if "\r\n" in text:
        assert merged.count("\n") == merged.count("\r\n")
    assert merged.startswith("\ufeff") == text.startswith("\ufeff")
    indent = condarc.parse(text).indent
    assert f"\n{' ' * indent}proxy_servers:" in "\n" + merged.strip("\ufeff").replace("\r\n", "\n")


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("fragment", [FRAGMENT, LOCKED], ids=["plain", "locked"])
def test_take_back_leaves_the_content_that_was(text: str, fragment: list[list[str]]) -> None:
    merged = condarc.merge(text, fragment)
    for force in (True, False):
        left = condarc.revert(merged, fragment, text, force)
        canonical = {condarc.ALIASES.get(key, key): value for key, value in (yaml.safe_load(text) or {}).items()}
        left_content = {condarc.ALIASES.get(key, key): value for key, value in (yaml.safe_load(left) or {}).items()}
        assert left_content == canonical


def test_take_back_leaves_a_key_that_somebody_changed() -> None:
    merged = condarc.merge("", FRAGMENT).replace("ssl_verify: true", "ssl_verify: false")
    assert yaml.safe_load(condarc.revert(merged, FRAGMENT, None, force=False)) == {"ssl_verify": False}
    assert yaml.safe_load(condarc.revert(merged, FRAGMENT, None, force=True)) is None


REFUSED = {
    "top-level flow mapping": "{channels: [a]}\n",
    "top-level list": "- a\n- b\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "document end": "a: 1\n...\n",
    "directive": "%YAML 1.1\n---\na: 1\n",
    "anchor": "channels: &x [a]\nenvs_dirs: *x\n",
    "anchor below": "channels:\n  - &x a\n  - *x\n",
    "tag": "channels: !!set {a, b}\n",
    "duplicate key": "channels: [a]\nchannels: [b]\n",
    "key and alias": "ssl_verify: true\nverify_ssl: false\n",
    "tab": "channels:\n\t- a\n",
    "complex key": "? a\n: b\n",
    "open bracket": "channels: [a\n",
    "open quote": "channels: 'a\n",
    "dedent": "  a: 1\nb: 2\n",
    "scalar": "just text\n",
    "merge key": "<<: {a: 1}\n",
    "line separator": "a: b\u2028c: d\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_outside_of_the_subset_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line \d+: .*condarc\.d"):
        condarc.merge(text, FRAGMENT)


def test_refusal_never_shows_the_text() -> None:
    with pytest.raises(Unreadable) as raised:
        condarc.merge("channels: [https://user:hunter2secret@host\n", FRAGMENT)
    assert "hunter2secret" not in str(raised.value)


KEYS = st.sampled_from(["channels", "envs_dirs", "always_yes", "verify_ssl", "env_prompt", "x", "proxy_servers"])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.none(),
    st.text("ab '\"#:-[]{},&*!|>%@`\\\n", max_size=12),
    st.sampled_from(["#!final", "- x"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:# ", max_size=4), inner, max_size=3),
    max_leaves=6,
)
COMMENTS = st.sampled_from(["", "# comment\n", "\n", "\n# two\n# lines\n", "#!final\n"])


@st.composite
def condarcs(draw: st.DrawFn) -> str:
    parts = []
    for key in draw(st.lists(KEYS, unique=True, max_size=5)):
        style = draw(st.sampled_from([None, "'", '"', "|", ">"]))
        flow = draw(st.sampled_from([None, True, False]))
        dumped = yaml.safe_dump(
            {key: draw(VALUES)}, default_flow_style=flow, default_style=style, width=draw(st.sampled_from([10, 1000]))
        )
        parts.append(draw(COMMENTS) + ("" if dumped.startswith(("{", "?")) else dumped))
    return "".join(parts) + draw(COMMENTS)


@settings(max_examples=400, deadline=None)
@given(condarcs(), st.sampled_from([FRAGMENT, LOCKED]))
def test_generated_files_agree_with_pyyaml(text: str, fragment: list[list[str]]) -> None:
    try:
        document = condarc.parse(text)
    except Unreadable:
        return
    content = yaml.safe_load(text) or {}
    assert document.text() == text
    assert [item.key for item in document.items] == [condarc.ALIASES.get(key, key) for key in content]
    merged = condarc.merge(text, fragment)
    assert condarc.merge(merged, fragment) == merged
    after = yaml.safe_load(merged)
    ours = {key for key, _body in fragment}
    foreign = {key: value for key, value in content.items() if condarc.ALIASES.get(key, key) not in ours}
    assert {key: value for key, value in after.items() if key not in ours} == foreign
    back = yaml.safe_load(condarc.revert(merged, fragment, text, force=False)) or {}
    assert {condarc.ALIASES.get(k, k): v for k, v in back.items()} == {
        condarc.ALIASES.get(k, k): v for k, v in content.items()
    }


def lock_holds(text: str) -> bool:
    """Facts, 1.4: a comment after a flag, blank lines between or not, switches it off."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return not any(condarc.FLAG.search(one) and two.startswith("#") for one, two in itertools.pairwise(lines))


@settings(max_examples=200, deadline=None)
@given(condarcs())
def test_no_comment_ever_follows_a_flag_of_ours(text: str) -> None:
    if "#!" in text:
        return
    try:
        merged = condarc.merge(text, LOCKED)
    except Unreadable:
        return
    assert lock_holds(merged)
    # somebody adds a comment behind everything: still held, or seen as drift and mended
    assert lock_holds(condarc.merge(merged + "# later\n", LOCKED))
