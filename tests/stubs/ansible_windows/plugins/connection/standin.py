# SPDX-License-Identifier: GPL-3.0-or-later
"""A local connection that breaks as winrm, psrp and ssh do: with an exception, when the machine says that it is lost."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: standin
short_description: a local connection that can break
description: Raises what a connection plugin raises when the other side has gone.
options:
  become_success_timeout:
    description: As of the plugin local.
    type: int
    default: 10
  become_strip_preamble:
    description: As of the plugin local.
    type: bool
    default: true
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(Local):  # type: ignore[misc]
    """See the module's text."""

    transport = "ansible.windows.standin"
    _lost = False

    def exec_command(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command, unless the connection is lost."""
        code, stdout, stderr = (1, b"", b"") if self._lost else super().exec_command(*args, **kwargs)
        if self._lost or b"the connection was lost" in stdout:
            self._lost = True
            raise AnsibleConnectionFailure("the connection was lost")
        return code, stdout, stderr
