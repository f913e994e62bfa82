# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe on real conda, against servers that fail on purpose. The scenarios are a table: probe_scenarios.yml."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.condafleet.proxy.plugins.module_utils._bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import prove
from ansible_collections.condafleet.proxy.plugins.module_utils._verdicts import VERDICTS
from tests.integration.probe_servers import MARKER, Servers, as_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Row = dict[str, Any]

SCENARIOS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("probe_scenarios.yml").read_text("utf-8"))
LIMITS = {"deadline": 12.0, "connect_timeout": 2.0, "read_timeout": 2.0}
VERSIONS = ("24.7.1", "22.9.0")

pytestmark = [pytest.mark.conda, pytest.mark.xdist_group("probe")]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers(tmp_path_factory.mktemp("servers"))
    yield running
    running.close()


def condarc_of(scenario: dict[str, Any]) -> dict[str, Any]:
    """The scenario's condarc, as a mapping."""
    condarc: dict[str, Any] = {"channels": [scenario["channel"]], "ssl_verify": "<ca>", "add_anaconda_token": False}
    own = dict(scenario.get("condarc", {}))
    if "proxy" in scenario:
        own["proxy_servers"] = {
            "http": scenario["proxy"],
            "https": scenario["proxy"],
            **own.get("proxy_servers", {}),
        }
    condarc.update(own)
    return {key: value for key, value in condarc.items() if value is not None}


def run_on_conda(scenario: dict[str, Any], base: Path, home: Path, servers: Servers) -> list[Row]:
    """The rows of a scenario on a base."""
    home.mkdir(parents=True)
    if "raw" in scenario:
        (home / ".condarc").write_text(scenario["raw"])
    else:
        (home / ".condarc").write_text(yaml.safe_dump(as_dict(condarc_of(scenario), servers)))
    write_files(scenario, home)
    environment = as_dict(scenario.get("env", {}), servers)
    return prove(find_bases(str(home), "", str(base)), environment, str(home), LIMITS)


def write_files(scenario: dict[str, Any], home: Path) -> None:
    for name, content in scenario.get("files", {}).items():
        (home / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def run_alone(scenario: dict[str, Any], home: Path, servers: Servers) -> list[Row]:
    """The rows of a scenario where there is no conda."""
    home.mkdir(parents=True)
    write_files(scenario, home)
    condarc = as_dict(condarc_of(scenario), servers)
    bare = {
        "channels": condarc["channels"],
        "proxies": condarc.get("proxy_servers", {}),
        "ca_bundle": condarc.get("ssl_verify"),
    }
    return prove([], as_dict(scenario.get("env", {}), servers), str(home), dict(LIMITS, bare=bare))


def alone_verdict(scenario: dict[str, Any]) -> str | None:
    """What Python alone should say, or nothing where it is not asked."""
    if "raw" in scenario:
        return None
    if "alone" in scenario:
        return scenario["alone"] or None
    return scenario["verdict"] if VERDICTS[scenario["verdict"]].python_alone else None


@pytest.fixture(scope="module")
def results(
    servers: Servers, conda: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], list[Row]]:
    """All scenarios, run side by side: most of them wait, and a start of conda costs most of a second."""
    folder = tmp_path_factory.mktemp("homes")
    bases = {version: conda(version) for version in VERSIONS}
    with ThreadPoolExecutor(6) as pool:
        jobs = {}
        for scenario in SCENARIOS:
            name = scenario["id"]
            for version, base in bases.items():
                jobs[name, version] = pool.submit(run_on_conda, scenario, base, folder / version / name, servers)
            if alone_verdict(scenario):
                jobs[name, "alone"] = pool.submit(run_alone, scenario, folder / "alone" / name, servers)
        return {key: job.result() for key, job in jobs.items()}


def check_row(row: Row, scenario: dict[str, Any], verdict: str, found: str) -> None:
    assert found == verdict, row
    assert row["finished_by"] == scenario.get("finished_by", "completed")
    for name, value in scenario.get("row", {}).items():
        assert row[name] == value, row


def check_clean(rows: list[Row]) -> None:
    """No secret, in no form that a library prints."""
    assert MARKER not in json.dumps(rows)
    assert "username:" not in json.dumps(rows)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_conda(scenario: dict[str, Any], version: str, results: dict[tuple[str, str], list[Row]]) -> None:
    """The verdict of conda's own session."""
    rows = results[scenario["id"], version]
    check_clean(rows)
    assert len(rows) == 1
    row = rows[0]
    verdict = scenario["old"] if version == "22.9.0" and "old" in scenario else scenario["verdict"]
    check_row(row, scenario, verdict, row["verdict"])
    assert row["ok"] is (verdict == "ok")
    assert row["conda_version"] == version
    assert bool(row["remedy"]) is not row["ok"]


@pytest.mark.parametrize(
    "scenario", [item for item in SCENARIOS if alone_verdict(item)], ids=lambda scenario: scenario["id"]
)
def test_alone(scenario: dict[str, Any], results: dict[tuple[str, str], list[Row]]) -> None:
    """The verdict of Python alone, where conda plays no part in it."""
    rows = results[scenario["id"], "alone"]
    check_clean(rows)
    assert [row["verdict"] for row in rows] == ["no_conda"]
    assert not rows[0]["ok"]
    trimmed = {key: value for key, value in scenario.items() if key != "row"}
    check_row(rows[0], trimmed, str(alone_verdict(scenario)), rows[0]["proxy_verdict"])


def test_enough() -> None:
    """At least eighty, each name once."""
    names = [scenario["id"] for scenario in SCENARIOS]
    assert len(names) >= 80
    assert len(set(names)) == len(names)
