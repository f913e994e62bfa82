# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check times."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

_DAY = 86_400  # far beyond any use, and within what sockets and timers take


def check_seconds(options: Options, *names: str) -> None:
    """Raise InvalidSettingError for a time that is not above 0 or longer than a day, and for what is no number."""
    for name in names:
        if options[name] is not None and not 0 < options[name] <= _DAY:
            raise InvalidSettingError(name, f"is not a number above 0 and up to {_DAY}", "give seconds")
