# SPDX-License-Identifier: GPL-3.0-or-later
"""The condarc editor against conda's own reader: what it writes conda reads as it should, and what is not ours stays."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import condarc
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import ALIASES, canonical
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker
from tests.bed.condarcs import BROKEN, FILES, OUTSIDE, conda_reads, conda_writes, dumped, soup

FRAGMENT = [
    ["ssl_verify", "ssl_verify: true\n"],
    ["proxy_servers", 'proxy_servers:\n  "http": "http://proxy.example.com:8080"\n'],
]
LOCKED = [
    ["ssl_verify", "ssl_verify: true #!final\n"],
    ["channels", 'channels: #!final\n  - "a"\n'],
    ["proxy_servers", 'proxy_servers: #!final\n  "http": "http://proxy.example.com:8080"\n'],
]
# long lines, which conda breaks, and a password
SECRET = [
    ["channels", 'channels:\n  - "https://mirror.example.com/' + "c" * 90 + '"\n  - "conda-forge"\n'],
    [
        "proxy_servers",
        'proxy_servers:\n  "http": "http://svc:pw%40@proxy.example.com:8080"\n'
        '  "https://' + "h" * 130 + '.example.com": "http://svc:pw%40@proxy.example.com:8080"\n',
    ],
    ["auto_activate", "auto_activate: false\n"],
]
FRAGMENTS = pytest.mark.parametrize("fragment", [FRAGMENT, LOCKED, SECRET], ids=["plain", "locked", "secret"])
EVERY_FILE = pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())


def seen(text: str) -> dict[str, Any]:
    """What conda reads, by the one name of each setting; in the locale of that file a byte that is not UTF-8 is a letter."""
    content = conda_reads(text.replace("\udce4", "ä"))
    assert content is not None
    assert len({canonical(key) for key in content}) == len(content), "two names of one setting"
    return {canonical(key): value for key, value in content.items()}


def ours(fragment: list[list[str]]) -> dict[str, Any]:
    return seen("".join(body for _key, body in fragment))


def others(text: str, fragment: list[list[str]]) -> list[str]:
    """The bytes that are not ours."""
    keys = {key for key, _body in fragment}
    document = condarc.parse(text)
    parts = [document.head]
    for item in document.items:
        # a comment block above a key, and what parts it from the next one
        parts += [
            item.above,
            "" if item.key in keys else condarc.own(item.text),
            item.text[len(condarc.own(item.text)) :],
        ]
    return "".join([*parts, document.tail, document.end]).splitlines()


def check_merge(text: str, fragment: list[list[str]]) -> None:
    assert condarc.parse(text).text() == text
    merged = condarc.merge(text, fragment)
    assert condarc.merge(merged, fragment) == merged
    assert seen(merged) == {**seen(text), **ours(fragment)}
    if not any(condarc.FLAG.search(line) for _key, body in fragment for line in body.splitlines()):
        # a locked key may have to move to the end
        empty = bool(condarc.parse(text).empty)  # what stood in the line of the {} moves to its beginning
        before, after = (
            [line.strip() if empty else line for line in others(each, fragment) if line] for each in (text, merged)
        )
        assert after == before
    assert CondarcEditor(fragment).left(condarc.revert(merged, fragment, text, False), text) == []
    for force in (True, False):
        assert seen(condarc.revert(merged, fragment, text, force)) == seen(text)


def check_rewritten(text: str, fragment: list[list[str]]) -> None:
    """The user runs `conda config --set` in between, for a key that is not ours."""
    merged = condarc.merge(text, fragment)
    rewritten = conda_writes(merged.replace("\r\n", "\n"), "notify_outdated_conda", False)
    assert seen(rewritten) == {**seen(merged), "notify_outdated_conda": ("bool", False)}
    left = condarc.revert(rewritten, fragment, text, False)
    assert seen(left) == {**seen(text), "notify_outdated_conda": ("bool", False)}
    assert CondarcEditor(fragment).left(left, text) == []


@EVERY_FILE
@FRAGMENTS
def test_collected_files(text: str, fragment: list[list[str]]) -> None:
    check_merge(text, fragment)


@EVERY_FILE
@FRAGMENTS
def test_collected_files_that_conda_has_rewritten(text: str, fragment: list[list[str]]) -> None:
    if "\udce4" not in text:
        check_rewritten(text, fragment)


@settings(max_examples=600)
@given(soup | dumped(), st.sampled_from([FRAGMENT, LOCKED, SECRET]))
def test_generated_files(text: str, fragment: list[list[str]]) -> None:
    try:
        condarc.merge(text, fragment)
    except Unreadable:
        return
    check_merge(text, fragment)


@settings(max_examples=300)
@given(dumped(), st.sampled_from([FRAGMENT, LOCKED, SECRET]))
def test_generated_files_that_conda_has_rewritten(text: str, fragment: list[list[str]]) -> None:
    try:
        merged = condarc.merge(text, fragment)
        written = conda_writes(merged, "notify_outdated_conda", False)
        same = seen(written) == {**seen(merged), "notify_outdated_conda": ("bool", False)}
    except (Unreadable, AssertionError, ValueError, AttributeError, TypeError):  # conda's library fails on some of it
        return
    if same:  # the library itself loses some text, and writes some that it cannot read
        try:
            check_rewritten(text, fragment)
        except Unreadable as exc:
            assert not exc.broken  # noqa: PT017  # it stays managed, with an error that names the line


@EVERY_FILE
def test_line_ends_and_indentation_are_the_files(text: str) -> None:
    merged = condarc.merge(text, FRAGMENT)
    if "\r\n" in text:
        assert merged.count("\n") == merged.count("\r\n")
    assert merged.startswith("\ufeff") == text.startswith("\ufeff")
    indent = condarc.parse(text).indent
    assert f"\n{' ' * indent}proxy_servers:" in "\n" + merged.strip("\ufeff").replace("\r\n", "\n")


def test_an_empty_mapping_is_no_keys() -> None:
    assert condarc.merge("{}\n", FRAGMENT) == condarc.merge("", FRAGMENT)
    assert condarc.merge("# c\n{}\n", FRAGMENT[:1]) == "# c\nssl_verify: true\n"
    assert condarc.merge("{} # c", FRAGMENT[:1]) == "# c\nssl_verify: true\n"
    # what conda leaves when the user removes our keys one by one
    assert condarc.revert("{}\n", FRAGMENT, None, False) == ""
    assert condarc.revert("# mine\n{}\n", FRAGMENT, None, False) == "# mine\n{}\n"
    assert CondarcEditor(FRAGMENT).present("{}\n") is False


def test_a_key_behind_a_document_end_would_not_be_read() -> None:
    assert condarc.merge("---\na: 1\n... # end\n", FRAGMENT[:1]) == "---\na: 1\nssl_verify: true\n... # end\n"


def test_take_back_leaves_a_key_that_somebody_changed() -> None:
    merged = condarc.merge("", FRAGMENT).replace("ssl_verify: true", "ssl_verify: false")
    kept = condarc.revert(merged, FRAGMENT, None, force=False)
    assert seen(kept) == {"ssl_verify": ("bool", False)}
    assert CondarcEditor(FRAGMENT).left(kept, None) == ["ssl_verify"]
    assert seen(condarc.revert(merged, FRAGMENT, None, force=True)) == {}


def test_the_value_and_the_comment_that_were_there_come_back_into_a_rewritten_file() -> None:
    original = "  # which\r\n  channels: # two\r\n    - a # first\r\n    - b\r\n"
    rewritten = conda_writes(condarc.merge(original, SECRET).replace("\r\n", "\n"), "x", 1)
    assert condarc.revert(rewritten, SECRET, original, False) == (
        "  # which\nchannels: # two\n  - a # first\n  - b\nx: 1\n"
    )


@pytest.mark.parametrize("alias", ALIASES, ids=lambda alias: alias.name)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("prefix", ["", "_"])
def test_both_names_of_a_setting_never_end_in_one_file(alias: Any, turned: bool, prefix: str) -> None:
    there, managed = (alias.key, alias.name) if turned else (alias.name, alias.key)
    text = f"# mine\n{prefix}{there}: 1\n"
    fragment = [[alias.key, f"{managed}: 2\n"]]
    merged = condarc.merge(text, fragment)
    assert seen(merged) == {alias.key: ("int", 2)}
    assert condarc.merge(merged, fragment) == merged
    assert condarc.revert(merged, fragment, text, False) == text
    with pytest.raises(Unreadable, match="line 2: a second name of the key in line 1; conda cannot use"):
        condarc.merge(f"{there}: 1\n{prefix}{managed}: 2\n", FRAGMENT)


def test_a_name_that_only_newer_conda_knows_does_not_replace_the_older_one() -> None:
    fragment = [["auto_activate", "auto_activate: false\n"]]
    assert condarc.merge("auto_activate_base: true\n", fragment) == "auto_activate_base: false\n"
    # mamba reads only this name
    assert condarc.merge("verify_ssl: false\n", FRAGMENT[:1]) == "ssl_verify: true\n"


@pytest.mark.parametrize("text", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_outside_of_the_subset_is_refused_with_a_file_of_ones_own(text: str) -> None:
    for scope, path in (("system", "/etc/conda/condarc.d/50-proxy.yml"), ("user", "~/.conda/condarc.d/50-proxy.yml")):
        with pytest.raises(Unreadable, match=r"line \d+: .*; write the settings to a separate file") as raised:
            CondarcEditor(FRAGMENT, path).edit(text, None, None)
        assert str(raised.value).endswith(path), scope


@pytest.mark.parametrize("text", [*BROKEN.values(), "ssl_verify: true\nverify_ssl: false\n"])
def test_what_conda_cannot_read_must_be_corrected(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line \d+: .*; conda cannot use this file either, so correct it first$"):
        condarc.merge(text, FRAGMENT)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\udcff\udcfea\0", "the file is UTF-16, which conda cannot read; save it as UTF-8"),
        ("#" * (5 << 20), "the file has more than 4 MB, which is too much for a condarc; remove what is not needed"),
    ],
    ids=["utf-16", "size"],
)
def test_one_way_out_is_enough(text: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as raised:
        condarc.merge(text, FRAGMENT)
    assert str(raised.value) == sentence


def test_refusal_never_shows_the_text() -> None:
    with pytest.raises(Unreadable) as raised:
        condarc.merge("channels: [https://user:hunter2secret@host\n", FRAGMENT)
    assert "hunter2secret" not in str(raised.value)


def test_bytes_that_are_not_utf_8_are_kept_and_named() -> None:
    editor = CondarcEditor(FRAGMENT)
    merged = editor.edit("a: 1\n# \udce4\n", None, None)
    assert merged.startswith("a: 1\n# \udce4\n")
    assert [note.partition(",")[0] for note in editor.findings(merged)] == ["line 2 has a byte that is not UTF-8"]
    assert editor.findings("# ä\n") == []


def test_a_value_that_is_written_differently_is_not_lost() -> None:
    editor = CondarcEditor(FRAGMENT)
    assert editor.warnings("proxy_servers: {http: 'http://proxy.example.com:8080'}\nssl_verify: True\n", None) == []
    assert [note.partition(" had")[0] for note in editor.warnings("ssl_verify: 'true'\n", None)] == [
        "the key ssl_verify"
    ]


def lock_holds(text: str) -> bool:
    """Facts, 1.4: a comment after a flag, blank lines between or not, switches it off."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return not any(condarc.FLAG.search(one) and two.startswith("#") for one, two in itertools.pairwise(lines))


