# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no host of its own: old Pythons, preflight without connections, single roles, the proof by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.company import CHANNEL_HOST
from tests.bed.play import LOCAL, Player
from tests.bed.tree import contents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.proxy import Proxy


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".condarc").write_text("# mine\nalways_yes: true\n")
    return folder


@pytest.fixture
def player(local_player: Player) -> Player:
    return local_player


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_host_code_on_each_python(player: Player, home: Path, interpreter: Callable[[str], Path], version: str) -> None:
    before = contents(home)
    python = str(interpreter(version))
    more: dict[str, Any] = {
        "ansible_python_interpreter": python,
        "conda_proxy_sections": ["condarc", "environment", "netrc"],
        "conda_proxy_netrc": [{"machine": "mirror.example.com", "login": "ada", "password": "secret"}],
        "conda_proxy_verify": "report",
        "conda_proxy_verify_deadline": 5,
    }
    player._hosts["here"] = LOCAL | {"ansible_python_interpreter": python}  # type: ignore[index]
    predicted = player.play("site", "--check", "--diff", **more)
    applied = player.play("site", "--diff", **more)
    assert applied.returncode == 0, applied.output
    assert applied.changes("here") == predicted.changes("here") != {}
    assert [row["verdict"] for row in applied.result("here")["proof"]] == ["no_conda"]
    assert player.play("site", **more).result("here")["changed"] is False
    assert player.play("remove", **more).returncode == 0
    assert contents(home) == before


def test_preflight_makes_no_connection(ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    hosts = {f"{name}.invalid": {"ansible_connection": name} for name in ("ssh", "local")}
    hosts["local.invalid"] = {"ansible_python_interpreter": "/nonexistent/python"}
    player = Player(ansible_run, tmp_path, hosts, {"conda_proxy_http": "http://proxy.example.com:8080"})
    played = player.play("preflight", "-vvv")
    assert played.returncode == 0, played.output
    assert "SSH: EXEC" not in played.output
    assert "EXEC /bin/sh" not in played.output


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_a_bad_setting_of_one_host_stops_all_before_any_is_touched(player: Player, home: Path, strategy: str) -> None:
    player._env["ANSIBLE_STRATEGY"] = strategy
    before = contents(home)
    player._hosts["bad"] = LOCAL | {"conda_proxy_https": "https://username:password@corp.com:8080"}  # type: ignore[index]
    played = player.play("site", "--diff", "-vvv")
    assert played.returncode == 2
    assert contents(home) == before
    message = played.result("bad")["msg"]
    assert message.startswith("conda_proxy_https begins with https://")
    assert "username:password@" not in played.output


def test_a_windows_host_is_refused_what_it_cannot_have(player: Player) -> None:
    refused: dict[str, dict[str, Any]] = {
        "conda_proxy_home": {},
        "conda_proxy_users": {"conda_proxy_users": ["ada"], "conda_proxy_home": None},
        "conda_proxy_sections": {
            "conda_proxy_scope": "system",
            "conda_proxy_sections": ["netrc"],
            "conda_proxy_home": None,
        },
        "conda_proxy_condarc_path": {"conda_proxy_condarc_path": "/etc/conda/.condarc", "conda_proxy_home": None},
    }
    for name, variables in refused.items():
        played = player.play("preflight", "-vvv", ansible_shell_type="powershell", **variables)
        assert played.returncode == 2, name
        assert played.result("here")["msg"].startswith(name), played.result("here")["msg"]
        assert "EXEC" not in played.output, "a preflight connects to nothing"


def test_values_of_another_type_name_the_variable(player: Player) -> None:
    """Also where a default is computed from it: become, before anything else of the play."""
    for variables in ({"conda_proxy_scope": "everybody"}, {"conda_proxy_users": {"a": 1}}):
        played = player.play("site", **variables)
        assert played.returncode == 2
        (name,) = variables
        assert played.result("here")["msg"].startswith(f"{name} is ")


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("condarc", {"condarc"}), ("environment", {"environment"}), ("netrc", {"netrc"}), ("connectivity", set())],
)
def test_single_roles(player: Player, home: Path, tmp_path: Path, role: str, kinds: set[str]) -> None:
    play = tmp_path / "play.yml"
    text = "- hosts: all\n  gather_facts: false\n  roles: [condafleet.proxy.{}]\n"
    play.write_text(text.format(role))
    entry = [{"machine": "mirror.example.com", "login": "ada", "password": "secret"}]
    before = contents(home)
    played = player.play(str(play), conda_proxy_netrc=entry)
    proof_alone = role == "connectivity"  # proves although nothing is to be proven after a change, and nothing listens
    assert played.returncode == (2 if proof_alone else 0), played.output
    assert [row["proxy_verdict"] for row in played.result("here")["proof"]] == ["refused_proxy"] * proof_alone
    assert {row["kind"] for row in played.result("here")["resources"]} == kinds
    assert player.play(str(play), conda_proxy_netrc=entry).result("here")["changed"] is False
    assert player.play(str(play), conda_proxy_state="absent").returncode == 0
    assert contents(home) == before


