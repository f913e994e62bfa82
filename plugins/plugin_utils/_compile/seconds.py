# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check times."""

from __future__ import annotations

import math

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError


def check_seconds(options: Options, *names: str) -> None:
    """Raise InvalidSettingError for a time that is not above 0, is infinite or is no number."""
    for name in names:
        if options[name] is not None and not 0 < options[name] < math.inf:
            raise InvalidSettingError(name, "is not a number above 0", "give seconds")
