# SPDX-License-Identifier: GPL-3.0-or-later
"""report.json: the schema of docs/fleet.md."""

from __future__ import annotations

import json

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.document import SCHEMA_VERSION, document
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from tests.bed.paths import CHECKOUT


def test_every_key_is_documented() -> None:
    fleet = Fleet()
    row = {"url": "https://x", "verdict": "no_conda", "proxy_verdict": "dns_proxy", "ok": False, "secret": "no"}
    changes = [{"path": "/etc/x", "reasons": ["edited"]}]
    fleet.add("h", {"changed": True, "resources": changes, "proof": [row], "overruled": [{"consumer": "zsh"}]})
    report = document(fleet, "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00", complete=True, seen={})
    assert report["schema_version"] == SCHEMA_VERSION
    (host,) = report["hosts"]
    (proof,) = host["proof"]
    assert proof["verdict"] == "dns_proxy"
    assert "secret" not in proof
    page = (CHECKOUT / "docs/fleet.md").read_text(encoding="utf-8")
    for key in (*report, *host, *proof):
        assert f"`{key}`" in page, key
    json.dumps(report)
