# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe on real conda, against servers that fail on purpose. The scenarios are a table: probe_scenarios.yml."""

from __future__ import annotations

import ctypes
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.scrubber import WITHHELD
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.verdicts import VERDICTS
from tests.bed.channel import ChannelServer, make_channel
from tests.bed.proof import conda_info, prove
from tests.bed.proxy import Proxy
from tests.bed.tree import snapshot
from tests.conftest import unavailable
from tests.integration.conda import namespace
from tests.integration.conda.probe_servers import HOSTS, MARKER, PASSWORD, PASSWORD_ENCODED, Servers, as_dict

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


SHARED = {"id", "channel", "proxy", "verdict", "old", "alone", "row", "pysocks"}
BATCH = [item for item in SCENARIOS if set(item) <= SHARED]
SINGLE = [item for item in SCENARIOS if item not in BATCH]


def condarc_of(scenario: dict[str, Any], servers: Servers) -> dict[str, Any]:
    """The condarc of one scenario, as a mapping."""
    condarc: dict[str, Any] = {"channels": [scenario["channel"]], "ssl_verify": "<ca>", "add_anaconda_token": False}
    own = dict(scenario.get("condarc", {}))
    if "proxy" in scenario:
        proxies = {"http": scenario["proxy"], "https": scenario["proxy"]}
        own["proxy_servers"] = {**proxies, **own.get("proxy_servers", {})}
    condarc.update(own)
    expanded: dict[str, Any] = as_dict(condarc, servers)
    return {key: value for key, value in expanded.items() if value is not None}


def condarc_of_batch(scenarios: list[dict[str, Any]], servers: Servers) -> dict[str, Any]:
    """One condarc for many scenarios: each has a channel at its own address, and its proxy under that address's key."""
    channels, proxies = [], {}
    for host, scenario in zip(HOSTS, scenarios, strict=False):
        channel = servers.expand(scenario["channel"])
        channels.append(re.sub(r"\b127\.0\.0\.1:", f"{host}:", channel))
        if "proxy" in scenario:
            proxies[f"{channel.partition(':')[0]}://{host}"] = servers.expand(scenario["proxy"])
    return {
        "channels": channels,
        "proxy_servers": proxies,
        "ssl_verify": str(servers.authority.pem),
        "add_anaconda_token": False,
    }


