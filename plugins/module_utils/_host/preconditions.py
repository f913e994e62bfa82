# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Check that this machine can be managed, before anything else."""

from __future__ import annotations

import os
import sys

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import trust


def this_machine() -> Platform:
    """Return the table of this machine. Raises MachineError for one that is not supported, and for an unsafe Python."""
    table = supported.this_platform()
    if table.interpreter_groups is not None and os.geteuid() == 0:
        refusal = trust.untrusted_interpreter(table.interpreter_groups)
        if refusal:
            raise MachineError(
                f"root must not run the Python {sys.executable}: {refusal}; set ansible_python_interpreter to one that "
                "root owns (docs/macos.md names three)"
            )
    return table
