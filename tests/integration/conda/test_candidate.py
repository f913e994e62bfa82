# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_connectivity with a candidate: would these settings work from there? Nothing is written."""

from __future__ import annotations

import glob
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.condafleet.proxy.plugins.action.conda_connectivity import OPTIONS
from ansible_collections.condafleet.proxy.plugins.module_utils._host.connectivity import run_connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Connectivity, ProofOptions
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.candidate import compile_candidate
from tests.bed.authority import Authority
from tests.bed.company import CHANNEL_HOST
from tests.bed.play import Player
from tests.bed.secrets import PASSWORD, leaks
from tests.bed.tree import snapshot

if TYPE_CHECKING:
    from tests.bed.company import Channels
    from tests.bed.hosts import Host
    from tests.bed.proxy import Proxy

pytestmark = pytest.mark.conda
MODULE = "condafleet.proxy.conda_connectivity"
DEAD = "http://127.0.0.1:9"


@pytest.fixture(params=["24.7.1", "22.9.0"])
def base(request: pytest.FixtureRequest, conda: Callable[..., Path]) -> Path:
    return conda(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose own proxy is dead, in the condarc and in the login shell."""
    folder = tmp_path / "home"
    folder.mkdir()
    servers = {"http": DEAD, "https": DEAD, f"https://{CHANNEL_HOST}": DEAD}
    (folder / ".condarc").write_text(yaml.safe_dump({"proxy_servers": servers}))
    (folder / ".profile").write_text(f"export https_proxy={DEAD} http_proxy={DEAD} all_proxy={DEAD} no_proxy=x\n")
    return folder


@pytest.fixture(autouse=True)
def own_temporary(ansible_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files that no test beside this one writes into."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    ansible_env["TMPDIR"] = str(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def temporary() -> set[str]:
    return set(glob.glob(tempfile.gettempdir() + "/condafleet-*.pem"))


class Try:
    """Plays the module with options and says what came back: no file is left, no secret is seen."""

    def __init__(self, ansible_run: Callable[..., Any], tmp_path: Path, base: Path) -> None:
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        self._player = Player(ansible_run, tmp_path, {"here": here}, {})
        self._play = tmp_path / "play.yml"
        self._base = str(base)

    def __call__(self, **options: Any) -> dict[str, Any]:
        options = {"prefix": self._base, "verify_deadline": 20, **options}
        task = {MODULE: {name: f"{{{{ given_{name} }}}}" for name in options}}
        self._play.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
        before = temporary()
        given = {f"given_{name}": value for name, value in options.items()}
        played = self._player.play(str(self._play), "--diff", "-vvv", **given)
        assert not leaks(played.output), leaks(played.output)
        assert not leaks(str(played.entries))
        assert temporary() <= before
        (entry,) = [entry for entry in played.entries if entry["action"] == MODULE]
        result: dict[str, Any] = entry["result"]
        return result


@pytest.fixture
def attempt(ansible_run: Callable[..., Any], tmp_path: Path, base: Path) -> Try:
    return Try(ansible_run, tmp_path, base)


Here = Callable[..., dict[str, Any]]


@pytest.fixture
def here(base: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """The same without Ansible, for an account with a home of the test's: nothing in it may change."""

    own = accounts.own(str(home))
    monkeypatch.setattr(accounts, "own", lambda: own)

    def run(**options: Any) -> dict[str, Any]:
        given: dict[str, Any] = {name: option.get("default") for name, option in OPTIONS.items()} | {
            "prefix": str(base),
            **options,
        }
        pem = Path(given["ca_bundle_src"]).read_text() if given["ca_bundle_src"] else None
        candidate = compile_candidate(given, pem)
        before = snapshot(home), temporary()
        proof = ProofOptions(
            deadline=20.0,
            channels=tuple(given["channels"]) if given["channels"] else None,
            packages=given["verify_packages"],
            info=given["verify_info"],
        )
        task = Connectivity(proof, given["prefix"], given["environment"], given["verify"] == "require", candidate)
        result = run_connectivity(task)
        assert (snapshot(home), temporary()) == before
        assert not leaks(str(result))
        return result

    return run


def verdicts(result: dict[str, Any]) -> list[str]:
    return [row["verdict"] for row in result["proof"]]


def test_a_proxy_with_a_password(attempt: Try, channels: Channels, proxy: Proxy, authority: Authority) -> None:
    """The right one, a wrong one, none, a dead proxy; by TLS and by http."""
    proxy.behaviour.username, proxy.behaviour.password = b"ada", PASSWORD.encode()
    urls = [channels.https.url("main", CHANNEL_HOST), channels.http.url("main", CHANNEL_HOST)]
    good = {"http": proxy.url(), "username": "ada", "password": PASSWORD, "channels": urls}
    bundle = {"ca_bundle_src": str(authority.pem)}
    result = attempt(**good, **bundle, verify_packages=True, verify_info=True)
    assert verdicts(result) == ["ok", "ok"], result
    assert all(row["package"].endswith("/noarch/hello-1.1-0.tar.bz2") for row in result["proof"]), result
    assert {(row["proxy"], row["proxy_source"], row["proxy_file"]) for row in result["proof"]} == {
        (f"http://***@127.0.0.1:{proxy.port}", "candidate", None)
    }
    assert [row["verify"] for row in result["proof"]] == ["candidate", "candidate"]
    assert {row["proxy_conflict"] for row in result["proof"]} == {False}
    assert "https_proxy: <set>" in result["conda_info"][0]["text"]
    assert {entry["credentials"] for entry in proxy.log.entries} == {f"ada:{PASSWORD}".encode().decode("latin-1")}
    assert verdicts(attempt(**good)) == ["tls_unknown_ca", "ok"]
    assert verdicts(attempt(**{**good, "password": "x" + PASSWORD}, **bundle)) == ["proxy_auth_rejected"] * 2
    assert verdicts(attempt(http=proxy.url(), channels=urls, **bundle)) == ["proxy_auth_required"] * 2
    assert verdicts(attempt(**{**good, "http": DEAD}, **bundle)) == ["refused_proxy"] * 2


def test_parts_of_a_candidate(here: Here, home: Path, channels: Channels, proxy: Proxy, authority: Authority) -> None:
    """A CA alone leaves the machine's proxy; no_proxy goes direct; the machine's channels; ${NAME}; no conda."""
    url = channels.https.url("main", CHANNEL_HOST)
    bundle = {"ca_bundle": str(authority.pem)}
    assert verdicts(here(channels=[url])) == ["refused_proxy"]
    assert verdicts(here(channels=[url], **bundle)) == ["refused_proxy"]
    assert verdicts(here(channels=[url], http=proxy.url(), **bundle)) == ["ok"]
    joined = here(channels=[url], http=proxy.url(), ca_bundle_src=str(authority.pem), verify_info=True)
    assert verdicts(joined) == ["ok"]
    assert "REQUESTS_CA_BUNDLE: /" in joined["conda_info"][0]["text"]
    local = here(http=DEAD, channels=[channels.https.url("main")], no_proxy=["127.0.0.1"], **bundle)
    assert [(row["verdict"], row["proxy"]) for row in local["proof"]] == [("ok", None)]
    assert local["proof"][0]["verify"] == "candidate"

    servers = {"http": DEAD, "https": DEAD}
    (home / ".condarc").write_text(yaml.safe_dump({"proxy_servers": servers, "channels": [url]}))
    result = here(http=proxy.url(), **bundle)
    assert [(row["verdict"], row["url"]) for row in result["proof"]] == [("ok", url)]

    proxy.behaviour.username, proxy.behaviour.password = b"ada", b"pw-in-a-variable"
    with (home / ".profile").open("a") as profile:
        profile.write("export CONDA_PROXY_PW=pw-in-a-variable\n")
    named = {"http": proxy.url(), "username": "ada", **bundle}
    assert verdicts(here(password="${CONDA_PROXY_PW}", channels=[url], **named)) == ["ok"]
    assert verdicts(here(password="${CONDA_PROXY_NONE}", channels=[url], **named)) == ["config_invalid"]

    for password, verdict in (("pw-in-a-variable", "ok"), ("wrong", "proxy_auth_rejected")):
        result = here(prefix="/nonexistent", channels=[url], password=password, **named)
        (row,) = result["proof"]
        assert (row["verdict"], row["proxy_verdict"], row["proxy_source"]) == ("no_conda", verdict, "candidate")


@pytest.mark.parametrize("base", ["24.7.1"], indirect=True)
def test_refused_before_any_connection(attempt: Try, authority: Authority, tmp_path: Path) -> None:
    """The sentences of conda_proxy, with the names of these options."""
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    for options, words in (
        ({"http": "proxy:1"}, "http has no scheme; "),
        ({"http": "https://proxy:1"}, "or set tls_to_proxy: true"),
        ({"http": f"http://ada:{PASSWORD}@proxy:1"}, "http has a space, a control character"),
        ({"http": "http://ada:p^w@proxy:1"}, "set username and password"),
        ({"https": "http://proxy:1"}, "https is set without http "),
        ({"http": DEAD, "password": PASSWORD}, "password is set without username"),
        ({"http": DEAD, "username": "ada", "password": PASSWORD + "\n"}, "password has a line break"),
        ({"http": DEAD, "username": "ada", "password": [PASSWORD]}, "password is not text"),
        ({"http": DEAD, "no_proxy": ["http://x"]}, "no_proxy has an entry"),
        ({"http": DEAD, "channels": ["a b"]}, "channels has an entry"),
        ({"ca_bundle": "ca.pem"}, "use ca_bundle_src for a file on the control node"),
        ({"ca_bundle_src": "nowhere.pem"}, "ca_bundle_src names a file that is not on the control node"),
        ({"ca_bundle_src": str(tmp_path / "key.pem")}, "ca_bundle_src names a file without a PEM certificate"),
        ({"ca_bundle_src": str(authority.pem), "ca_bundle": "/x"}, "ca_bundle and ca_bundle_src are both set"),
    ):
        result = attempt(**options)
        assert "proof" not in result
        assert words in result["msg"], result["msg"]
        assert "conda_proxy_" not in result["msg"]


@pytest.mark.hosts
def test_a_machine_without_ca_roots_gets_those_of_the_control_node(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    conda_hosts: list[Host],
    host_channels: Channels,
    authority: Authority,
) -> None:
    """It says that it needs roots, and a second execution brings them; nothing of that is left on the machine."""
    host = conda_hosts[0]
    url = host_channels.https.url("main")
    options = {"prefix": "/nonexistent", "channels": [url], "ca_bundle_src": str(authority.pem), "verify_deadline": 20}
    play = tmp_path / "play.yml"
    task = {MODULE: {name: f"{{{{ given_{name} }}}}" for name in options}}
    play.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    player = Player(ansible_run, tmp_path, {host.name: host.inventory()}, {})

    def attempt(**more: Any) -> tuple[dict[str, Any], int]:
        given = {f"given_{name}": value for name, value in {**options, **more}.items()}
        played = player.play(str(play), "-vvv", **given)
        (entry,) = [entry for entry in played.entries if entry["action"] == MODULE]
        return entry["result"], played.executions()

    result, executions = attempt()
    assert (executions, [row["proxy_verdict"] for row in result["proof"]]) == (1, ["ok"])
    roots = "/etc/ssl/certs/ca-certificates.crt"
    host.run(f"mv {roots} {roots}.away")
    try:
        listing = "find / -xdev -newer /run/mark -type f -not -path '/proc/*' -not -path '/var/log/*' | sort"
        host.run("touch /run/mark")
        result, executions = attempt()
        assert executions == 2
        assert (result["changed"], result.get("failed", False), "needs" in result) == (False, False, False)
        (row,) = result["proof"]
        assert (row["verdict"], row["proxy_verdict"], row["verify"]) == ("no_conda", "ok", "candidate"), row
        assert [path for path in host.run(listing).stdout.splitlines() if path.endswith(".pem")] == []
        # its own roots have not been put in the place of the others: without ours the chain is not trusted
        result, executions = attempt(ca_bundle_src=str(unrelated(tmp_path)))
        assert (executions, [row["proxy_verdict"] for row in result["proof"]]) == (2, ["tls_unknown_ca"])
        # a base brings roots: one execution is enough
        result, executions = attempt(prefix="/opt/conda")
        assert (executions, verdicts(result)) == (1, ["ok"])
    finally:
        host.run(f"mv {roots}.away {roots}")


def unrelated(folder: Path) -> Path:
    """A CA that signed nothing here."""
    return Authority(folder / "unrelated").pem
