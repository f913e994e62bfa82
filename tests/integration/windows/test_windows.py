# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows through the playbooks, on the stand-in: real Ansible, the real action of win_copy, real conda for the proof.

What a cut between any two executions leaves is in tests/unit/plugins/plugin_utils/_windows/test_converge.py.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD, PROXY_PASSWORD_ENCODED, PROXY_USER
from tests.bed.paths import CHECKOUT
from tests.bed.play import ONE_RING, Played, Player
from tests.bed.secrets import PASSWORD, leaks
from tests.bed.windows import ADA, ADMINISTRATORS, MACHINE_ENVIRONMENT, SYSTEM, USER_ENVIRONMENT, WindowsStandIn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.company import Channels
    from tests.bed.proxy import Proxy

PROXY = "http://proxy.example.com:8080"
HOME = "C:\\Users\\Ada"
SYSTEM_CONDARC = "C:\\ProgramData\\conda\\.condarc"
BASE = "C:\\ProgramData\\miniconda3"
INTERNET = "HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
# one look at an unchanged host, docs/windows.md
SYSTEM_COST = ["slurp", "win_owner", "slurp", "win_reg_stat"]
USER_COST = ["win_reg_stat", "slurp", "slurp", "win_reg_stat", "slurp", "win_acl_inheritance"]
# a password that not every netrc parser reads alike: which one will?
PARSER_COST = ["win_find", "win_owner", "win_find"]
# the profile, the bases, the owner of the base, the user's variables, the probe
PROOF_COST = ["win_reg_stat", "win_find", "win_owner", "win_reg_stat", "win_command"]


@pytest.fixture
def machine(tmp_path: Path) -> WindowsStandIn:
    found = WindowsStandIn(tmp_path / "windows")
    found.write(SYSTEM_CONDARC, b"# theirs\r\nalways_yes: true\r\n")
    found.set_value(MACHINE_ENVIRONMENT, "Http_Proxy", "expandstring", "http://%OLD%:1")
    found.set_value(USER_ENVIRONMENT, "https_proxy", "string", "http://old:1")
    found.write(HOME + "\\.netrc", b"machine other login x password y\r\n")
    # a conda whose Python has the netrc parser that knows quotes; what it does is not asked for
    found.write(BASE + "\\Scripts\\conda.exe", b"MZ")
    found.write(BASE + "\\conda-meta\\python-3.11.9-h1234567_0.json", b"{}")
    return found


@pytest.fixture
def player(ansible_run: Callable[..., Any], tmp_path: Path, machine: WindowsStandIn) -> Player:
    variables = {
        "conda_proxy_http": PROXY,
        "conda_proxy_username": "ada",
        "conda_proxy_password": PASSWORD,
        "conda_proxy_password_exposure": "allow",
        "conda_proxy_verify": "none",
        "conda_proxy_become": False,  # the stand-in's shell has a name of its own
    }
    return Player(ansible_run, tmp_path, {"pc": machine.host_vars(like_ssh=True)}, variables, machine.env())


USER: dict[str, Any] = {
    "conda_proxy_scope": "user",
    "conda_proxy_sections": ["condarc", "environment", "netrc"],
    "conda_proxy_netrc": [{"machine": "mirror.example.com", "login": "ada", "password": PASSWORD}],
}


def names(played: Played) -> set[str]:
    assert played.returncode == 0, played.output
    return {path.rpartition("\\")[2] for path in played.changes("pc")}


