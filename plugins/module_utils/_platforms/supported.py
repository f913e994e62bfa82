# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The platforms that the collection manages."""

from __future__ import annotations

import platform
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import WINDOWS

# by platform.system(); Windows is managed from the control node
PLATFORMS: t.Mapping[str, Platform] = {"Linux": LINUX, "Darwin": DARWIN}
ENVIRONMENT_TARGETS = tuple(
    sorted({row.name for table in (*PLATFORMS.values(), WINDOWS) for row in table.system + table.user})
)


def this_platform() -> Platform:
    """Return the table of this machine. Raises MachineError, which names the supported systems."""
    name = platform.system()
    if name not in PLATFORMS:
        raise MachineError(f"the operating system {name or '(unknown)'} is not supported; use Linux, macOS or Windows")
    return PLATFORMS[name]
