# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run the probe on a POSIX machine."""

from __future__ import annotations

import sys

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.process import RunAs, run_python
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.trust import NotAsRootError, account_for
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import Answer

_GRACE = 10.0  # seconds after the deadline: the probe does not count the start of Python
_ALONE = Base("", sys.executable, found_by="alone")


class PosixLauncher:
    """Runs a base with no more rights than its owner has. `home`: HOME of a base that runs as the current user."""

    python_alone: Base | None = _ALONE
    searched = ""

    def __init__(self, home: str) -> None:
        self._home = home

    def owner(self, base: Base) -> tuple[int, int]:
        """See Launcher."""
        try:
            run_as = self._run_as(base)
        except NotAsRootError:
            return -1, -1
        return run_as.uid, run_as.gid

    def run(self, base: Base, text: bytes, seconds: float) -> Answer:
        """See Launcher."""
        try:
            return run_python(base.python, text, self._run_as(base), seconds + _GRACE)
        except NotAsRootError as exc:
            return Answer(b"", failure=str(exc))

    def _run_as(self, base: Base) -> RunAs:
        return RunAs(-1, -1, "", self._home) if base is _ALONE else account_for(base, self._home)