@pytest.mark.parametrize("scope", ["system", "user"])
def test_life(player: Player, machine: WindowsStandIn, scope: str) -> None:
    more = USER if scope == "user" else {}
    key = {"system": MACHINE_ENVIRONMENT, "user": USER_ENVIRONMENT}[scope]
    before = machine.snapshot()
    output = ""

    def play(playbook: str, *arguments: str, **variables: Any) -> Played:
        nonlocal output
        played = player.play(playbook, "--diff", "-vvv", *arguments, **more, **variables)
        output += played.output
        return played

    predicted = play("site", "--check")
    assert machine.snapshot() == before
    applied = play("site")
    assert predicted.changes("pc") == applied.changes("pc")
    expected = {".condarc", "http_proxy", "https_proxy", "no_proxy"} | ({".netrc"} if scope == "user" else set())
    assert names(applied) == expected
    assert machine.broadcasts == ["CONDAFLEET_REVISION"]
    kind, value = (machine.value(key, "HTTPS_PROXY") or ("", "", ""))[1:]
    assert kind == "string"
    assert value.startswith("http://ada:")
    assert "%40" in value

    mark = machine.mark()
    assert names(play("site")) == set()
    modules = sorted(run["module"] for run in machine.executions(mark))
    assert modules == sorted(SYSTEM_COST if scope == "system" else USER_COST + PARSER_COST)
    assert len(machine.broadcasts) == 1

    machine.set_value(key, "HTTPS_PROXY", "string", value.swapcase())
    assert names(play("site", "--check")) == {"https_proxy"}
    assert names(play("site")) == {"https_proxy"}
    assert (machine.value(key, "https_proxy") or ("", "", ""))[2] == value
    assert len(machine.broadcasts) == 2
    if scope == "user":
        netrc = HOME + "\\.netrc"
        assert machine.readers(netrc) <= {ADA, SYSTEM, ADMINISTRATORS}
        assert b"machine other login x password y\r\n" in (machine.read(netrc) or b"")

    assert names(play("site", conda_proxy_password="rotated" + PASSWORD)) >= {".condarc", "http_proxy", "https_proxy"}
    play("remove")
    assert machine.snapshot() == before
    assert not leaks(output), "a secret was shown"


def test_a_run_that_is_cut_off_is_undone_by_the_next(player: Player, machine: WindowsStandIn) -> None:
    before = machine.snapshot()
    machine.faults(cut_after=machine.mark() + 30)
    cut = player.play("site", "-vvv")
    assert cut.returncode != 0
    assert not leaks(cut.output)
    assert machine.value(MACHINE_ENVIRONMENT, "http_proxy") != ("Http_Proxy", "expandstring", "http://%OLD%:1")
    machine.faults()
    played = player.play("site", "-vvv")
    assert names(played) == {".condarc", "http_proxy", "https_proxy", "no_proxy"}
    assert any("was rolled back first" in note for note in played.result("pc")["warnings"])
    assert not leaks(played.output)
    player.play("remove")
    assert machine.snapshot() == before


def test_a_failing_module_puts_everything_back_and_says_why(player: Player, machine: WindowsStandIn) -> None:
    before = machine.snapshot()
    message = f"Requested registry access is not allowed: {PASSWORD}"
    machine.faults(fail={"win_regedit": message})
    played = player.play("site", "--diff", "-vvv")
    assert played.returncode == 2
    assert played.result("pc")["rolled_back"]
    assert "Requested registry access is not allowed" in played.result("pc")["msg"]
    assert not leaks(played.output)
    machine.faults()
    assert machine.snapshot() == before


@pytest.fixture
def reachable(
    player: Player,
    machine: WindowsStandIn,
    conda: Callable[..., Path],
    channels: Channels,
    proxy: Proxy,
    tmp_path: Path,
) -> Player:
    """A machine with a conda, whose channel is behind a proxy with a password."""
    home = tmp_path / "program"
    home.mkdir()
    machine.add_program(
        BASE + "\\python.exe", conda() / "bin" / "python", home, files={SYSTEM_CONDARC: home / ".condarc"}
    )
    proxy.behaviour.username, proxy.behaviour.password = PROXY_USER.encode(), PROXY_PASSWORD.encode()
    player.variables.update(
        conda_proxy_http=proxy.url(),
        conda_proxy_username=PROXY_USER,
        conda_proxy_password=PROXY_PASSWORD,
        conda_proxy_channels=[channels.http.url("main", CHANNEL_HOST)],
        conda_proxy_verify="rollback",
    )
    for name in ("http_proxy", "https_proxy"):
        machine.remove_value(MACHINE_ENVIRONMENT, name)
        machine.remove_value(USER_ENVIRONMENT, name)
    return player


