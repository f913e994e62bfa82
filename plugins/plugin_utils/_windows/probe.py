# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run the probe on a Windows machine: on stdin of the python.exe of conda's base."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Answer
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed, Remote


class WindowsLauncher:
    """Runs every base with the rights of the connecting user."""

    python_alone: Base | None = None
    searched = (
        "Searched the default directories of Miniconda, Anaconda and Miniforge, and the list of installed programs."
    )

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def owner(self, base: Base) -> tuple[int, int]:  # noqa: ARG002  # see Launcher
        """See Launcher."""
        return -1, -1

    def run(self, base: Base, text: bytes, seconds: float) -> Answer:  # noqa: ARG002  # it ends by its own deadline
        """See Launcher."""
        try:
            answer = self._remote.module("win_command", argv=[base.python, "-B", "-"], stdin=text.decode("ascii"))
        except ModuleFailed as exc:
            # its text may quote the program, which holds the environment
            return Answer(b"", failure=f"{base.python} cannot be run (exit code {exc.result.get('rc')}).")
        return Answer(str(answer["stdout"]).strip().encode("ascii", "replace"))
