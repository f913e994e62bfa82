# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs on the stand-in for Windows, in process: what is left when a run is cut off between any two executions."""

from __future__ import annotations

import base64
import copy
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity as _connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import (
    Candidate,
    Connectivity,
    ProofOptions,
    Run,
    Settings,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import connectivity, converge, host
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine
from tests.bed.settings import HOSTILE, render
from tests.bed.windows import (
    ADA,
    ADMINISTRATORS,
    MACHINE_ENVIRONMENT,
    SYSTEM,
    USER_ENVIRONMENT,
    USERS,
    initial,
)
from tests.bed.windows_remote import Cut, DirectRemote, Lost
from tests.stubs.ansible_windows.plugins.module_utils.machine import RIGHTS, Machine, ace

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
PROXY = "http://proxy.example.com:8080"
HOME = "C:\\Users\\Ada"
STATE = {"system": "C:\\ProgramData\\condafleet", "user": HOME + "\\.local\\state\\condafleet"}
CONDARC = {"system": "C:\\ProgramData\\conda\\.condarc", "user": HOME + "\\.condarc"}
KEY = {"system": MACHINE_ENVIRONMENT, "user": USER_ENVIRONMENT}
NETRC = HOME + "\\.netrc"
LEASE = 30 * 60 + 1.0  # seconds, docs/windows.md
PRISTINE = {administrator: initial(administrator=administrator) for administrator in (True, False)}


def settings(**given: Any) -> Settings:
    checked = ArgumentSpecValidator(OPTIONS).validate(given)
    assert not checked.error_messages
    compiled = compile_settings(checked.validated_parameters, render, None, windows=True).settings
    return compiled._replace(verify="none")


def wanted(scope: str, password: str = HOSTILE) -> Settings:
    more: Json = {"password_exposure": "allow"} if scope == "system" else {}
    if scope == "user":
        more["sections"] = ["condarc", "environment", "netrc"]
        more["netrc"] = [{"machine": "mirror.example.com", "login": "ada", "password": "netrc-secret"}]
    return settings(scope=scope, http=PROXY, username="ada", password=password, channels=["conda-forge"], **more)


def absent(scope: str) -> Settings:
    return settings(scope=scope, state="absent")


def run(
    state: Json, what: Settings, number: str = "run", check_mode: bool = False, **faults: Any
) -> tuple[Json, DirectRemote]:
    remote = DirectRemote(state, **faults)
    result = converge.run_conda_proxy(remote.made_for, what, Run(number, "key", 0.0, "pc"), check_mode, with_diff=True)
    return result, remote


def pristine(scope: str) -> Json:
    """A machine with settings of somebody else in every place that is written."""
    state = copy.deepcopy(PRISTINE[scope == "system"])
    machine = Machine(state)
    machine.edit(
        "put_file", CONDARC[scope], encoded(b"# mine\r\nproxy_servers: {http: http://old:1}\r\nchannels: [a]\r\n")
    )
    machine.set_value(KEY[scope], "HTTPS_Proxy", "expandstring", "http://%OLD%:1")
    machine.set_value(KEY[scope], "No_Proxy", "multistring", ["a", "b"])
    if scope == "user":
        machine.edit("put_file", NETRC, encoded(b"machine other login x password y\r\n"))
    return state


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def seen(state: Json) -> Json:
    """The registry and all files, without times and without what we keep."""
    files = {
        path: {key: value for key, value in node.items() if key not in ("created", "modified")}
        for path, node in state["files"].items()
        if "\\.local" not in path and "condafleet" not in path
    }
    return copy.deepcopy({"registry": state["registry"], "files": files})


def changed(result: Json) -> list[str]:
    assert not result.get("failed"), result
    return [row["path"].rpartition("\\")[2].lower() for row in result["resources"]]


@pytest.mark.parametrize("scope", ["system", "user"])
def test_check_apply_again_drift_and_remove(scope: str) -> None:
    state = pristine(scope)
    before = seen(state)
    whole = copy.deepcopy(state)

    foreseen, _remote = run(state, wanted(scope), check_mode=True)
    assert state == whole, "check mode wrote something"
    applied, remote = run(state, wanted(scope))
    assert changed(foreseen) == changed(applied)
    assert set(changed(applied)) >= {".condarc", "http_proxy", "https_proxy", "no_proxy"}
    assert remote.log.count("win_environment") == 1, "one broadcast"
    text = Machine(state).read(CONDARC[scope]).decode()
    assert text.startswith("# mine\r\n")
    assert "\n" not in text.replace("\r\n", ""), "CRLF was not kept"
    assert Machine(state).value(KEY[scope], "https_proxy")["type"] == "string"  # type: ignore[index]
    after = seen(state)

    assert {row.get("user") for row in applied["resources"]} == {None if scope == "system" else "Ada"}

    again, _remote = run(state, wanted(scope), "second")
    assert changed(again) == []
    assert seen(state) == after

    machine = Machine(state)
    value = machine.value(KEY[scope], "http_proxy")["data"]  # type: ignore[index]
    drifts: dict[str, Callable[[], None]] = {
        "value": lambda: machine.set_value(KEY[scope], "http_proxy", "string", "http://evil:1"),
        "case": lambda: machine.set_value(KEY[scope], "http_proxy", "string", value.swapcase()),
        "type": lambda: machine.set_value(KEY[scope], "http_proxy", "expandstring", value),
        "deleted": lambda: machine.remove_value(KEY[scope], "http_proxy"),
        "file": lambda: machine.edit("put_file", CONDARC[scope], encoded(text.replace("8080", "8081").encode())),
        "line ends in the file": lambda: machine.edit("put_file", CONDARC[scope], encoded(ours_with_lf(text).encode())),
        "file deleted": lambda: machine.drop(CONDARC[scope]),
    }
    for number, (name, drift) in enumerate(drifts.items()):
        drift()
        mended, remote = run(state, wanted(scope), f"drift{number}")
        assert changed(mended) == ([".condarc"] if "file" in name else ["http_proxy"]), name
        assert remote.log.count("win_environment") == (0 if "file" in name else 1), name
        if name == "file deleted":
            machine.edit("put_file", CONDARC[scope], encoded(text.encode()))
        assert machine.read(CONDARC[scope]).decode() == text, name
        assert seen(state)["registry"] != before["registry"]

    # hidden: seen as any other edit, and not written as long as it is
    edited = text.replace("8080", "8081").encode()
    machine.set_attributes(CONDARC[scope], ["Hidden", "Archive"])
    assert changed(run(state, wanted(scope), "hidden")[0]) == [], "nothing to write, nothing to say"
    machine.edit("put_file", CONDARC[scope], encoded(edited))
    assert changed(run(state, wanted(scope), "hidden check", check_mode=True)[0]) == [".condarc"]
    refused, _remote = run(state, wanted(scope), "hidden drift")
    assert f'has the attribute hidden; remove it with: attrib -h "{CONDARC[scope]}"' in refused["msg"]
    assert machine.read(CONDARC[scope]) == edited
    machine.set_attributes(CONDARC[scope], ["Archive"])
    assert changed(run(state, wanted(scope), "shown")[0]) == [".condarc"]
    assert machine.read(CONDARC[scope]).decode() == text

    run(state, absent(scope), "last")
    assert seen(state) == before
    left = [path for path in state["files"] if "condafleet" in path]
    assert not left


def ours_with_lf(text: str) -> str:
    """The first line is the user's."""
    theirs, _crlf, ours = text.partition("\r\n")
    return theirs + "\r\n" + ours.replace("\r\n", "\n")


@pytest.mark.parametrize(("old", "new"), [(b"\n", b"\r\n"), (b"\r\n", b"\n")])
def test_line_ends_that_somebody_has_changed(old: bytes, new: bytes) -> None:
    state = copy.deepcopy(PRISTINE[False])
    machine = Machine(state)
    theirs = [b"# mine", b"always_yes: true"]
    machine.edit("put_file", CONDARC["user"], encoded(old.join([*theirs, b""])))
    run(state, wanted("user"))
    lines = machine.read(CONDARC["user"]).split(old)

    def drift(data: bytes) -> list[str]:
        machine.edit("put_file", CONDARC["user"], encoded(data))
        foreseen = changed(run(state, wanted("user"), "check", check_mode=True)[0])
        assert changed(run(state, wanted("user"), "drift")[0]) == foreseen
        return foreseen

    def content() -> bytes:
        return machine.read(CONDARC["user"])

    ours_alone = old.join([*theirs, new.join(lines[2:])])
    assert drift(ours_alone) == [".condarc"]
    assert content() == old.join(lines), "our lines end as the file's first"
    theirs_alone = lines[0] + old + lines[1] + new + old.join(lines[2:])
    assert drift(theirs_alone) == []
    assert content() == theirs_alone, "a line of the user's was changed"
    assert drift(new.join(lines)) == []
    assert content() == new.join(lines), "the whole file was turned, which is fine"
    run(state, wanted("user", "rotated"), "rotate")
    turned = content()
    assert turned.startswith(new.join([*theirs, b""]))
    assert turned.count(b"\r\n") == (turned.count(b"\n") if new == b"\r\n" else 0)


@pytest.mark.parametrize("cut", [Cut, Lost])
@pytest.mark.parametrize("scope", ["system", "user"])
@pytest.mark.parametrize("direction", ["apply", "rotate", "remove"])
def test_cut_off_between_any_two_executions(
    scope: str, direction: str, cut: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the run that was cut off is this process, which lives: only its time can end its lease
    now = time.time
    slept = 0.0
    monkeypatch.setattr("time.time", lambda: now() + slept)
    start = pristine(scope)
    before = seen(start)
    what = {"apply": wanted(scope), "rotate": wanted(scope, "other"), "remove": absent(scope)}[direction]
    if direction != "apply":
        run(start, wanted(scope), "first")
    steps = held = 0
    while True:
        state = copy.deepcopy(start)
        try:
            run(state, what, "cut", cut_after=steps, cut=cut)
        except cut:
            pass
        else:
            break
        secrets_are_private(state, scope)
        if f"{STATE[scope]}\\lock\\lease.json".lower() in state["files"]:
            early, _remote = run(copy.deepcopy(state), what, "early")
            held += "is held by another run" in early.get("msg", "")
        slept += LEASE
        result, _remote = run(state, what, "next")
        assert not result.get("failed"), (steps, result)
        assert changed(run(state, what, "check", check_mode=True)[0]) == [], steps
        assert not [path for path in state["files"] if path.endswith(".part")], steps
        result, _remote = run(state, absent(scope), "last")
        assert not result.get("failed"), (steps, result)
        assert seen(state) == before, steps
        assert not [path for path in state["files"] if "condafleet" in path], steps
        steps += 1
    assert steps > 20
    assert held > steps // 2, "before its time was over the lease held nobody off"


def secrets_are_private(state: Json, scope: str) -> None:
    """Nothing that holds a secret can be read by others, at no moment. In system scope the condarc is meant to be."""
    machine = Machine(state)
    for node in state["files"].values():
        if node["folder"]:
            continue
        data = machine_bytes(node)
        if b"netrc-secret" in data or "condafleet\\" in node["path"]:
            assert machine.readers(node["path"]) <= {ADA, ADMINISTRATORS, SYSTEM}, node["path"]
        if scope == "user" and b"proxy.example.com" in data:
            assert USERS not in machine.readers(node["path"]), node["path"]


def machine_bytes(node: Json) -> bytes:
    return base64.b64decode(node["data"])


def test_the_netrc_is_for_its_owner_before_and_after_a_secret_is_in_it() -> None:
    state = pristine("user")
    number = 0
    while True:
        number += 1
        trial = copy.deepcopy(state)
        try:
            run(trial, wanted("user"), cut_after=number)
        except Cut:
            secrets_are_private(trial, "user")
        else:
            break
    machine = Machine(trial)
    assert machine.readers(NETRC) <= {ADA, ADMINISTRATORS, SYSTEM}
    assert b"machine other login x password y\r\n" in machine.read(NETRC)
    machine.set_access(NETRC, explicit=[], protected=False)
    result, _remote = run(trial, wanted("user"), "second")
    assert [(row["kind"], row["reasons"]) for row in result["resources"]] == [("netrc", ["mode"])]


def test_costs() -> None:
    state = pristine("system")
    run(state, wanted("system"))
    _result, remote = run(state, wanted("system"), "second")
    assert sorted(remote.log) == sorted(["slurp", "win_owner", "slurp", "win_reg_stat"])
    Machine(state).drop(CONDARC["system"])
    _result, remote = run(state, wanted("system"), "third")
    new_file = ["win_stat", "win_file", "win_copy", "win_copy", "win_command"]  # its name, a stage, there, moved
    moves = [number for number, name in enumerate(remote.log) if name == "win_command"]
    assert any(remote.log[number - 4 : number + 1] == new_file for number in moves), remote.log
    state = pristine("user")
    run(state, wanted("user"))
    _result, remote = run(state, wanted("user"), "second")
    # the profile, the state, the condarc, the netrc and who may read it, the key
    assert sorted(remote.log) == sorted(
        ["win_reg_stat", "slurp", "slurp", "slurp", "win_acl_inheritance", "win_reg_stat"]
    )


@pytest.mark.parametrize(("attribute", "switch"), [("Hidden", "-h"), ("ReadOnly", "-r")])
def test_a_hidden_or_read_only_file_gets_a_sentence(attribute: str, switch: str) -> None:
    state = pristine("user")
    Machine(state).set_attributes(CONDARC["user"], [attribute, "Archive"])
    before = seen(state)
    result, _remote = run(state, wanted("user"))
    assert result["failed"]
    assert result["rolled_back"]
    assert f'attrib {switch} "{CONDARC["user"]}"' in result["msg"]
    assert seen(state) == before


def test_a_hidden_netrc_gets_a_sentence_before_anything_is_written() -> None:
    state = pristine("user")
    Machine(state).set_attributes(NETRC, ["Hidden", "Archive"])
    before = copy.deepcopy(state)
    result, _remote = run(state, wanted("user"))
    assert f'attrib -h "{NETRC}"' in result["msg"]
    assert state == before


def test_permissions_of_a_files_own_are_kept() -> None:
    state = pristine("user")
    machine = Machine(state)
    machine.set_access(CONDARC["user"], explicit=[ace(ADA, RIGHTS["FullControl"])], protected=True)
    run(state, wanted("user"))
    assert machine.readers(CONDARC["user"]) == {ADA}
    assert b"proxy.example.com" in machine.read(CONDARC["user"])


def planted(state: Json, path: str) -> None:
    """What any user can do in C:\\ProgramData\\conda: a file there that all may write."""
    machine = Machine(state)
    machine.edit("put_file", path, encoded(b"theirs"))
    machine.set_owner(path, USERS)
    machine.set_access(path, explicit=[ace(USERS, RIGHTS["FullControl"])], protected=False)


def test_a_planted_stage_brings_no_permissions_along() -> None:
    state = pristine("system")
    planted(state, CONDARC["system"] + ".condafleet.part")
    result, _remote = run(state, wanted("system"))
    assert ".condarc" in changed(result)
    machine = Machine(state)
    machine.edit("put_file", "C:\\ProgramData\\conda\\plain", encoded(b""))
    condarc, plain = machine.node(CONDARC["system"]), machine.node("C:\\ProgramData\\conda\\plain")
    assert condarc
    assert plain
    for what in ("owner", "explicit", "inherited", "protected"):
        assert condarc[what] == plain[what], what


def test_a_planted_stage_that_cannot_be_removed_is_named_and_nothing_is_left() -> None:
    state = copy.deepcopy(PRISTINE[False])
    machine = Machine(state)
    stage = CONDARC["user"] + ".condafleet.part"
    planted(state, stage)
    machine.set_access(stage, explicit=[ace(ADA, RIGHTS["Read"])], protected=True)
    for entry in machine.node(HOME)["explicit"]:  # type: ignore[index]
        entry["rights"] &= ~RIGHTS["DeleteSubdirectoriesAndFiles"]
    before = seen(state)
    result, _remote = run(state, wanted("user"))
    assert result["rolled_back"]
    assert f"{stage} already exists and cannot be removed" in result["msg"]
    assert "remove it by hand" in result["msg"]
    assert seen(state) == before
    assert changed(run(state, absent("user"), "second")[0]) == [], "a journal was left behind"


def test_a_session_without_its_volatile_environment() -> None:
    state = pristine("user")
    machine = Machine(state)
    machine.remove_key("HKCU:\\Volatile Environment")
    result, _remote = run(state, wanted("user"))
    assert "has no USERPROFILE" in result["msg"]
    folders = "HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders"
    machine.set_value(folders, "Local AppData", "string", HOME + "\\AppData\\Local")
    assert ".condarc" in changed(run(state, wanted("user"))[0])


def test_a_state_folder_of_somebody_else_is_not_trusted() -> None:
    state = pristine("system")
    machine = Machine(state)
    machine.edit("put_folder", STATE["system"])
    machine.set_owner(STATE["system"], ADA)
    before = seen(state)
    result, _remote = run(state, wanted("system"))
    assert "is not owned by the Administrators" in result["msg"]
    planted = {"schema_version": 1, "targets": {}, "made": [], "users": {}, "run": "", "host": ""}
    machine.edit("put_file", STATE["system"] + "\\state.json", encoded(json.dumps(planted).encode()))
    for what in (wanted("system"), absent("system")):
        result, _remote = run(state, what)
        assert "is not owned by the Administrators" in result["msg"]
    assert seen(state) == before


def test_a_second_run_says_who_holds_the_lease() -> None:
    state = pristine("system")
    run(state, wanted("system"))
    with pytest.raises(Cut):
        run(state, wanted("system", "other"), "cut", cut_after=12)
    assert any(path.endswith("lease.json") for path in state["files"])
    result, _remote = run(state, wanted("system", "other"), "next")
    assert re.search(r"condafleet\\lock is held by another run \(from .*, process \d+, until ", result["msg"])
    assert changed(run(state, wanted("system"), "again")[0]) == [], "who has nothing to write needs no lease"


def test_another_run_between_our_look_and_our_lease() -> None:
    state = pristine("system")
    run(state, wanted("system"))
    _result, remote = run(copy.deepcopy(state), wanted("system", "other"), "dry")
    lease = remote.log.index("win_file") + 1

    def another(machine: Machine) -> None:
        result, _remote = run(machine.state, wanted("system", "third"), "another")
        assert not result.get("failed")

    result, _remote = run(state, wanted("system", "other"), "late", before=(lease, another))
    assert "another run has changed this machine in the meantime; run again" in result["msg"]
    assert changed(run(state, wanted("system", "third"), "check", check_mode=True)[0]) == []


def test_two_netrcs_are_reported_and_the_first_is_written() -> None:
    state = pristine("user")
    Machine(state).edit("put_file", HOME + "\\_netrc", encoded(b"machine a login b password c\n"))
    result, _remote = run(state, wanted("user"))
    assert any("_netrc both exist" in note for note in result["warnings"])
    state = copy.deepcopy(PRISTINE[False])
    Machine(state).edit("put_file", HOME + "\\_netrc", encoded(b"machine a login b password c\n"))
    result, _remote = run(state, wanted("user"))
    assert "_netrc" in changed(result)
    assert not Machine(state).is_file(NETRC)


def test_no_result_shows_a_secret() -> None:
    for scope in ("system", "user"):
        state = pristine(scope)
        for number, what in enumerate((wanted(scope), wanted(scope, "other-Zq9"), absent(scope))):
            result, _remote = run(state, what, str(number))
            shown = json.dumps(result, ensure_ascii=False)
            for secret in (HOSTILE, "%3A%40%2F", "netrc-secret", "other-Zq9"):
                assert secret not in shown, secret


class Probe:
    """Stands for the proof: says `ok` as long as no look has failed, and does something during one look."""

    def __init__(self, fails_at: int, during: Callable[[], None] | None = None) -> None:
        self.environments: list[Json] = []
        self._fails_at = fails_at
        self._during = during

    def __call__(self, _launcher: Any, _bases: Any, environment: Json, _options: Any, **_more: Any) -> list[ProofRow]:
        self.environments.append(environment)
        fails = len(self.environments) >= self._fails_at
        if fails and self._during:
            self._during()
        row = ProofRow(**new_row("http://x"))
        verdict = "proxy_auth_rejected" if fails else "ok"
        return [row._replace(verdict=verdict, ok=not fails, remedy="Mend it.", base="C:\\conda")]


@pytest.mark.parametrize("sections", [["environment"], ["condarc"], []])
def test_every_section_alone_is_proven(sections: list[str]) -> None:
    state = pristine("system")
    for http in (PROXY, "http://other.example.com:1"):
        result, _remote = run(state, settings(sections=sections, http=http, channels=["a"])._replace(verify="report"))
        assert "failed" not in result, result
        assert [row["verdict"] for row in result["proof"]] == ["no_conda"]


@pytest.mark.parametrize(("profile", "user"), [(HOME, "Ada"), ("", None)])
def test_the_proofs_rows_name_the_connecting_user(profile: str, user: str | None) -> None:
    for administrator in (True, False):
        state = copy.deepcopy(PRISTINE[administrator])
        Machine(state).set_value("HKCU:\\Volatile Environment", "USERPROFILE", "string", profile)
        remote = DirectRemote(state)
        results = [connectivity.run_connectivity(remote.made_for, Connectivity(ProofOptions()))]
        if administrator or user:
            what = settings(scope="system" if administrator else "user", http=PROXY)
            results.append(run(state, what._replace(verify="report"))[0])
        for result in results:
            assert [(row["verdict"], row["user"]) for row in result["proof"]] == [("no_conda", user)]


@pytest.mark.parametrize("scope", ["system", "user"])
def test_what_the_proof_decides(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = pristine(scope)
    before = seen(state)
    machine = Machine(state)

    def edit() -> None:
        machine.set_value(KEY[scope], "http_proxy", "string", "http://mine:1")
        machine.edit("put_file", CONDARC[scope], encoded(machine.read(CONDARC[scope]) + b"always_yes: true\r\n"))

    for during in (None, edit):
        probe = Probe(2, during)
        monkeypatch.setattr(_connectivity, "prove", probe)
        result, _remote = run(state, wanted(scope)._replace(verify="rollback"), f"run{during}")
        assert result["rolled_back"], result
        assert "(proxy_auth_rejected)" in result["msg"]
        old, new = (environment["HTTP_PROXY"] for environment in probe.environments)
        assert old is None
        assert new.startswith("http://ada:"), "the probe did not get what had been written"
        if during is None:
            assert seen(state) == before
    assert machine.value(KEY[scope], "http_proxy") == {"name": "http_proxy", "type": "string", "data": "http://mine:1"}
    text = machine.read(CONDARC[scope])
    assert b"always_yes: true" in text
    assert b"http://old:1" in text
    assert b"proxy.example.com" not in text


def test_the_proof_has_the_variables_that_the_condarc_names(monkeypatch: pytest.MonkeyPatch) -> None:
    state = pristine("system")
    machine = Machine(state)
    machine.edit("put_file", CONDARC["system"], encoded(b"channels: ['https://a.example.com/t/$Token']\r\n"))
    machine.edit("put_file", HOME + "\\.condarc", encoded(b"channel_alias: https://${ALIAS}\r\n"))
    for name in ("PROXY_Password", "TOKEN", "Alias"):
        machine.set_value(USER_ENVIRONMENT, name, "string", "of " + name)
    probe = Probe(9)
    monkeypatch.setattr(_connectivity, "prove", probe)

    def given() -> list[set[str]]:
        found = [{name for name, value in each.items() if str(value).startswith("of ")} for each in probe.environments]
        probe.environments.clear()
        return found

    asked = {"http": PROXY, "username": "ada", "password": "${PROXY_PASSWORD}"}
    what = settings(**asked, sections=["condarc"])._replace(verify="rollback")
    assert changed(run(state, what)[0]) == [".condarc"]
    assert given() == [{"TOKEN", "PROXY_PASSWORD"}] * 2, "before and after"
    result, remote = run(state, what, "second")
    assert changed(result) == []
    assert given() == [{"TOKEN", "PROXY_PASSWORD"}]
    assert remote.log.count("slurp") == 2, "the condarc was read once more"
    run(state, settings(**asked, sections=[])._replace(verify="report"), "verify")
    assert given() == [{"PROXY_PASSWORD"}]

    servers = {"http": "http://a:${PROXY_PASSWORD}@b:1"}
    task = Connectivity(ProofOptions(), candidate=Candidate(servers, {}, None, None))
    for each in (task._replace(candidate=None), task):
        connectivity.run_connectivity(remote.made_for, each)
        assert given() == [{"TOKEN", "ALIAS", "PROXY_PASSWORD"}]
    machine.drop(CONDARC["system"])
    connectivity.run_connectivity(remote.made_for, task)
    assert given() == [{"ALIAS", "PROXY_PASSWORD"}]


def test_values_of_every_type_come_back() -> None:
    state = copy.deepcopy(PRISTINE[True])
    machine = Machine(state)
    kinds: dict[str, Any] = {
        "string": "a",
        "expandstring": "%TEMP%",
        "multistring": ["a", "b"],
        "dword": 7,
        "qword": 2**40,
        "binary": [1, 255],
    }
    for kind, data in kinds.items():
        machine.set_value(MACHINE_ENVIRONMENT, "http_proxy", kind, data)
        before = seen(state)
        result, _remote = run(state, settings(http=PROXY), kind)
        assert any("had another value" in note for note in result["warnings"])
        run(state, absent("system"), kind + " back")
        assert seen(state) == before, kind


def test_an_administrators_own_netrc_stays_the_accounts_own() -> None:
    """On the desktop the account is no administrator until it is asked, and what it made belongs to the group."""
    state = copy.deepcopy(PRISTINE[True])
    Machine(state).edit("put_file", NETRC, encoded(b"machine other login x password y\n"))
    run(state, wanted("user"))
    assert Machine(state).readers(NETRC) == {ADA, ADMINISTRATORS, SYSTEM}
    assert ADA in Machine(state).readers(STATE["user"] + "\\state.json")


def test_a_netrc_that_was_protected_before_us_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    state = pristine("user")
    machine = Machine(state)
    machine.set_access(NETRC, explicit=[ace(ADA, RIGHTS["FullControl"])], protected=True)
    run(state, wanted("user"))
    before = machine.read(NETRC)
    monkeypatch.setattr(_connectivity, "prove", Probe(2))
    without = wanted("user")._replace(netrc=(), verify="rollback")
    result, _remote = run(state, without, "second")
    assert result["rolled_back"]
    assert not [note for note in result["warnings"] if "edited" in note]
    assert machine.read(NETRC) == before
    assert machine.node(NETRC)["protected"]  # type: ignore[index]


def test_roots_of_a_base_that_is_not_run_are_not_taken() -> None:
    state = copy.deepcopy(PRISTINE[True])
    machine = Machine(state)
    base = "C:\\ProgramData\\miniconda3"
    for name in ("Scripts\\conda.exe", "Lib\\site-packages\\certifi\\cacert.pem"):
        machine.edit("put_file", f"{base}\\{name}", encoded(b"EVIL"))
    remote = DirectRemote(state)

    def roots() -> str | None:
        windows = WindowsMachine(remote, STATE["system"], system=True)
        return host.WindowsHost(remote, windows, "").roots()

    assert roots() == "EVIL"
    machine.set_owner(base, ADA)
    assert roots() is None


def test_system_scope_without_an_administrator_leaves_nothing() -> None:
    state = copy.deepcopy(PRISTINE[False])
    before = copy.deepcopy(state["files"])
    result, _remote = run(state, wanted("system"))
    assert "system scope needs an administrator" in result["msg"]
    assert state["files"].keys() == before.keys()


def test_a_state_that_was_lost() -> None:
    state = copy.deepcopy(PRISTINE[True])
    before = seen(state)
    run(state, wanted("system"))
    machine = Machine(state)
    machine.drop(STATE["system"])
    result, _remote = run(state, absent("system"), "second")
    assert any("CONDAFLEET_REVISION" in note for note in result["warnings"])
    run(state, wanted("system"), "third")
    run(state, absent("system"), "fourth")
    assert seen(state)["registry"] == before["registry"], "our own value was taken for somebody else's"


def test_bases() -> None:
    state = copy.deepcopy(PRISTINE[True])
    machine = Machine(state)
    remote = DirectRemote(state)

    def found(given: str = "") -> list[tuple[str, bool]]:
        windows = WindowsMachine(remote, STATE["system"], system=True)
        return [(base.prefix, bool(base.refusal)) for base in find_bases(remote, windows, HOME, given)]

    assert found() == []
    assert found("/opt/conda") == [("\\opt\\conda", True)]
    key = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Miniconda3 (64-bit)"
    machine.set_value(key, "InstallLocation", "string", "")
    machine.set_value(key, "UninstallString", "string", '"C:\\one\\Uninstall-Miniconda3.exe" /S')
    key = "HKCU:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Miniforge3 24"
    machine.set_value(key, "InstallLocation", "string", "C:\\two words\\")
    for folder in ("C:\\one", "C:\\two words", HOME + "\\elsewhere"):
        machine.edit("put_file", folder + "\\Scripts\\conda.exe", encoded(b"MZ"))
    assert found() == [("C:\\one", False), ("C:\\two words", False)]
    assert found("C:/one/") == [("C:\\one", False)]
    machine.edit("put_file", HOME + "\\miniconda3\\Scripts\\conda.exe", encoded(b"MZ"))
    machine.set_owner(HOME + "\\miniconda3", ADA)
    assert found() == [(HOME + "\\miniconda3", False)]


def test_a_condarc_elsewhere_in_the_profile() -> None:
    state = pristine("user")
    what = settings(scope="user", http=PROXY, condarc_path="~/.conda/.condarc", sections=["condarc"])
    result, _remote = run(state, what)
    assert [row["path"] for row in result["resources"]] == [HOME + "\\.conda\\.condarc"]


def test_a_file_that_cannot_be_replaced_is_named() -> None:
    state = pristine("user")
    machine = Machine(state)
    entries = [ace(ADA, RIGHTS["Read"]), ace(ADMINISTRATORS, RIGHTS["FullControl"])]
    machine.set_access(CONDARC["user"], explicit=entries, protected=False)
    machine.node(HOME)["explicit"] = [  # type: ignore[index]
        dict(entry, rights=entry["rights"] & ~0x40)
        for entry in machine.node(HOME)["explicit"]  # type: ignore[index]
    ]
    machine.node(CONDARC["user"])["inherited"] = []  # type: ignore[index]
    result, _remote = run(state, wanted("user"))
    assert f"move {CONDARC['user']}: " in result["msg"], result


def test_a_netrc_in_utf_16_is_refused() -> None:
    state = pristine("user")
    text = "machine other login x password y\r\n".encode("utf-16")
    Machine(state).edit("put_file", NETRC, encoded(text))
    result, _remote = run(state, wanted("user"))
    assert "it is UTF-16" in result["msg"]
    assert Machine(state).read(NETRC) == text


def test_another_runs_lease_is_found_before_the_first_write() -> None:
    state = pristine("system")
    run(state, wanted("system"))
    _result, remote = run(copy.deepcopy(state), wanted("system", "other"), "dry")
    confirm = [number for number, name in enumerate(remote.log, 1) if name == "slurp"][3]
    lease = STATE["system"] + "\\lock\\lease.json"

    def another(machine: Machine) -> None:
        machine.edit("put_file", lease, encoded(json.dumps({"run": "x", "node": "n", "pid": 1, "until": 0}).encode()))

    before = seen(state)
    result, _remote = run(state, wanted("system", "other"), "late", before=(confirm, another))
    assert "was taken by another run" in result["msg"], result
    assert seen(state) == before


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"condarc_path": "C:\\100%\\.condarc"}, "conda_proxy_condarc_path"),
        (
            {"condarc_path": "C:\\mine\\.condarc", "scope": "user", "username": "a", "password": "b"},
            "conda_proxy_condarc_path",
        ),
        ({"ca_bundle": "/etc/ssl/corp.pem"}, "conda_proxy_ca_bundle"),
        ({"ssl_verify": "/etc/ssl/corp.pem"}, "conda_proxy_ssl_verify"),
        ({"environment_targets": ["profile"]}, "conda_proxy_environment_targets"),
        ({"users": ["ada"]}, "conda_proxy_users"),
    ],
)
def test_what_a_windows_host_cannot_have_is_refused(given: Json, named: str) -> None:
    with pytest.raises(InvalidSettingError) as refusal:
        settings(http=PROXY, **given)
    assert named in refusal.value.sentence("conda_proxy_")


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("scope", ["system", "user"])
def test_a_ca_bundle_and_paths_with_backslashes(scope: str) -> None:
    state = pristine(scope)
    machine = Machine(state)
    given = {"scope": scope, "http": PROXY, "ca_bundle_src": "company.pem"}
    checked = ArgumentSpecValidator(OPTIONS).validate(given)
    compiled = compile_settings(checked.validated_parameters, render, CERTIFICATE, windows=True).settings
    what = compiled._replace(verify="none")

    before = copy.deepcopy(state)
    result, _remote = run(state, what)
    assert result["needs"] == "ca_roots", "without a conda the control node's roots are asked for"
    assert state == before

    base = {"system": "C:\\ProgramData", "user": HOME}[scope] + "\\miniconda3"
    machine.edit("put_file", base + "\\Scripts\\conda.exe", encoded(b"MZ"))
    machine.edit("put_file", base + "\\Lib\\site-packages\\certifi\\cacert.pem", encoded(b"# roots of certifi\n"))
    result, _remote = run(state, what)
    assert not result.get("failed"), result
    path = {"system": "C:\\ProgramData\\conda\\condafleet-ca.pem", "user": HOME + "\\.conda\\condafleet-ca.pem"}[scope]
    assert machine.read(path).decode() == CERTIFICATE + "# roots of certifi\n"
    assert machine.value(KEY[scope], "REQUESTS_CA_BUNDLE")["data"] == path  # type: ignore[index]
    assert yaml.safe_load(machine.read(CONDARC[scope]))["ssl_verify"] == path
    assert changed(run(state, what, "second")[0]) == []

    machine.edit("put_file", base + "\\Lib\\site-packages\\certifi\\cacert.pem", encoded(b"# newer roots\n"))
    result, _remote = run(state, what, "third")
    assert [row["reasons"] for row in result["resources"]] == [["roots_updated"]]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf# with a byte order mark\r\nalways_yes: true\r\n",
        b"# \xe4 in the code page of the machine\nalways_yes: true\n",
        b"always_yes: true",
    ],
)
def test_foreign_bytes_of_a_condarc_survive(text: bytes) -> None:
    state = copy.deepcopy(PRISTINE[False])
    machine = Machine(state)
    machine.edit("put_file", CONDARC["user"], encoded(text))
    run(state, wanted("user"))
    assert machine.read(CONDARC["user"]).startswith(text)
    assert b"proxy_servers" in machine.read(CONDARC["user"])
    run(state, absent("user"), "last")
    assert machine.read(CONDARC["user"]) == text
