# SPDX-License-Identifier: GPL-3.0-or-later
"""The netrc editor by properties. Python's real parsers: tests/integration/local/test_netrc_readers.py."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc, netrc_parser
from tests.bed import netrc_files

PARSERS = pytest.mark.parametrize("escapes", [True, False, None], ids=["from 3.11", "before 3.11", "unknown"])
MARKER = "Zq7Marker"


def ask(machine: str, **other: str) -> list[dict[str, str]]:
    return [{"machine": machine, "login": "me", "password": "new", **other}]


def merged_or_refused(text: str | None, entries: list[dict[str, str]], escapes: bool | None) -> str:
    try:
        return netrc.merge(text, entries, escapes)
    except netrc.Unrepresentable as refusal:
        message = str(refusal)
    values = [value for entry in entries for value in (entry["login"], entry["password"]) if len(value) > 3]
    assert not any(value in message for value in values)
    assume(False)
    raise AssertionError


def others(text: str, machines: set[str], escapes: bool) -> list[str]:
    """The text of every entry that is not ours."""
    return [text[e.start : e.end] for e in netrc_parser.parse(text, escapes).entries if e.machine not in machines]


@PARSERS
@given(text=st.one_of(netrc_files.tidy(), netrc_files.wild), entries=netrc_files.wanted())
def test_merge_is_idempotent_and_leaves_others(text: str, entries: list[dict[str, str]], escapes: bool | None) -> None:
    merged = merged_or_refused(text, entries, escapes)
    assert netrc.merge(merged, entries, escapes) == merged
    machines = {entry["machine"] for entry in entries}
    if not netrc_parser.parse(text, escapes is not False).bad_line:
        assert others(merged, machines, escapes is not False) == others(text, machines, escapes is not False)
        found = [e for e in netrc_parser.parse(merged, escapes is not False).entries if e.machine in machines]
        assert {e.machine for e in found} == machines
    new = [entry for entry in entries if not any(netrc.has(text, entry["machine"]) for entry in entries)]
    if new:  # nothing of the file is touched, only lines come in
        lines = [netrc._line(entry, escapes) for entry in new]
        rest = merged
        for line in lines:
            assert line in rest
            rest = rest.replace(line, "", 1)
        assert rest.replace("\r", "").replace("\n", "") == text.replace("\r", "").replace("\n", "")


@PARSERS
@given(text=st.one_of(st.none(), netrc_files.tidy(), netrc_files.wild), entries=netrc_files.wanted())
def test_take_back_undoes_merge(text: str | None, entries: list[dict[str, str]], escapes: bool | None) -> None:
    assume(not any(netrc.has(text or "", entry["machine"]) for entry in entries))
    merged = merged_or_refused(text, entries, escapes)
    for force in (True, False):
        back = netrc.revert(merged, entries, text, force, escapes)
        # behind stray words a new entry comes last, where a missing line end is added
        assert back == (text or "") or (back.rstrip("\r\n") == text and netrc_parser.parse(text, True).bad_line)


@PARSERS
@given(text=netrc_files.tidy(), entries=netrc_files.wanted())
def test_take_back_gives_the_old_entry(text: str, entries: list[dict[str, str]], escapes: bool | None) -> None:
    merged = merged_or_refused(text, entries, escapes)
    back = netrc.revert(merged, entries, text, False, escapes)

    def reading(content: str) -> dict[str, dict[str, str]]:
        return {
            e.machine: {k: v.value for k, v in e.values.items()}
            for e in netrc_parser.parse(content, bool(escapes)).entries
        }

    assert reading(back) == reading(text)
    if not netrc_parser.parse(text, bool(escapes)).bad_line:
        assert back == text or any(content.count(entry["machine"]) > 1 for entry in entries for content in [text])


def test_what_somebody_changed_since_stays() -> None:
    text = netrc.merge(None, ask("a"), True).replace("new", "theirs")
    assert netrc.revert(text, ask("a"), None, False) == text
    assert netrc.revert(text, ask("a"), None, True) == ""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_new_entry_goes_before_the_first_and_keeps_line_ends(newline: str) -> None:
    text = newline.join(["# mine", "machine b login x password y # note", "default login d password e", ""])
    added = newline.join(["# mine", "machine a login me password new", text.partition(newline)[2]])
    assert netrc.merge(text, ask("a"), True) == added
    assert netrc.merge("\ufeff" + text, ask("a"), True) == "\ufeff" + added


def test_an_entry_keeps_its_place() -> None:
    text = 'machine b password 1\nmachine a\n  login x\n  account q\n  password "y z"machine c password 2\nmachine a password 3\n'
    merged = netrc.merge(text, ask("a"), True)
    ours = "machine a login me password new\n"
    assert merged == f"machine b password 1\n{ours}machine c password 2\n{ours}"
    # back come both, each where it was
    assert netrc.revert(merged + "# x\n", ask("a"), text, False, True).replace('z"\n', 'z"') == text + "# x\n"


@pytest.mark.parametrize(
    ("value", "escapes", "written"),
    [
        ("a\\b", False, "a\\b"), ("a\\b", True, "a\\\\b"), ("a\\b", None, None),
        ("a b", False, None), ("a b", True, "a\\ b"), ("a b", None, None),
        ('"ab', False, '"ab'), ('"ab', True, '\\"ab'), ('"ab', None, None),
        ("é", False, None), ("é", True, "é"), ("é", None, None),
        ("#'`$", False, "#'`$"), ("#'`$", True, "#'`$"), ("#'`$", None, "#'`$"),
        ("", False, None), ("", None, None), ("a\nb", True, None), ("a\rb", True, None), ("a\tb", False, None),
    ],
)  # fmt: skip
def test_writes_what_the_parser_reads_or_refuses(value: str, escapes: bool | None, written: str | None) -> None:
    for key in ("login", "password"):
        entry = {"machine": "a.example.com", "login": "me", "password": "new", key: value}
        if written is None:
            with pytest.raises(netrc.Unrepresentable, match=f"the {key} of "):
                netrc.merge("", [entry], escapes)
        else:
            assert f"{key} {written}" in netrc.merge("", [entry], escapes)


@given(text=netrc_files.wild)
@settings(max_examples=300)
def test_mask_leaves_no_value_of_any_file(text: str) -> None:
    """Whatever stands in a file, valid or not: only keywords, host names and our own words come out."""
    text = text.translate({ord("x"): MARKER, ord("q"): MARKER})
    masked = netrc.mask(text, lambda _value: "***")
    words = masked.split()
    for before, word in zip(["", *words], words, strict=False):  # a name may be anything that looks like one
        assert MARKER not in word or before in ("machine", "macdef"), masked


@given(text=netrc_files.tidy())
def test_mask_shows_the_shape(text: str) -> None:
    masked = netrc.mask(text, lambda _value: "***")
    parsed = netrc_parser.parse(text, True)
    assume(not parsed.bad_line)
    assert masked.count("\n") == text.count("\n")
    for found in parsed.entries:
        assert found.machine in masked
        for token in found.values.values():
            assert len(token.value) < 4 or token.value not in masked or token.value in text.replace(token.value, "", 1)


SECRET_FILES = {
    "plain": f"machine a login b password {MARKER}\n",
    "account": f"machine a login b account {MARKER} password c\n",
    "quoted": f'machine a login b password "x {MARKER}"\n',
    "unterminated quote": f'machine a login b password "x {MARKER}\nmachine c login d password {MARKER}\n',
    "comment": f"# machine a login b password {MARKER}\n",
    "comment behind": f"machine a login b password c # was {MARKER}\n",
    "comment within": f"machine a\n# password {MARKER}\nlogin b password c\n",
    "macro": f"macdef init\nquote PASS {MARKER}\n\nmachine a login b password c\n",
    "macro without end": f"macdef init\nquote PASS {MARKER}\n",
    "bad line": f"machine a login b port 1 password {MARKER}\n",
    "password with a space": f"machine a login b password x {MARKER}\n",
    "behind empty quotes": f'"" machine a login b password {MARKER}\n',
    "token as login": f"machine github.com login {MARKER} password x-oauth-basic\n",
    "login of the old parser": f'machine a login "b password {MARKER} c"\n',
    "name of the old parser": f'machine "a login b password {MARKER}" login c password d\n',
    "bom": f"\ufeffmachine a login b password {MARKER}\n",
    "escaped": f"machine a login b password x\\ {MARKER}\n",
    "not utf-8": f"machine a login b password \udce9{MARKER}\n",
}


@pytest.mark.parametrize("text", SECRET_FILES.values(), ids=SECRET_FILES.keys())
def test_mask_of_secrets_in_odd_places(text: str) -> None:
    masked = netrc.mask(text, lambda value: f"<{len(value)}>")
    assert MARKER not in masked
    other = netrc.mask(text.replace(MARKER, MARKER + "2"), lambda value: f"<{len(value)}>")
    assert other != masked  # a change stays visible


@pytest.mark.parametrize(
    ("text", "escapes", "said"),
    [
        ("machine a login b password c\n", None, []),
        ("\ufeffmachine a login b password c\n", True, ["byte order mark"]),
        ("machine a login b password c d\n", True, ["line 1 cannot be parsed; Python then ignores"]),
        ("x 1\nmachine a login b password c\n", None, ["line 1 cannot be parsed; Python then ignores"]),
        ("machine a\nlogin b\n", None, ["line 1 cannot be parsed; Python before 3.11 then ignores"]),
        (
            "machine a password c\nmacdef m\nx\n",
            None,
            ["line 2 cannot be parsed; Python 3.11 and newer then ignores"],
        ),
        ('machine a password "b c"\n', True, []),
        ('machine a password "b c"\n', False, ["line 1 cannot be parsed"]),
        ('machine a password b\n""\nmachine c password d\n', True, ["line 2 has empty quotes"]),
        ("default login a password b\n", True, ["has a default entry"]),
        ("machine default login a password b\n", True, ["has a default entry"]),
        ("machine a password \udce9\n", True, ["not UTF-8"]),
    ],
)
def test_findings(text: str, escapes: bool | None, said: list[str]) -> None:
    notes = netrc.findings(text, escapes)
    assert len(notes) == len(said)
    for note, part in zip(notes, said, strict=True):
        assert part in note


@given(value=netrc_files.secret)
def test_portable_is_what_both_write_as_it_is(value: str) -> None:
    if netrc_parser.portable(value):
        lines = {netrc._line(ask("a", password=value)[0], escapes) for escapes in (True, False, None)}
        assert lines == {f"machine a login me password {value}"}
