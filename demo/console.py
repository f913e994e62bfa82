# SPDX-License-Identifier: GPL-3.0-or-later
"""What the person sees: a line per step while it runs, and a table at the end."""

from __future__ import annotations

import sys
import textwrap
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDTHS = (4, 28, 37, 37, 4)  # number, step, expected, seen, ok

_LINE = 108
_TAIL = 60  # lines of output below a step that failed; the log has all


class Unexpected(Exception):
    """A step ended otherwise than it should: what was seen, and where to read on."""

    def __init__(self, seen: str, output: str = "") -> None:
        super().__init__(seen)
        self.output = output


@dataclass
class Step:
    """`run` returns a few words on what was seen, or raises Unexpected."""

    title: str
    expected: str
    run: Callable[[], str]
    seen: str = "not reached"
    ok: bool = False


def say(text: str = "", end: str = "\n") -> None:
    """To the person."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def detail(text: str) -> None:
    """Something to look at, below the running step."""
    for line in text.splitlines():
        for part in textwrap.wrap(line, _LINE, subsequent_indent="  ", break_on_hyphens=False) or [""]:
            say(f"       | {part}")


class progress:  # noqa: N801 - used like a function
    """One line while something takes its time."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        self._start = time.monotonic()
        say(f"  ...  {self._text}")

    def __exit__(self, *_exc: object) -> None:
        say(f"       {time.monotonic() - self._start:.1f} s")


def perform(steps: Sequence[Step]) -> bool:
    """Run the steps in turn up to the first that is not as expected."""
    for number, step in enumerate(steps, 1):
        say(f"\n  {number:>2}.  {step.title}")
        start = time.monotonic()
        try:
            step.seen = step.run()
        except Unexpected as exc:
            step.seen = str(exc)
            detail("\n".join(exc.output.splitlines()[-_TAIL:]))
        else:
            step.ok = True
        say(f"       {'ok' if step.ok else 'NOT AS EXPECTED'}: {step.seen} ({time.monotonic() - start:.1f} s)")
        if not step.ok:
            return False
    return True


def table(steps: Sequence[Step]) -> None:
    """All steps: what was expected, what was seen."""
    rule = "  ".join("-" * width for width in _WIDTHS)
    say()
    _row("", "step", "expected", "seen", "ok")
    say(rule)
    for number, step in enumerate(steps, 1):
        _row(f"{number:>3}.", step.title, step.expected, step.seen, "yes" if step.ok else "NO")
    say(rule)


def _row(*cells: str) -> None:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    for line in range(max(map(len, columns))):
        parts = [column[line] if line < len(column) else "" for column in columns]
        say("  ".join(part.ljust(width) for part, width in zip(parts, _WIDTHS, strict=True)).rstrip())
