# SPDX-License-Identifier: GPL-3.0-or-later
"""A shell that calls itself Windows and is sh, so that a local connection serves as one to a Windows host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.shell.sh import ShellModule as Sh

DOCUMENTATION = """
name: standin_windows
short_description: sh that says it is Windows
description: Carries the stand-in machine's state file to the modules.
extends_documentation_fragment: shell_common
options:
  standin_state:
    description: The state file of the machine.
    type: path
    required: true
    vars:
      - name: standin_state
"""


class ShellModule(Sh):  # type: ignore[misc]
    """See the module's text."""

    COMPATIBLE_SHELLS: frozenset[str] = frozenset()
    SHELL_FAMILY = "standin_windows"
    _IS_WINDOWS = True

    def env_prefix(self, **variables: Any) -> str:
        """The environment of a module."""
        prefix: str = super().env_prefix(**variables, STANDIN_STATE=self.get_option("standin_state"))
        return prefix

    def path_has_trailing_slash(self, path: str) -> bool:
        """As the PowerShell shell plugin says it."""
        return path.endswith(("/", "\\"))
