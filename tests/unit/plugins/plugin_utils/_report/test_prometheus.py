# SPDX-License-Identifier: GPL-3.0-or-later
"""condafleet.prom."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.prometheus import metrics

SEEN = {"good": Seen(reached="2025-11-24T16:00:00+00:00", proven="2025-11-23T16:00:00+00:00", drift_total=3)}
LINE = re.compile(r'\w+(\{(\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.]+\Z')


def text() -> str:
    fleet = Fleet()
    bad = {"url": "https://x", "verdict": "proxy_forbidden", "ok": False}
    fleet.add('odd"host\\\n', {"changed": False, "proof": [bad, bad]})
    fleet.add("good", {"changed": False})
    return metrics(fleet, 1764000000.5, SEEN)


def test_every_line_is_a_sample_or_about_one_and_has_no_timestamp() -> None:
    lines = text().splitlines()
    assert text().endswith("\n")
    for line in lines:
        assert line.startswith("# ") or LINE.match(line), line
    assert sum(line.startswith("condafleet_hosts{") for line in lines) == len(outcome.STATES)
    assert 'condafleet_host_in_order{host="good",state="in_order"} 1' in lines
    assert any(line.startswith("condafleet_host_channels_unreachable") and line.endswith(" 2") for line in lines)
    assert 'condafleet_host_drift_total{host="good"} 3' in lines
    assert 'condafleet_host_last_reached_timestamp_seconds{host="good"} 1764000000.0' in lines
    assert sum("last_proven_timestamp_seconds{" in line for line in lines) == 1, "never is no sample"
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(set(families)) == len(families)


def test_a_reader_of_the_format_takes_it() -> None:
    samples = [sample for family in text_string_to_metric_families(text()) for sample in family.samples]
    hosts = {sample.labels["host"] for sample in samples if "host" in sample.labels}
    assert hosts == {"good", 'odd"host\\\n'}
    assert not [sample for sample in samples if sample.timestamp]