@settings(max_examples=200)
@given(dumped())
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


def test_a_megabyte_is_merged_and_reverted() -> None:
    text = "".join(f"# c\nkey{number}:\n  - {'x' * 400}\n\n" for number in range(2000))
    text += "env_prompt: |\n" + "  x\n" * 40_000
    merged = condarc.merge(text, FRAGMENT)
    assert condarc.revert(merged, FRAGMENT, None, False) == text
    assert yaml.safe_load(merged)["ssl_verify"] is True


def condarc_of(kind: str, size: int) -> str:
    return {
        "keys": "".join(f"key{number}: value\n" for number in range(size)),
        "items": "channels:\n" + "".join(f"  - http://host/{number}\n" for number in range(size)),
        "entries": "custom_channels:\n" + "".join(f"  c{number}: http://host\n" for number in range(size)),
        "comments": "# comment\n" * size + "a: 1\n",
        "blank lines": "a: 1\n" + "\n" * size + "b: 2\n",
        "flow": "a: [" + ", ".join(f"b{number}" for number in range(size)) + "]\n",
        "one line": "a: " + "x y-" * size + "\n",
        "quoted": 'a: "' + "\\x41" * size + '"\n',
        "folded": 'a: "' + "b\n  " * size + '"\n',
        "block": "a: |\n" + "  text\n" * size,
    }[kind]


KINDS = ["keys", "items", "entries", "comments", "blank lines", "flow", "one line", "quoted", "folded", "block"]


def calls_for(text: str) -> int:
    """Calls of functions, of Python's and of C's, that an edit with its views and its way back makes."""
    editor = CondarcEditor([["proxy_servers", "proxy_servers:\n  http: http://a:b@proxy:1\n"]])
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        merged = editor.edit(text, None, text)
        editor.findings(merged)
        editor.view(merged, Masker("key"))
        back = editor.revert(merged, text, force=False)
    finally:
        sys.setprofile(before)
    assert back == text
    return calls


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_text_takes_four_times_the_calls(kind: str) -> None:
    assert calls_for(condarc_of(kind, 1200)) < 4.5 * calls_for(condarc_of(kind, 300))


@pytest.mark.parametrize("kind", ["items", "one line"])
def test_a_condarc_of_1_mb_works(kind: str) -> None:
    text = condarc_of(kind, 250_000 if kind == "one line" else 48_000)
    assert len(text) > 1_000_000
    editor = CondarcEditor([["proxy_servers", "proxy_servers:\n  http: http://proxy:1\n"]])
    assert editor.revert(editor.edit(text, None, text), text, force=False) == text
