# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Start the probe: does conda reach its channels from this machine, and if not, why?

conda's own Python runs the files of this room, handed over on stdin, so that the answer is conda's: its configuration,
its session, its certificates. Importing them does nothing and needs only the standard library; conda is imported late,
by name: each step can fail, and the failure is an answer too. Python 3.7 to 3.13, conda 4.6 to 26.

This file reads the input, sets the deadline, and sees that nobody is asked a question. effective_proxies.py is the start
of the other question: which proxy does conda take?
"""

from __future__ import annotations

import base64
import builtins
import getpass
import json
import os
import sys
import threading
from typing import Any, NoReturn

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.channel import run_conda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.conda import conda_info
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.environ import guard_children, set_variable
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import Report, one_row, side_by_side
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import Scrubber
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.verdict import Verdict
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.without_conda import Bare


def no_prompt(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Raise Verdict, in place of input and getpass: conda prompts for proxy credentials whatever its options say."""
    raise Verdict("proxy_auth_required", "conda prompted for proxy credentials.")


def main(encoded: str) -> NoReturn:
    """Run the probe with its input (base64 of JSON) and end the process."""
    given = ProbeInput.from_json(json.loads(base64.b64decode(encoded).decode("ascii")))
    report = Report(os.dup(1))
    os.dup2(2, 1)  # keep the output of conda out of the document
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    builtins.input = no_prompt
    getpass.getpass = no_prompt
    watchdog = threading.Timer(given.deadline, report.end, ["deadline"])
    watchdog.daemon = True
    watchdog.start()
    sys.path[:] = [path for path in sys.path if path not in ("", os.curdir)]
    for name, value in given.environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            set_variable(name, value)
    guard_children()
    timeouts = given.connect_timeout, given.read_timeout
    scrubber = Scrubber()
    try:
        if given.info:
            report.info = conda_info(report, scrubber, given, timeouts)
        elif given.without_conda is not None:
            bare = Bare(report, scrubber, given.without_conda, timeouts)
            side_by_side(report, given.without_conda.channels or (), bare.check)
        else:
            run_conda(report, scrubber, given, timeouts)
    except Exception as exc:  # noqa: BLE001 always print a document
        one_row(report, "unknown", f"{type(exc).__name__} in the probe.")
    report.end("completed")
