# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Say how far a run is. Pure."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet


def progress(fleet: Fleet, total: int, seconds: float) -> str:
    """Return a line of a run that goes on: `total` hosts, begun `seconds` ago."""
    done = [one for one in fleet.outcomes if one.state != _outcome.NOT_BEGUN]
    bad = sum(one.state not in (*_outcome.GOOD, _outcome.HELD) for one in done)
    left = total - len(done)
    line = f"{len(done)} of {total} hosts done, {bad} not in order, {left} left"
    if not left or not done:
        return line
    minutes = seconds / len(done) * left / 60
    return f"{line}, about {minutes:.0f} min" if minutes >= 1 else f"{line}, less than a minute"