def test_the_proof(reachable: Player, machine: WindowsStandIn) -> None:
    played = reachable.play("site", "--diff", "-vvv")
    assert played.returncode == 0, played.output
    (row,) = played.result("pc")["proof"]
    assert (row["verdict"], row["user"], row["base"], row["proxy_source"]) == ("ok", "Ada", BASE, "condarc")
    assert not leaks(played.output, PROXY_PASSWORD)
    mark = machine.mark()
    again = reachable.play("site")
    assert names(again) == set()
    assert sorted(run["module"] for run in machine.executions(mark)) == sorted(SYSTEM_COST + PROOF_COST)

    # a change that cuts a healthy machine off is put back
    before = machine.snapshot()
    failed = reachable.play("site", conda_proxy_http="http://127.0.0.1:9")
    assert failed.returncode == 2
    assert failed.result("pc")["rolled_back"]
    assert "(refused_proxy)" in failed.result("pc")["msg"]
    after = machine.snapshot()
    for state in (before, after):  # a broadcast changes its variable
        for values in state["registry"].values():
            values["values"].pop("condafleet_revision", None)
        state["files"] = {path: node for path, node in state["files"].items() if "condafleet\\" not in path}
    assert after == before

    machine.set_value(USER_ENVIRONMENT, "CONDA_OFFLINE", "string", "true")  # the probe has what a new logon has
    shown = reachable.play("verify")
    assert shown.returncode == 2
    assert "offline" in shown.output


def test_a_password_in_a_variable_of_the_registry(reachable: Player, machine: WindowsStandIn) -> None:
    """Windows' names have no letter case; of this one only what is given to the probe has the case of the condarc."""
    machine.set_value(USER_ENVIRONMENT, "Proxy_Password", "string", PROXY_PASSWORD_ENCODED)
    variables = {"conda_proxy_password": "${PROXY_PASSWORD}", "conda_proxy_sections": ["condarc"]}
    for playbook in ("site", "verify"):
        played = reachable.play(playbook, "-vvv", **variables)
        assert played.returncode == 0, played.output
        assert [row["verdict"] for row in played.result("pc")["proof"]] == ["ok"]
        assert not leaks(played.output, PROXY_PASSWORD)


def test_connectivity_and_info(reachable: Player, machine: WindowsStandIn, tmp_path: Path) -> None:
    assert reachable.play("site").returncode == 0
    machine.set_value(INTERNET, "ProxyEnable", "dword", 1)
    machine.set_value(INTERNET, "ProxyServer", "string", "desktop.example.com:8080")
    before = machine.snapshot()
    playbook = tmp_path / "look.yml"
    playbook.write_text(
        json.dumps(
            [
                {
                    "hosts": "all",
                    "gather_facts": False,
                    "tasks": [
                        {"condafleet.proxy.conda_connectivity": {"verify_info": True}, "register": "now"},
                        {
                            "condafleet.proxy.conda_connectivity": {
                                "http": "http://127.0.0.1:9",
                                "username": "ada",
                                "password": PASSWORD,
                            },
                            "register": "candidate",
                        },
                        {"condafleet.proxy.conda_proxy_info": {}, "register": "info"},
                        {
                            "ansible.builtin.copy": {
                                "content": "{{ {'now': now, 'candidate': candidate, 'info': info} | to_json }}",
                                "dest": str(tmp_path / "found.json"),
                            },
                            "delegate_to": "localhost",
                            "vars": {
                                "ansible_shell_type": "sh",
                                "ansible_connection": "local",
                                "ansible_python_interpreter": sys.executable,
                            },
                        },
                    ],
                }
            ]
        )
    )
    played = reachable.play(str(playbook), "-vvv")
    assert played.returncode == 0, played.output
    assert machine.snapshot() == before
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["now"]["reachable"]
    assert "conda version" in found["now"]["conda_info"][0]["text"]
    assert [(row["verdict"], row["user"]) for row in found["candidate"]["proof"]] == [("refused_proxy", "Ada")]
    consumers = {row["consumer"]: row for row in found["info"]["consumers"]}
    assert consumers["new logon"]["decided_by"]["https_proxy"] == MACHINE_ENVIRONMENT + ": HTTPS_PROXY"
    assert consumers["WinINET"]["http_proxy"] == "http://desktop.example.com:8080"
    assert any("http_proxy differs" in one["what"] for one in found["info"]["conflicts"])
    assert consumers["new logon"]["user"] == "Ada"
    assert not leaks(played.output)
    assert not leaks(played.output, PROXY_PASSWORD)


