# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that breaks quoting, as generators for hypothesis and as fixed lists out of them."""

from __future__ import annotations

import contextlib
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

# the same examples in every run, and no clock: a busy machine must not decide a test
settings.register_profile(
    "bed", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
settings.load_profile("bed")

T = TypeVar("T")

ALPHABET = "aZ0 :@/#?%\"'\\$`;!~*{}[]()<>|&^=,+-._äßéÿ€пл漢😀\u00a0\u2028"
PIECES = (
    "%40", "%%", "%h", "%25", "$HOME", "${HOME}", "$$", "$(id)", "`id`", "\\n", "\\\\", "''", '""', "'\\''", "!!", "!$",
    "#!final", " # ", "//", "@@", "~/", "&&", "*.*", "{a,b}", "\\!", "\\'", '\\"', "$'a'", "=", "\\u0041",
)  # fmt: skip

# raw text without control characters, which nothing can hold
text = st.lists(st.one_of(st.sampled_from(ALPHABET), st.sampled_from(PIECES)), max_size=12).map("".join)

ALWAYS = (
    "", " ", "  a", "a  ", "\\", "'", '"', "a\\", "$", "a$", "!", "#", "%", "~", "*", "-n", "a'b\"c\\d$e`f!g#h;i%j",
    "'", "''", "a\u2028b", "p%40ss", "ä\u00a0", "\u00a0x\u00a0", "x" * 4096, "{}", "[a]", "^a^b", "\\!", "!\\",
)  # fmt: skip


class _Enough(Exception):
    pass


def drawn(strategy: st.SearchStrategy[T], count: int, number: int = 20240713) -> list[T]:
    """`count` different examples, the same in every run."""
    found: dict[T, None] = {}

    @seed(number)
    @settings(
        max_examples=10 * count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(example: T) -> None:
        found.setdefault(example)
        if len(found) == count:
            raise _Enough

    with contextlib.suppress(_Enough):
        collect()
    return list(found)


def values(count: int) -> list[str]:
    """The fixed nasty ones and generated ones."""
    return list(dict.fromkeys([*ALWAYS, *drawn(text, count)]))[:count]
