# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the outcomes as JUnit XML, a test case per host. Pure.

Ansible's own callback leaves out hosts that were not reached, and prints arguments.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import LABELS

_ERRORS = (_outcome.UNREACHABLE, _outcome.REFUSED)
_SKIPPED = (_outcome.HELD, _outcome.NOT_BEGUN)


def junit(fleet: Fleet) -> str:
    """Return the document."""
    kinds = [_kind(one.state) for one in fleet.outcomes]
    suite = ET.Element("testsuite", name="condafleet.proxy", tests=str(len(kinds)))
    for kind, plural in (("error", "errors"), ("failure", "failures"), ("skipped", "skipped")):
        suite.set(plural, str(kinds.count(kind)))
    for one, kind in zip(fleet.outcomes, kinds):
        case = ET.SubElement(suite, "testcase", classname="condafleet.proxy", name=one.host)
        if kind:
            message = _printable(f"{LABELS[one.state]}: {one.message}")
            ET.SubElement(case, kind, message=message, type=one.state)
    return ET.tostring(suite, encoding="unicode") + "\n"


def _kind(state: str) -> str:
    if state in _outcome.GOOD:
        return ""
    if state in _ERRORS:
        return "error"
    return "skipped" if state in _SKIPPED else "failure"


def _printable(text: str) -> str:
    """Return text without the control characters that XML does not allow."""
    return "".join(char if char >= " " or char in "\t\n\r" else "?" for char in text)