def test_a_machine_without_conda_says_so_and_passes(player: Player, machine: WindowsStandIn) -> None:
    machine.remove(BASE)
    played = player.play("site", conda_proxy_verify="rollback")
    assert played.returncode == 0, played.output
    assert [row["verdict"] for row in played.result("pc")["proof"]] == ["no_conda"]
    assert player.play("site", conda_proxy_verify="require").returncode == 2


def test_a_base_that_anybody_could_have_made_is_not_run(reachable: Player, machine: WindowsStandIn) -> None:
    with machine.machine() as model:
        model.set_owner(BASE, ADA)
    played = reachable.play("site", conda_proxy_verify="report")
    (row,) = played.result("pc")["proof"]
    assert row["verdict"] == "conda_unusable"
    assert "is not owned by the Administrators" in row["detail"]
    named = reachable.play("site", conda_proxy_verify="report", conda_proxy_prefix=BASE)
    assert [row["verdict"] for row in named.result("pc")["proof"]] == ["ok"]


def test_a_base_in_the_list_of_installed_programs_is_found(reachable: Player, machine: WindowsStandIn) -> None:
    key = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Miniconda3 py311 (64-bit)"
    machine.set_value(key, "UninstallString", "string", '"C:\\Elsewhere\\conda\\Uninstall-Miniconda3.exe"')
    with machine.machine() as model:
        known = model.state["programs"].pop((BASE + "\\python.exe").lower())
        model.state["programs"]["c:\\elsewhere\\conda\\python.exe"] = known
        model.drop(BASE)
    for name in ("python.exe", "Scripts\\conda.exe"):
        machine.write("C:\\Elsewhere\\conda\\" + name, b"MZ")
    played = reachable.play("site")
    assert [row["base"] for row in played.result("pc")["proof"]] == ["C:\\Elsewhere\\conda"]


def test_a_mixed_inventory(
    ansible_run: Callable[..., Any], tmp_path: Path, machine: WindowsStandIn, player: Player
) -> None:
    """Two Linux and two Windows hosts in one play: one of each fails, the others are done."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts: dict[str, dict[str, Any]] = {"pc": machine.host_vars()}
    broken = WindowsStandIn(tmp_path / "broken")
    broken.faults(fail={"win_regedit": "Requested registry access is not allowed"})
    hosts["broken-pc"] = broken.host_vars()
    for name in ("box", "broken-box"):
        home = tmp_path / name
        home.mkdir()
        hosts[name] = local | {"conda_proxy_home": str(home)}
    (tmp_path / "broken-box" / ".condarc").mkdir()
    mixed = Player(ansible_run, tmp_path, hosts, player.variables | {"conda_proxy_scope": "user"}, machine.env())
    played = mixed.play("site", *ONE_RING)
    assert played.returncode == 2
    failed = {name for name in hosts if "msg" in played.result(name)}
    assert failed == {"broken-pc", "broken-box"}, played.output
    assert machine.value(USER_ENVIRONMENT, "https_proxy") not in (None, ("https_proxy", "string", "http://old:1"))
    assert (tmp_path / "box" / ".condarc").exists()
    again = mixed.play("site", "--limit", "pc:box")
    assert again.returncode == 0
    assert not again.result("pc")["changed"]
    assert not again.result("box")["changed"]


def test_without_the_collection_a_sentence(
    ansible_run: Callable[..., Any], tmp_path: Path, player: Player, machine: WindowsStandIn
) -> None:
    """Everything else works without ansible.windows, and a Windows host is told before anything is touched."""
    tree = tmp_path / "alone" / "ansible_collections" / "condafleet"
    tree.mkdir(parents=True)
    (tree / "proxy").symlink_to(CHECKOUT)
    home = tmp_path / "home"
    home.mkdir()
    hosts = {
        "pc": {"ansible_connection": "psrp", "ansible_host": "pc.invalid", "conda_proxy_scope": "system"},
        "box": {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "conda_proxy_home": str(home),
        },
    }
    variables = player.variables | {"conda_proxy_scope": "user", "conda_proxy_become": False}
    alone = Player(ansible_run, tmp_path, hosts, variables, {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "alone")})
    played = alone.play("site", "--limit", "box")
    assert played.returncode == 0, played.output
    for playbook in ("preflight", "site"):
        played = alone.play(playbook)
        assert played.returncode == 2
        assert re.search(r"ansible-galaxy collection install\s+ansible\.windows", played.output), played.output
