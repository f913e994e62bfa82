# SPDX-License-Identifier: GPL-3.0-or-later
"""A local connection that shows what ssh shows under -vvv, and breaks as winrm, psrp and ssh do: with an exception.

Facts: plugins/connection/ssh.py of ansible-core 2.16 and 2.19 displays return code, stdout and stderr of every command
at -vvv, which are a module's whole answer, unless no_log is set in the play context of the connection.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local
from ansible.utils.display import Display

DOCUMENTATION = """
name: standin
short_description: a local connection that behaves like ssh
description: Shows what ssh shows, and raises what a connection plugin raises when the other side has gone.
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
        shown = f"rc={code}, stdout and stderr censored due to no log"
        if not self._play_context.no_log:
            shown = str((code, stdout, stderr))
        Display().vvv(shown, host=self._play_context.remote_addr)
        return code, stdout, stderr