def give_up_reading_everything() -> None:
    """From here on root may read in this thread, and in what it starts, only what any owner may read."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if os.geteuid() == 0 and libc.prctl(24, capability, 0, 0, 0) != 0:  # PR_CAPBSET_DROP: counts at the next exec
            raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")


class Machine:
    """A home to run the probe in, with a base or without."""

    def __init__(self, servers: Servers, home: Path, base: Path | None) -> None:
        self._servers = servers
        self._home = home
        self._base = base

    def run(self, scenario: dict[str, Any]) -> list[Row]:
        """The rows of one scenario."""
        home = self._home / scenario["id"]
        home.mkdir(parents=True)
        for name, content in scenario.get("files", {}).items():
            (home / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        if "raw" in scenario:
            return self._prove(home, scenario["raw"], {}, {})
        condarc = condarc_of(scenario, self._servers)
        environment = as_dict(scenario.get("env", {}), self._servers)
        if "unreadable" in scenario:
            (home / ".condarc").write_text(yaml.safe_dump(condarc).replace("<home>", str(home)))
            (home / scenario["unreadable"]).chmod(0)
            with ThreadPoolExecutor(1, initializer=give_up_reading_everything) as thread:
                return thread.submit(self._prove, home, "", condarc, environment).result()
        return self._prove(home, yaml.safe_dump(condarc), condarc, environment, packages=bool(scenario.get("packages")))

    def run_batch(self, scenarios: list[dict[str, Any]]) -> list[list[Row]]:
        """The rows of many scenarios out of one run."""
        home = self._home / "batch"
        home.mkdir(parents=True)
        condarc = condarc_of_batch(scenarios, self._servers)
        rows = self._prove(home, yaml.safe_dump(condarc), condarc, {}, deadline=60.0)
        assert len(rows) == len(scenarios), rows
        return [[row] for row in rows]

    def _prove(
        self, home: Path, text: str, condarc: dict[str, Any], environment: dict[str, str], **more: float
    ) -> list[Row]:
        if self._base is not None:
            if text:
                (home / ".condarc").write_text(text)
            return prove(find_bases(str(home), "", str(self._base)), environment, home, **{**LIMITS, **more})
        alone = WithoutConda(
            channels=tuple(condarc["channels"]),
            proxy_servers=condarc.get("proxy_servers", {}),
            ca_bundle=condarc.get("ssl_verify"),
        )
        return prove([], environment, home, **{**LIMITS, **more}, without_conda=alone)


def alone_verdict(scenario: dict[str, Any]) -> str | None:
    """What Python alone should say, or nothing where it is not asked."""
    if "raw" in scenario:
        return None
    if "alone" in scenario:
        return scenario["alone"] or None
    return scenario["verdict"] if VERDICTS[scenario["verdict"]].python_alone else None


def wanted(kind: str, pysocks: bool = False, own_network: bool = False) -> list[dict[str, Any]]:
    """The scenarios for one kind of machine."""
    mine = [item for item in SCENARIOS if kind != "alone" or alone_verdict(item)]
    mine = [item for item in mine if bool(item.get("pysocks")) is pysocks]
    return [item for item in mine if bool(item.get("namespace")) is own_network]


@pytest.fixture(scope="module")
def results(
    servers: Servers, conda: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], list[Row]]:
    """All scenarios, side by side: a start of conda costs most of a second, and many scenarios only wait."""
    folder = tmp_path_factory.mktemp("homes")
    found: dict[tuple[str, str], list[Row]] = {}
    with ThreadPoolExecutor(6) as pool:
        single, batches = [], []
        machines = [(kind, False, conda(kind)) for kind in VERSIONS]
        machines += [(kind, True, conda(kind, pysocks=True)) for kind in VERSIONS]
        for kind, pysocks, base in [*machines, ("alone", False, None)]:
            machine = Machine(servers, folder / f"{kind}-{pysocks}", base)
            mine = wanted(kind, pysocks=pysocks)
            shared = [item for item in BATCH if item in mine]
            batches.append((kind, shared, pool.submit(machine.run_batch, shared)))
            single += [(kind, item["id"], pool.submit(machine.run, item)) for item in SINGLE if item in mine]
        for kind, shared, batch in batches:
            for item, rows in zip(shared, batch.result(), strict=True):
                found[item["id"], kind] = rows
        for kind, name, job in single:
            found[name, kind] = job.result()
    if namespace.missing() is None:
        bases = {kind: str(conda(kind)) for kind in VERSIONS} | {"alone": None}
        found |= namespace.run(tmp_path_factory.mktemp("namespace"), bases)
    return found


def result_of(scenario: dict[str, Any], kind: str, results: dict[tuple[str, str], list[Row]]) -> list[Row]:
    """Its rows; where this machine cannot have a namespace, the test says so."""
    reason = namespace.missing()
    if scenario.get("namespace") and reason:
        unavailable(reason)
    return results[scenario["id"], kind]


def check_row(row: Row, scenario: dict[str, Any], verdict: str, found: str) -> None:
    assert found == verdict, row
    assert row["finished_by"] == scenario.get("finished_by", "completed")
    assert scenario.get("says", "") in row["detail"], row
    for name, value in scenario.get("row", {}).items():
        assert row[name] == value, row


def check_clean(rows: list[Row]) -> None:
    """No secret, in no form that a library prints."""
    assert MARKER not in json.dumps(rows)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_conda(scenario: dict[str, Any], version: str, results: dict[tuple[str, str], list[Row]]) -> None:
    """The verdict of conda's own session."""
    rows = result_of(scenario, version, results)
    check_clean(rows)
    assert len(rows) == 1
    row = rows[0]
    verdict = scenario["old"] if version == "22.9.0" and "old" in scenario else scenario["verdict"]
    check_row(row, scenario, verdict, row["verdict"])
    assert row["ok"] is (verdict == "ok")
    assert row["conda_version"] == version
    assert bool(row["remedy"]) is not row["ok"]
    if row["package"] is not None:
        assert scenario["packages"]
        assert re.fullmatch(r"https?://[^/]+/(t/\*\*\*/)?\w+/noarch/p\d+-1-0\.tar\.bz2", row["package"]), row
        assert row["ok"] or row["detail"].startswith("Package p"), row


@pytest.mark.parametrize(
    "scenario", [item for item in SCENARIOS if alone_verdict(item)], ids=lambda scenario: scenario["id"]
)
def test_alone(scenario: dict[str, Any], results: dict[tuple[str, str], list[Row]]) -> None:
    """The verdict of Python alone, where conda plays no part in it."""
    rows = result_of(scenario, "alone", results)
    check_clean(rows)
    assert [row["verdict"] for row in rows] == ["no_conda"]
    assert not rows[0]["ok"]
    trimmed = {key: value for key, value in scenario.items() if key != "row"}
    check_row(rows[0], trimmed, str(alone_verdict(scenario)), rows[0]["proxy_verdict"])


@pytest.mark.parametrize("version", VERSIONS)
def test_cost(version: str, servers: Servers, conda: Callable[..., Path], tmp_path: Path) -> None:
    """At most 12 kB through the proxy for a TLS channel, and no request but the probe's own."""
    with Proxy() as proxy:
        scenario = {"id": "cost", "channel": "https://{tls}/ok", "proxy": proxy.url()}
        rows = Machine(servers, tmp_path, conda(version)).run(scenario)
        assert [row["verdict"] for row in rows] == ["ok"]
        assert proxy.requests == 1
        assert proxy.bytes <= 12_000


