# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Draw the last runs as SVG: one bar a run, readable without colour. Pure."""

from __future__ import annotations

import html
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.history import KINDS, SHOWN, Past

_HEIGHT = 120
_STEP = 8
_WIDTH = 6
_LEAST = 4.0  # height of a part with one host
# each kind has a pattern of its own, so that a print or an eye without colours tells them apart
_PATTERNS = """<defs>
<pattern id="p1" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c1"/>
<circle cx="3" cy="3" r="1.2" class="mark"/></pattern>
<pattern id="p2" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" class="c2"/><rect width="2.5" height="6" class="mark"/></pattern>
<pattern id="p3" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="c3"/>
<rect width="6" height="2" class="mark"/></pattern>
</defs>"""
_FILLS = ("var(--c0)", "url(#p1)", "url(#p2)", "url(#p3)")


def picture(runs: t.Sequence[Past]) -> str:
    """Return the picture of the last runs, the newest on the right; empty for fewer than two."""
    runs = runs[-SHOWN:]
    if len(runs) < 2:
        return ""
    most = max(sum(map(run.count, KINDS)) for run in runs) or 1
    bars = []
    for number, run in enumerate(runs):
        counts = {kind: run.count(kind) for kind in KINDS}
        text = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        bars.append(f"<g><title>{html.escape(run.finished)}: {text}</title>")
        top = float(_HEIGHT)
        for fill, height in zip(_FILLS, _heights(list(counts.values()), most)):
            top -= height
            if height:
                bars.append(
                    f'<rect x="{number * _STEP}" y="{top:.1f}" width="{_WIDTH}" height="{height:.1f}" fill="{fill}"/>'
                )
        bars.append("</g>")
    width = len(runs) * _STEP
    first, last = runs[0].finished[:16], runs[-1].finished[:16]
    label = f"{len(runs)} runs from {first} to {last}, up to {most} hosts"
    return (
        f'<svg role="img" aria-label="{html.escape(label)}" viewBox="0 0 {width} {_HEIGHT}" '
        f'preserveAspectRatio="xMinYMax meet">{_PATTERNS}{"".join(bars)}</svg>'
    )


def _heights(counts: t.Sequence[int], most: int) -> list[float]:
    """Return the heights of the parts of a bar. One host of hundreds is still seen; the largest part gives way."""
    room = _HEIGHT * sum(counts) / most
    heights = [max(room * count / sum(counts), _LEAST) if count else 0.0 for count in counts]
    largest = heights.index(max(heights))
    heights[largest] = max(heights[largest] - (sum(heights) - room), 0.0)
    return heights
