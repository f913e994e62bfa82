# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated netrc files: tidy ones with everything that is legal, and wild ones."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.bed import hostile

_SEPARATORS = st.sampled_from([" ", " ", "\t", "\n", "\n  ", "\r\n\t", "  "])
_ENDS = st.sampled_from(["\n", "\n", "\r\n", "\n\n"])
NAMES = ("a.example.com", "b.example.com", "c", "default", "repo.anaconda.com")
_plain = st.text("aZ09!#$%&'()*+,-./:;<=>?@[]^_`{|}~\"", min_size=1, max_size=9).filter(
    lambda text: text[0] not in '"#'
)
_words = ("machine", "default", "macdef", "login", "user", "account", "password")
_wild = st.sampled_from(
    [*_words, *_words, "#", "# a b", "#c", "# machine x password y", "x", '"q r"', '""', '"', "\\", "x\\ y", 'p"q"', "é", "\u00a0",
     '"#"', "machine h login l password p\n", "machine g password q # c\n", "macdef m\nls\n\n", "\r", "\ufeff", "port 443"]
)  # fmt: skip


@st.composite
def entry(draw: st.DrawFn, names: tuple[str, ...] = NAMES) -> str:
    """One entry on one line or many, in any order, with or without account."""
    name = draw(st.sampled_from(names))
    pairs = [(draw(st.sampled_from(["login", "user"])), draw(_plain)), ("password", draw(_plain))]
    if draw(st.booleans()):
        pairs.append(("account", draw(_plain)))
    words = ["default"] if name == "default" else ["machine", name]
    words += [word for pair in draw(st.permutations(pairs)) for word in pair]
    return "".join(word + draw(_SEPARATORS) for word in words[:-1]) + words[-1]


@st.composite
def tidy(draw: st.DrawFn, names: tuple[str, ...] = NAMES) -> str:
    """A file that Python reads in every version."""
    text = draw(st.sampled_from(["", "# mine\n", "# BEGIN ANSIBLE MANAGED BLOCK\r\n", " \t\n"]))
    for _number in range(draw(st.integers(0, 4))):
        text += draw(entry(names)) + draw(st.sampled_from(["", " ", "\t"])) + draw(_ENDS)
        if text.endswith("\n") and not text.endswith("\n\n"):
            text += draw(st.sampled_from(["", "", "# about the next\n", "# machine old login x password y\n"]))
    if draw(st.integers(0, 3)) == 0:
        text += "macdef init\ncd /pub\nmachine not.an.entry login no password no\n\n"
        text += draw(st.one_of(st.just(""), entry(names)))
    return text.rstrip("\n") if draw(st.booleans()) and "macdef" not in text else text


wild = st.lists(st.tuples(_wild, _SEPARATORS), min_size=1, max_size=12).map(lambda pairs: "".join(map("".join, pairs)))
secret = st.one_of(hostile.text, _plain).filter(bool)


@st.composite
def wanted(draw: st.DrawFn) -> list[dict[str, str]]:
    """Entries that somebody asks for."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    machines = [name for name in names if name != "default"] or ["z.example.com"]
    values = draw(st.sampled_from([secret, _plain, _plain]))
    return [{"machine": name, "login": draw(values), "password": draw(values)} for name in machines]
