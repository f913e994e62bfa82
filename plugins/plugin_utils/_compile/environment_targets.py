# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse which readers of environment variables are managed."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import ENVIRONMENT_TARGETS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError


def parse_environment_targets(options: Options) -> tuple[str, ...]:
    """Return the readers of environment variables; none: the platform's. Raises InvalidSettingError."""
    for name in options["environment_targets"]:
        if name not in ENVIRONMENT_TARGETS:
            raise InvalidSettingError(
                "environment_targets", "has an unknown name", "choose from " + ", ".join(ENVIRONMENT_TARGETS)
            )
    return tuple(options["environment_targets"])