def test_a_caller_with_the_same_files_cannot_hijack_ours(player: Player, home: Path, tmp_path: Path) -> None:
    """The template is found beside the plugin, and named so that no template of a user has its name."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/condarc.j2").write_text("always_yes: false\n")
    play = tmp_path / "play.yml"
    play.write_text("- hosts: all\n  gather_facts: false\n  roles: [condafleet.proxy.condarc]\n")
    assert player.play(str(play)).returncode == 0
    assert "proxy_servers" in (home / ".condarc").read_text()
    # and the user's own is found there, by its name
    assert player.play(str(play), conda_proxy_condarc_template="condarc.j2").returncode == 2
    (tmp_path / "templates/condarc.j2").write_text("proxy_servers:\n  http: {{ condarc.proxy_servers.value.http }}\n")
    assert player.play(str(play), conda_proxy_condarc_template="condarc.j2").returncode == 0
    assert (home / ".condarc").read_text() == "# mine\nalways_yes: true\nproxy_servers:\n  http: http://127.0.0.1:9\n"


def test_netrc_elsewhere_is_reported(player: Player, home: Path) -> None:
    (home / ".profile").write_text("export NETRC=/elsewhere/netrc\n")
    (home / ".bash_profile").write_text("export NETRC=/elsewhere/netrc\n")
    (home / ".netrc").write_text("default login x password y\n")
    entry = [{"machine": "mirror.example.com", "login": "ada", "password": "secret"}]
    played = player.play("site", conda_proxy_sections=["netrc"], conda_proxy_netrc=entry)
    notes = " ".join(played.result("here")["warnings"])
    assert "sets NETRC to another file" in notes
    assert "default entry" in notes


@pytest.mark.conda
def test_the_proof_by_itself(
    player: Player, tmp_path: Path, conda: Callable[..., Path], channels: Channels, proxy: Proxy, authority: Authority
) -> None:
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - condafleet.proxy.conda_connectivity:\n"
        "        prefix: '{{ prefix }}'\n        channels: ['{{ channel }}']\n        environment: '{{ environ }}'\n"
        "        verify: '{{ verify }}'\n"
    )
    channel = channels.https.url("main", CHANNEL_HOST)
    good = {"https_proxy": proxy.url(), "REQUESTS_CA_BUNDLE": str(authority.pem)}
    base = str(conda())
    for environment, verdict in (
        (good, "ok"),
        ({}, "dns_channel"),
        (good | {"https_proxy": "http://127.0.0.1:9"}, "refused_proxy"),
    ):
        played = player.play(str(play), prefix=base, channel=channel, environ=environment, verify="require")
        (entry,) = [entry for entry in played.entries if entry["action"] == "condafleet.proxy.conda_connectivity"]
        assert [row["verdict"] for row in entry["result"]["proof"]] == [verdict]
        assert (played.returncode == 0) == (verdict == "ok")
        assert entry["result"]["changed"] is False


@pytest.mark.conda
def test_interception(
    player: Player,
    home: Path,
    tmp_path: Path,
    conda: Callable[..., Path],
    start_squid: Callable[..., Any],
    channels: Channels,
    authority: Authority,
    interceptor: Authority,
) -> None:
    """A CA file of a company: conda works on a channel that is intercepted, and on one that is not."""
    squid = start_squid(intercept=interceptor, upstream_ca=authority.pem)
    both = tmp_path / "company.pem"
    both.write_text(interceptor.pem.read_text() + authority.pem.read_text())
    intercepted = channels.https.url("main", CHANNEL_HOST)
    direct = channels.https.url("extra")
    more: dict[str, Any] = {
        "conda_proxy_http": squid.url(),
        "conda_proxy_channels": [intercepted, direct],
        "conda_proxy_no_proxy": ["127.0.0.1"],
        "conda_proxy_prefix": str(conda()),
        "conda_proxy_verify": "require",
    }
    without = player.play("site", **more)
    assert without.returncode == 2
    assert {row["verdict"] for row in without.result("here")["proof"]} == {"tls_unknown_ca"}
    played = player.play("site", conda_proxy_ca_bundle_src=str(both), **more)
    assert played.returncode == 0, played.output
    rows = {
        row["url"].split("/")[-2 if row["url"].endswith("/") else -1]: row for row in played.result("here")["proof"]
    }
    assert [row["verdict"] for row in rows.values()] == ["ok", "ok"], rows
    assert sorted(str(row["tls_issuer"]) for row in rows.values())
    issuers = {str(row["tls_issuer"]) for row in rows.values()}
    assert any("interceptor" in issuer for issuer in issuers), issuers
    bundle = (home / ".conda/condafleet-ca.pem").read_text()
    assert bundle.startswith(both.read_text().rstrip())
    assert bundle.count("BEGIN CERTIFICATE") > 20, "the machine's own roots are not in it"
    assert f"REQUESTS_CA_BUNDLE='{home}/.conda/condafleet-ca.pem'" in (home / ".profile").read_text()
