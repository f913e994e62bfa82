# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on a machine of folders: its transactions in their order, who is asked how often, and what a failure leaves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.condafleet.proxy.plugins.module_utils._host import converge, user_probe
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import supported
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, login_shell
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Run
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import outcome_of
from tests.bed.settings import render

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="several users need root")

GOOD, DEAD = "http://proxy.example.com:8080", "http://dead.example.com:9"
CHANNEL = "https://mirror.example.com/main"
ENTRY = {"machine": "mirror.example.com", "login": "x", "password": "Zq7netrc"}
ALL = ["condarc", "environment", "netrc"]


class Fleet:
    """One machine with root, ada and bob. A look is good while neither the system's condarc nor the user's is dead."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.logins: list[str] = []
        self.proofs: list[str] = []
        self.session: dict[str, str] = {}  # what a login shell has
        self.environments: list[dict[str, str]] = []  # that conda was asked with
        self.verdicts: dict[str, str] = {}
        self.homes = {name: folder / "home" / name for name in ("root", "ada", "bob")}
        for home in self.homes.values():
            home.mkdir(parents=True)
        (folder / "etc").mkdir()
        (folder / "var").mkdir()
        table = LINUX._replace(
            system=(),
            user=LINUX.user[:1],
            system_condarc=str(folder / "etc/conda/.condarc"),
            system_state=str(folder / "var/condafleet"),
        )
        monkeypatch.setattr(supported, "PLATFORMS", {"Linux": table})
        monkeypatch.setattr(accounts, "find", self._account)
        monkeypatch.setattr(accounts, "own", lambda *_home: self._account("root"))
        monkeypatch.setattr(login_shell, "login_environment", self._login)
        monkeypatch.setattr(connectivity, "prove", self._prove)
        for module in (converge, user_probe):
            monkeypatch.setattr(module, "find_bases", lambda *_args: [])

    def _account(self, name: str) -> accounts.Account | None:
        return accounts.Account(name, 0, 0, str(self.homes[name]), "/bin/sh") if name in self.homes else None

    def _login(self, _session: Any, account: accounts.Account, *_args: str) -> dict[str, str]:
        self.logins.append(account.name)
        return dict(self.session)

    def _prove(self, _launcher: Any, _bases: Any, environment: Any, _options: Any, *, user: str) -> list[ProofRow]:
        self.proofs.append(user)
        self.environments.append(dict(environment))
        own = self.condarc(user)
        seen = own if "proxy_servers" in own else self.condarc("")
        verdict = "ok" if GOOD in seen else "refused_proxy" if DEAD in seen else "connect_timeout_channel"
        verdict = self.verdicts.get(user, verdict)
        row = ProofRow(**new_row(CHANNEL))
        return [row._replace(user=user, base="/b", verdict=verdict, ok=verdict == "ok", remedy="Mend it.")]

    def condarc(self, name: str) -> str:
        path = self.homes[name] / ".condarc" if name else self.folder / "etc/conda/.condarc"
        return path.read_text() if path.exists() else ""

    def run(self, **given: Any) -> dict[str, Any]:
        check_mode = given.pop("check_mode", False)
        self.logins.clear()
        self.proofs.clear()
        options = {"http": GOOD, "sections": ["condarc"], **given}
        checked = ArgumentSpecValidator(OPTIONS).validate(options)
        assert not checked.error_messages
        settings = compile_settings(checked.validated_parameters, render).settings
        return converge.run(settings, Run(os.urandom(4).hex(), "key", 1), check_mode, with_diff=False)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(tmp_path, monkeypatch)


def test_an_unchanged_machine_is_asked_once(fleet: Fleet) -> None:
    """One proof for each who has settings, and two login shells: before it, and for what it sees."""
    users = {"scope": "user", "users": ["ada", "bob"]}
    assert "failed" not in fleet.run(**users)
    assert fleet.run(**users)["changed"] is False
    assert fleet.proofs == ["ada", "bob"]
    assert sorted(set(fleet.logins)) == ["ada", "bob"]
    fleet.run(check_mode=True, **users)
    assert fleet.proofs == ["ada", "bob"]
    fleet.run(**users, sections=["netrc"], netrc=[ENTRY])
    fleet.run(**users, sections=["netrc"], netrc=[ENTRY])
    assert fleet.proofs == ["ada", "bob"]
    fleet.run(**users, sections=[])
    assert fleet.proofs == ["ada", "bob"]


def test_conda_is_asked_with_what_a_session_really_has(fleet: Fleet) -> None:
    """An old file may win over ours; ours laid over it would prove what nobody has."""
    fleet.session = {"PATH": "/bin", "http_proxy": DEAD}
    fleet.run(sections=["condarc", "environment"])
    assert fleet.environments == [{"http_proxy": DEAD}] * 2


def test_a_named_prefix_without_conda_is_refused_before_anything_is_written(fleet: Fleet) -> None:
    for check_mode in (True, False):
        refused = fleet.run(
            scope="user", users=["ada", "bob"], prefix="/opt/conda", verify="none", check_mode=check_mode
        )
        assert "ada: conda_proxy_prefix is /opt/conda, where no conda base is on this host; " in refused["msg"]
        assert "bob: conda_proxy_prefix is " in refused["msg"]
        assert refused["changed"] is False
        assert fleet.condarc("ada") == fleet.condarc("bob") == ""
    assert "conda_proxy_prefix is" in fleet.run(prefix="~/conda")["msg"]
    assert "conda_proxy_prefix is" in fleet.run(prefix="/opt/conda", sections=[])["msg"], "verification too"
    assert fleet.condarc("") == ""
    assert "failed" not in fleet.run()
    assert "failed" not in fleet.run(state="absent", prefix="/opt/conda"), "what is there can be removed"
    assert fleet.condarc("") == ""


def test_an_unchanged_system_asks_no_user_of_another_play(fleet: Fleet) -> None:
    netrc = {"sections": ["netrc"], "netrc": [ENTRY], "users": ["ada"]}
    assert "failed" not in fleet.run()
    fleet.run(**netrc)
    assert fleet.proofs == ["ada", "ada"], "nothing of root's is written"
    assert fleet.run()["changed"] is False
    assert fleet.proofs == ["root"]
    assert set(fleet.logins) == {"root"}


def test_a_system_that_fails_takes_nothing_away(fleet: Fleet) -> None:
    everything = {"sections": ALL, "netrc": [ENTRY], "users": ["ada", "bob"], "verify": "report"}
    assert "failed" not in fleet.run(**everything, scope="user")
    system = fleet.folder / "etc/conda/.condarc"
    system.parent.mkdir()
    system.write_text("proxy_servers: &anchor {http: http://old:1}\n")
    only_ada = dict(everything, users=["ada"])
    failed = fleet.run(**only_ada)
    assert failed["failed"], failed
    assert GOOD in fleet.condarc("ada")
    assert GOOD in fleet.condarc("bob"), "what the system was to replace stays"
    assert not (fleet.homes["bob"] / ".netrc").exists(), "he is not named any more"
    system.unlink()
    assert "failed" not in fleet.run(**only_ada)
    assert fleet.condarc("ada") == fleet.condarc("bob") == ""
    assert "Zq7" in (fleet.homes["ada"] / ".netrc").read_text()
    assert GOOD in fleet.condarc("")


def test_who_is_not_named_any_more_loses_access_whatever_else_fails(fleet: Fleet) -> None:
    users = {"scope": "user", "sections": ALL, "netrc": [ENTRY]}
    assert "failed" not in fleet.run(**users, users=["ada", "bob"])
    fleet.homes["ada"].rename(fleet.folder / "away")
    checked = fleet.run(check_mode=True, **users, users=["ada"])
    assert any("would be removed" in note for note in checked["warnings"])
    failed = fleet.run(**users, users=["ada"])
    assert "the home" in failed["msg"]
    assert fleet.condarc("bob") == ""
    assert not (fleet.homes["bob"] / ".netrc").exists()
    assert any("were removed" in note for note in failed["warnings"])
    assert not any("were kept" in note for note in failed["warnings"])
    proof_alone = fleet.run(**dict(users, sections=[]), users=["ada"])
    assert "the home" in proof_alone["msg"]


def test_root_needs_no_login_that_is_the_users(fleet: Fleet) -> None:
    """The netrc section is for the users named; root has none and is not told to have one."""
    fleet.verdicts["root"] = "channel_unauthorized"
    settings = {"sections": ["condarc", "netrc"], "netrc": [ENTRY], "users": ["ada"], "channels": [CHANNEL]}
    result = fleet.run(**settings)
    assert "failed" not in result, result
    assert {(row["user"], row["verdict"], row["ok"], row["remedy"]) for row in result["proof"]} == {
        ("root", "channel_unauthorized", True, ""),
        ("ada", "ok", True, "Mend it."),
    }
    for check_mode in (False, True):
        alone = fleet.run(**dict(settings, sections=[]), check_mode=check_mode)
        assert "failed" not in alone
        assert outcome_of("host", alone, check_mode).state == "in_order", "the report judges as the task does"
    elsewhere = fleet.run(**dict(settings, netrc=[dict(ENTRY, machine="other.example.com")]))
    assert "channel_unauthorized" in elsewhere["msg"]
    fleet.verdicts = {"root": "ok", "ada": "channel_unauthorized"}
    assert "ada: conda does not reach" in fleet.run(**settings)["msg"]


def test_a_shared_home_is_proven_by_a_machine_that_does_not_write_it(fleet: Fleet) -> None:
    here = {"sections": ["condarc", "environment"], "netrc": [ENTRY], "users": ["ada", "bob"], "channels": [CHANNEL]}
    fleet.verdicts = {"root": "channel_unauthorized", "ada": "channel_unauthorized"}
    failed = fleet.run(**here)
    assert "ada: conda does not reach" in failed["msg"], "a user has the login, so its lack is a failure"
    assert not failed["rolled_back"]
    assert GOOD in fleet.condarc("")
    assert not list(fleet.homes["ada"].iterdir())
    del fleet.verdicts["ada"]
    assert "failed" not in fleet.run(**here)
    assert fleet.proofs == ["root", "ada", "bob"]
    assert "failed" not in fleet.run(state="absent", users=["ada", "bob"])
    assert fleet.proofs == []
    fleet.homes["bob"].rename(fleet.folder / "away")
    not_mounted = fleet.run(**here)
    assert "the home directory" in not_mounted["msg"]
    assert GOOD in fleet.condarc("")


def test_a_move_is_proven_by_those_who_are_moved(fleet: Fleet) -> None:
    assert "failed" not in fleet.run()
    moved = {"scope": "user", "users": ["ada"]}
    failed = fleet.run(**moved, http=DEAD)
    assert failed["rolled_back"]
    assert GOOD in fleet.condarc("")
    assert fleet.condarc("ada") == ""
    assert any("of the whole system were kept" in note for note in failed["warnings"])
    assert "failed" not in fleet.run(**moved)
    assert fleet.condarc("") == ""
    back = fleet.run()
    assert "failed" not in back
    assert sorted(row["user"] for row in back["proof"]) == ["ada", "root"]
    assert fleet.condarc("ada") == ""