def big_channel(folder: Path, formats: tuple[str, ...]) -> str:
    """A channel whose index is far longer than what is read of it; returns its smallest package that can be found."""
    names = {kind: {f"big{number}-1-0{kind}": {"depends": ["python >=3.8"], "size": 9000 - number} for number in range(3000)}
             for kind in formats}  # fmt: skip
    make_channel(folder)
    index = {
        "info": {"subdir": "noarch"},
        "packages": names.get(".tar.bz2", {}),
        "packages.conda": names.get(".conda", {}),
        "removed": [],
        "repodata_version": 1,
    }
    (folder / "noarch/current_repodata.json").write_text(json.dumps(index))
    smallest = f"big2999-1-0{formats[-1]}"
    (folder / "noarch" / smallest).write_bytes(b"PK\x03\x04" + b"x" * 100_000)
    return smallest


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("formats", [(".tar.bz2", ".conda"), (".tar.bz2",)])
def test_cost_of_a_package(version: str, formats: tuple[str, ...], conda: Callable[..., Path], tmp_path: Path) -> None:
    """150 kB at most, whatever the index and the package weigh; .conda before .tar.bz2; every byte through the proxy."""
    smallest = big_channel(tmp_path / "root/main", formats)
    home = tmp_path / "home"
    home.mkdir()
    with ChannelServer(tmp_path / "root") as server, Proxy() as proxy:
        condarc = {"channels": [server.url("main")], "proxy_servers": {"http": proxy.url()}}
        (home / ".condarc").write_text(yaml.safe_dump(condarc))
        rows = prove(find_bases(str(home), "", str(conda(version))), {}, home, **LIMITS, packages=True)
        assert [row["verdict"] for row in rows] == ["ok"]
        assert rows[0]["package"] == server.url("main") + "/noarch/" + smallest
        seen = [(entry["path"].rpartition("/")[2], entry["range"]) for entry in server.log.entries]
        assert [name for name, _range in seen if name == smallest] == [smallest]
        assert all(part for _name, part in seen), seen
        assert len(seen) == proxy.requests <= 5
        assert proxy.bytes <= 150_000


def test_enough() -> None:
    """At least eighty, each name once."""
    names = [scenario["id"] for scenario in SCENARIOS]
    assert len(names) >= 80
    assert len(set(names)) == len(names)


SECRET_CONDARC = (
    f"channels: ['http://ada:{PASSWORD_ENCODED}@127.0.0.1:9/main', 'http://127.0.0.1:9/t/{MARKER}token/x']\n"
    f"proxy_servers: {{http: 'http://ada:{PASSWORD_ENCODED}@127.0.0.1:9'}}\n"
)


@pytest.mark.parametrize("version", VERSIONS)
def test_conda_info(version: str, conda: Callable[..., Path], tmp_path: Path) -> None:
    """What support asks for, without secrets, also where conda prints a variable as it is."""
    (tmp_path / ".condarc").write_text(SECRET_CONDARC)
    (tmp_path / ".netrc").write_text(f"machine x login ada password {MARKER}netrc\n")
    before = snapshot(tmp_path)
    environment: dict[str, str | None] = {
        "https_proxy": f"http://ada:{PASSWORD_ENCODED}@127.0.0.1:9",
        "CONDA_PROXY_NOTE": f"see {PASSWORD} and {MARKER}netrc and http://127.0.0.1/?session={MARKER}",
        "CONDA_REPO_TOKEN": f"{MARKER}token",
        "CONDA_CLIENT_SSL_CERT_KEY": str(tmp_path / "key.pem"),
        "CONDA_AUTH_TRIES": "1",
    }
    bases = find_bases(str(tmp_path), "", str(conda(version)))
    text = conda_info(bases, environment, tmp_path)
    for words in (f"conda version : {version}", "https_proxy: <set>", "127.0.0.1:9/t/", str(tmp_path / ".condarc")):
        assert words in text
    assert "CONDA_REPO_TOKEN: ***" in text
    assert re.search(r"CONDA_PROXY_NOTE: see \*\*\* and \*\*\* and ", text), text
    assert MARKER not in text
    assert PASSWORD_ENCODED not in text
    assert len(text.splitlines()) > 30
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_conda_info_where_there_is_nothing_to_show(version: str, conda: Callable[..., Path], tmp_path: Path) -> None:
    bases = find_bases(str(tmp_path), "", str(conda(version)))
    (tmp_path / ".condarc").write_text("channels: ['http://ada:Zq7@127.0.0.1:9/main']\n")
    assert conda_info(bases, {}, tmp_path) == WITHHELD
    (tmp_path / ".condarc").write_text(f"proxy_servers: {{http: http://ada:{MARKER}pw@x\n")
    text = conda_info(bases, {}, tmp_path)
    assert text.startswith("conda info was not run: config_invalid.")
    assert MARKER not in text
    (tmp_path / ".condarc").write_text("envs_dirs: ['/" + "x" * 20_000 + "']\n")
    text = conda_info(bases, {}, tmp_path)
    assert len(text) < 16_100
    assert text.endswith("(truncated)")
