# SPDX-License-Identifier: GPL-3.0-or-later
"""Write every task result as a JSON line to $BED_RESULTS, as the user's own callbacks and reports would get it."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bed_results
type: aggregate
short_description: Results as JSON lines, for tests
description: Writes to the file that BED_RESULTS names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """For tests only."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bed_results"

    def _write(self, status: str, result: Any) -> None:
        entry = {
            "status": status,
            "host": result._host.get_name(),
            "action": result._task.action,
            "result": result._result,
        }
        with open(os.environ["BED_RESULTS"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)
