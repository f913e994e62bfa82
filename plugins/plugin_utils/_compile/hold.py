# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse why a host is left alone, and until when."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_printable,
)

_FORM = re.compile(r".*\S\s+until\s+(\d{4}-\d{2}-\d{2})\Z")


class Hold(t.NamedTuple):
    """A host that is left alone."""

    text: str
    until: str  # the last day, YYYY-MM-DD
    expired: bool

    @property
    def warnings(self) -> list[str]:
        """Return what to say of a hold that is over: the host is still left alone."""
        if not self.expired:
            return []
        return [f"conda_proxy_hold has expired on {self.until}, and this host is still left alone; remove or renew it"]


def parse_hold(options: Options, today: dt.date) -> Hold | None:
    """Return the hold, or None. Raises InvalidSettingError."""
    text = options["hold"]
    if not text:
        return None
    text = " ".join(text.split())
    check_printable("hold", text)
    match = _FORM.match(text)
    try:
        until = dt.date.fromisoformat(match.group(1)) if match else None
    except ValueError:
        until = None
    if until is None:
        raise InvalidSettingError(
            "hold", "does not give a reason and a last day", "write it as 'ticket 123 until 2026-12-01'"
        )
    return Hold(text, until.isoformat(), until < today)
