# SPDX-License-Identifier: GPL-3.0-or-later
"""junit.xml."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.junit import junit


def test_a_case_for_every_host_also_for_those_that_were_not_reached() -> None:
    fleet = Fleet()
    fleet.add("good", {"changed": False})
    fleet.add("down", {"unreachable": True, "msg": "no <route> \x1b[0m"})
    fleet.add("bad", {"failed": True, "msg": "x"})
    fleet.add("held", {"hold": {"text": "ticket"}})
    suite = ET.fromstring(junit(fleet))  # noqa: S314  # our own
    assert {name: suite.get(name) for name in ("tests", "errors", "failures", "skipped")} == {
        "tests": "4",
        "errors": "1",
        "failures": "1",
        "skipped": "1",
    }
    assert {case.get("name"): [child.tag for child in case] for case in suite} == {
        "bad": ["failure"],
        "down": ["error"],
        "good": [],
        "held": ["skipped"],
    }
