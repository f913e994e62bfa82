# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for ansible.windows answers as the real modules did, and refuses what they refuse.

tests/recorded/windows.json holds what the real modules (ansible.windows 1.14.0) answered on a real PowerShell.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from tests.bed.paths import CHECKOUT
from tests.bed.windows import (
    ADA,
    ADMINISTRATORS,
    MACHINE_ENVIRONMENT,
    MODULES,
    REAL,
    SYSTEM,
    USER_ENVIRONMENT,
    USERS,
    WindowsStandIn,
    argument_spec,
)
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]
    Task = tuple[str, Json] | tuple[str, Json, Json]

RECORDED: list[Json] = json.loads((CHECKOUT / "tests/recorded/windows.json").read_text(encoding="utf-8"))
STUBS = "tests.stubs.ansible_windows.plugins.modules"
CONDARC = "C:\\ProgramData\\conda\\.condarc"
CHECK, DIFF = {"check_mode": True}, {"diff": True}


def move(source: str, target: str) -> Json:
    return {"cmd": f'cmd.exe /d /s /c "move /y "{source}" "{target}""'}


@pytest.fixture
def machine(tmp_path: Path) -> WindowsStandIn:
    if not REAL.is_dir():
        unavailable("the collections are missing: make vendor")
    return WindowsStandIn(tmp_path / "windows")


@pytest.fixture
def answers(ansible_run: Callable[..., Any], tmp_path: Path, machine: WindowsStandIn) -> Callable[..., list[Json]]:
    """`answers((module, args), (module, args, keywords), ...)`: each task's result, also of those that fail."""

    def play(*tasks: Task, like_ssh: bool = False) -> list[Json]:
        told = tmp_path / "answers.json"
        told.unlink(missing_ok=True)
        listed: list[Json] = [
            {
                **dict.fromkeys(("ignore_errors", "ignore_unreachable"), True),
                f"ansible.windows.{name}": args,
                "register": f"answer_{number}",
                **(more[0] if more else {}),
            }
            for number, (name, args, *more) in enumerate(tasks)
        ]
        content = f"{{{{ [{', '.join(f'answer_{number}' for number in range(len(tasks)))}] | to_json }}}}"
        listed.append(
            {
                "ansible.builtin.copy": {"content": content, "dest": str(told), "mode": "0600"},
                "delegate_to": "localhost",
            }
        )
        playbook = tmp_path / "play.yml"
        playbook.write_text(
            yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": listed}], allow_unicode=True)
        )
        inventory = tmp_path / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"pc": machine.host_vars(like_ssh=like_ssh)}}}))
        done = ansible_run(playbook, "-vvv", inventory=inventory, env=machine.env())
        assert told.exists(), done.stdout + done.stderr
        (tmp_path / "output.txt").write_text(done.stdout, encoding="utf-8")
        found: list[Json] = json.loads(told.read_text(encoding="utf-8"))
        return found

    return play


@pytest.fixture
def calls(tmp_path: Path, machine: WindowsStandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Json]]:
    """As `answers`, but the modules run in this process, without a playbook; win_copy is what its action would send."""
    sent = tmp_path / "ansible-tmp-1" / "source"
    sent.parent.mkdir()

    def call(*tasks: Task, on: WindowsStandIn = machine) -> list[Json]:
        monkeypatch.setenv("STANDIN_STATE", str(on.state_file))
        found = []
        for name, args, *more in tasks:
            keywords = more[0] if more else {}
            given = {**args, **{f"_ansible_{key}": value for key, value in keywords.items()}}
            if name == "win_copy" and "content" in given:
                sent.write_text(given.pop("content"), encoding="utf-8")
                given["src"] = str(sent)
            elif name == "win_copy":
                given["_copy_mode"] = "remote"
            told = io.StringIO()
            with patch_module_args(given), contextlib.redirect_stdout(told), pytest.raises(SystemExit):
                runpy.run_module(f"{STUBS}.{name}", run_name="__main__")
            found.append(json.loads(told.getvalue()))
        return found

    return call


# --- the contract


# `backup_file` in check mode and `env_values` are newer than the recording; its Wine has no owners. The rest is what
# no two runs share, or what Ansible adds.
NOT_COMPARED = {"invocation", "exception", "warnings", "src", "original_basename", "stdout_lines", "stderr_lines"}
NEWER = {"env_values"}
IN_STAT = {"creationtime", "lastaccesstime", "lastwritetime", "owner"}


def comparable(case: Json, answer: Json) -> Json:
    answer = {key: value for key, value in answer.items() if key not in NOT_COMPARED | NEWER}
    if not answer.get("failed"):
        answer.pop("failed", None)
    if case["check_mode"]:
        answer.pop("backup_file", None)
    if "stat" in answer:
        answer["stat"] = {key: value for key, value in answer["stat"].items() if key not in IN_STAT}
    if "msg" in answer:
        words = answer["msg"].split(" ")
        answer["msg"] = " ".join(
            "<local file>:" if word.startswith("/") and word.endswith(":") else word for word in words
        )
    return answer


def test_every_recorded_case(machine: WindowsStandIn, answers: Callable[..., list[Json]]) -> None:
    machine.set_value(USER_ENVIRONMENT, "https_proxy", "string", "http://proxy.corp:3128")
    machine.set_value(USER_ENVIRONMENT, "TEMP", "string", "C:\\users\\root\\Temp")
    machine.make_directory("C:\\ProgramData\\conda")
    # `raw` is a command line for PowerShell, not a module
    cases = [case for case in RECORDED if case["module"] != "ansible.builtin.raw"]
    assert len(cases) == len(RECORDED) - 1
    tasks = [
        # on Windows Ansible takes the collection's slurp for its own
        (case["module"].rpartition(".")[2], case["args"], {key: case[key] for key in ("check_mode", "diff")})
        for case in cases
    ]
    # the recording's Wine hides files that begin with a dot
    first_stat = next(number for number, task in enumerate(tasks) if task[0] == "win_stat")
    found = answers(*tasks[:first_stat])
    machine.set_attributes(CONDARC, "Hidden", "Archive")
    found += answers(*tasks[first_stat:])
    for case, answer in zip(cases, found, strict=True):
        expected = comparable({"check_mode": False}, case["result"])
        assert comparable(case, answer) == expected, case["case"]


# --- arguments


WRONG: tuple[Task, ...] = (
    ("slurp", {"source": "C:\\a"}),
    ("slurp", {}),
    ("win_reg_stat", {"path": "HKCU:\\Environment", "names": "a"}),
    ("win_regedit", {"path": "HKCU:\\Environment", "name": "a", "dat": "b"}),
    ("win_regedit", {"path": "HKCU:\\Environment", "name": "a", "data": "b", "type": "sz"}),
    ("win_regedit", {"name": "a", "data": "b"}),
    ("win_environment", {"name": "a", "value": "b"}),
    ("win_environment", {"level": "system", "name": "a", "value": "b"}),
    ("win_environment", {"level": "user", "name": "a", "variables": {"b": "c"}}),
    ("win_file", {"path": "C:\\a", "state": "dir"}),
    ("win_file", {"path": "C:\\a", "state": "directory", "recurse": True}),
    ("win_stat", {"path": "C:\\a", "get_checksum": "perhaps"}),
    ("win_stat", {"path": "C:\\a", "checksum_algorithm": "crc32"}),
    ("win_find", {"paths": "C:\\a", "contains": "b"}),
    ("win_acl", {"path": "C:\\ProgramData", "user": "SYSTEM", "type": "allow"}),
    ("win_acl", {"path": "C:\\ProgramData", "user": "SYSTEM", "type": "permit", "rights": "Read"}),
    ("win_acl_inheritance", {"path": "C:\\ProgramData", "state": "disabled"}),
    ("win_acl_inheritance", {"path": "C:\\ProgramData", "reorganise": True}),
    ("win_owner", {"path": "C:\\ProgramData", "owner": "SYSTEM"}),
    ("win_command", {"argv": ["C:\\a.exe"], "input": "b"}),
    ("win_command", {"argv": ["C:\\a.exe"], "cmd": "b"}),
    ("win_copy", {"content": "a", "dest": "C:\\ProgramData\\a", "mode": "0600"}),
    ("win_ping", {"date": "a"}),
    ("win_whoami", {"name": "a"}),
)  # fmt: skip


def test_wrong_arguments_do_not_pass(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    assert {task[0] for task in WRONG} == set(MODULES)
    before = machine.snapshot()
    for task, answer in zip(WRONG, calls(*WRONG), strict=True):
        assert answer["failed"], task
        words = ("nsupported param", "missing required", "must be one of", "mutually exclusive", "not a valid boolean")
        assert any(word in answer["msg"] for word in words), (task, answer["msg"])
    assert machine.snapshot() == before


@pytest.mark.parametrize("module", MODULES)
def test_arguments_are_those_of_the_real_documentation(module: str, machine: WindowsStandIn) -> None:
    spec = argument_spec(module)
    assert bool(spec) == (module != "win_whoami"), "that one has none"
    with machine.machine() as model:
        assert model.state["options"][module] == spec
    names = " ".join([*spec, *(alias for option in spec.values() for alias in option.get("aliases", ()))])
    body = (REAL / "plugins" / "modules" / f"{module}.ps1").read_text(encoding="utf-8").lower()
    action_only = {"content", "decrypt", "local_follow", "remote_src"} if module == "win_copy" else set()
    assert [name for name in names.split() if name not in action_only and name.lower() not in body] == []


def test_win_copy_has_no_content(machine: WindowsStandIn, tmp_path: Path) -> None:
    """Without its action plugin: the module itself, as _execute_module runs it."""
    library = tmp_path / "action_plugins"
    library.mkdir()
    (library / "plain.py").write_text(
        "from ansible.plugins.action import ActionBase\n"
        "class ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        return self._execute_module('ansible.windows.win_copy', self._task.args, task_vars=task_vars)\n"
    )
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "plain.py").write_text("")
    playbook = tmp_path / "plain.yml"
    playbook.write_text(
        yaml.safe_dump(
            [{"hosts": "all", "gather_facts": False, "tasks": [{"plain": {"content": "a", "dest": CONDARC}}]}]
        )
    )
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"pc": machine.host_vars()}}}))
    done = _ansible(tmp_path, machine, playbook)
    assert done.returncode == 2
    assert "win_copy.ps1 has no content" in done.stdout
    assert not machine.exists(CONDARC)


def _ansible(folder: Path, machine: WindowsStandIn, playbook: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "hosts.yml"), str(playbook)]
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", **machine.env()}
    return subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, check=False)


def test_what_is_not_modelled_is_said(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    machine.write("C:\\Users\\Ada\\hidden", b"a")
    machine.set_attributes("C:\\Users\\Ada\\hidden", "Hidden")
    before = machine.snapshot()
    found = calls(
        ("win_command", {"cmd": "whoami"}),
        ("win_command", {"_raw_params": "ipconfig /all"}),
        ("win_command", {"argv": ["whoami.exe"]}),
        ("win_command", {"argv": ["C:\\Windows\\System32\\cmd.exe"]}),
        ("win_command", move("C:\\Users\\Ada\\hidden", "C:\\Users\\Ada\\b")),
        ("win_command", move("%USERPROFILE%\\hidden", "C:\\Users\\Ada\\b")),
        ("win_environment", {"level": "process", "name": "a", "value": "b"}),
        ("win_file", {"path": "relative", "state": "directory"}),
        ("win_file", {"path": "C:\\Users\\Ada\\dot.", "state": "directory"}),
        ("win_find", {"paths": "C:\\Users", "age": "1d"}),
        ("win_stat", {"path": "C:\\Users", "follow": True}),
        ("win_acl", {"path": "HKLM:\\SOFTWARE", "user": "SYSTEM", "rights": "ReadKey", "type": "allow"}),
    )
    assert [answer["msg"] for answer in found if "the stand-in does not know" not in answer["msg"]] == []
    assert all(answer["failed"] for answer in found)
    assert machine.snapshot() == before


# --- registry and environment


def test_registry(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    key = "HKCU:\\Software\\Test"
    found = calls(
        ("win_regedit", {"path": key, "name": "Text", "data": "http://u:p%40x@proxy"}),
        ("win_regedit", {"path": key, "name": "TEXT", "data": "http://u:p%40X@proxy"}, DIFF),
        ("win_regedit", {"path": key, "name": "number", "data": 4294967295, "type": "dword"}),
        ("win_regedit", {"path": key, "name": "bytes", "data": "hex:be,ef", "type": "binary"}),
        ("win_regedit", {"path": key, "name": "texts", "data": ["a", "b"], "type": "multistring"}),
        ("win_regedit", {"path": key, "name": "path", "data": "%OS%;%NOSUCH%", "type": "expandstring"}),
        ("win_regedit", {"path": key, "name": "empty"}),
        ("win_reg_stat", {"path": key.upper()}),
        ("win_reg_stat", {"path": f"HKU:\\{ADA}\\Software\\Test", "name": "text"}),
        ("win_reg_stat", {"path": "HKCU:\\Software"}),
        ("win_reg_stat", {"path": "HKEY_CURRENT_USER\\Software"}),
        ("win_regedit", {"path": f"{key}\\Sub", "name": "a", "data": "b"}, CHECK | DIFF),
        ("win_regedit", {"path": key, "name": "text", "data": "other"}, CHECK | DIFF),
        ("win_regedit", {"path": key, "name": "text", "data": "%OS%", "type": "expandstring"}, CHECK),
        ("win_regedit", {"path": key, "name": "number", "type": "dword", "data": 4294967296}),
        ("win_regedit", {"path": key, "name": "TEXT", "state": "absent"}, DIFF),
        ("win_regedit", {"path": key, "state": "absent"}),
        ("win_regedit", {"path": key, "state": "absent"}),
        ("win_reg_stat", {"path": key}),
    )
    assert [answer["changed"] for answer in found[:7]] == [True] * 7
    assert found[1]["data_changed"]
    assert found[1]["diff"]["before"] == {key: {"TEXT": {"type": "String", "value": "http://u:p%40x@proxy"}}}
    assert found[7]["exists"]
    assert found[7]["sub_keys"] == []
    assert found[7]["properties"] == {
        "Text": {"type": "REG_SZ", "value": "http://u:p%40X@proxy", "raw_value": "http://u:p%40X@proxy"},
        "number": {"type": "REG_DWORD", "value": 4294967295, "raw_value": 4294967295},
        "bytes": {"type": "REG_BINARY", "value": [190, 239], "raw_value": ["0xbe", "0xef"]},
        "texts": {"type": "REG_MULTI_SZ", "value": ["a", "b"], "raw_value": ["a", "b"]},
        "path": {"type": "REG_EXPAND_SZ", "value": "Windows_NT;%NOSUCH%", "raw_value": "%OS%;%NOSUCH%"},
        "empty": {"type": "REG_SZ", "value": "", "raw_value": ""},
    }
    assert found[8]["value"] == "http://u:p%40X@proxy"
    assert "Test" in found[9]["sub_keys"]
    assert "is not a valid registry path" in found[10]["msg"]
    assert found[11]["changed"]
    assert found[11]["diff"] == {"before": {}, "after": {f"{key}\\Sub": {}}}
    assert found[12]["diff"]["after"] == {key: {"text": {"type": "String", "value": "other"}}}
    assert found[13]["data_type_changed"]
    assert "cannot be larger" in found[14]["msg"]
    assert found[15]["diff"]["after"] == {key: {}}
    assert [answer["changed"] for answer in found[16:18]] == [True, False]
    assert not found[18]["exists"]


def test_environment(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    machine.set_value(USER_ENVIRONMENT, "Expanding", "expandstring", "%OS%")
    found = calls(
        ("win_environment", {"level": "user", "name": "A", "value": "x"}, CHECK),
        ("win_environment", {"level": "user", "name": "A", "value": "x"}),
        ("win_environment", {"level": "user", "name": "a", "value": "X"}),
        ("win_environment", {"level": "machine", "variables": {"B": "1", "C": "2"}}),
        ("win_environment", {"level": "user", "name": "expanding", "value": "WINDOWS_nt"}),
        ("win_environment", {"level": "user", "name": "a", "state": "absent"}, DIFF),
        ("win_environment", {"level": "user", "name": "a", "state": "absent"}),
        ("win_environment", {"level": "user", "name": "a", "state": "present"}),
    )
    assert [answer["changed"] for answer in found] == [True, True, False, True, False, True, False, False]
    assert found[3]["env_values"] == found[3]["values"]
    assert found[3]["values"]["C"] == {"before": None, "after": "2", "changed": True}
    assert found[4]["before_value"] == "Windows_NT"
    assert found[5]["diff"] == {"before": {"user": {"a": "x"}}, "after": {"user": {}}}
    assert "value must be defined" in found[7]["msg"]
    assert machine.broadcasts == ["A", "B", "C", "a"]
    assert machine.value(MACHINE_ENVIRONMENT, "b") == ("B", "string", "1")
    assert machine.value(USER_ENVIRONMENT, "a") is None


# --- files


def test_a_file_s_access(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    folder = "C:\\ProgramData\\conda"
    everyone = {SYSTEM, ADMINISTRATORS, USERS}
    found = calls(
        ("win_file", {"path": folder, "state": "directory"}, CHECK),
        ("win_file", {"path": folder.upper(), "state": "directory"}),
        ("win_file", {"path": folder, "state": "directory"}),
        ("win_copy", {"content": "a", "dest": CONDARC}),
        ("win_stat", {"path": CONDARC.lower()}),
    )
    assert [answer["changed"] for answer in found[:3]] == [True, True, False]
    assert found[4]["stat"]["owner"] == "BUILTIN\\Administrators"
    assert found[4]["stat"]["path"] == "C:\\ProgramData\\CONDA\\.condarc"
    assert machine.readers(CONDARC) == everyone
    found = calls(
        ("win_acl_inheritance", {"path": CONDARC, "state": "absent"}, CHECK | DIFF),
        ("win_acl_inheritance", {"path": CONDARC, "state": "absent", "reorganize": True}),
        ("win_acl_inheritance", {"path": CONDARC, "state": "absent"}),
    )
    assert [answer["changed"] for answer in found] == [True, True, False]
    assert found[0]["diff"] == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert machine.readers(CONDARC) == everyone
    rule = {"path": CONDARC, "user": ADA, "rights": "FullControl", "type": "allow"}
    users = {"path": CONDARC, "user": "BUILTIN\\Users", "rights": "ReadAndExecute", "type": "allow"}
    found = calls(
        ("win_acl", rule, CHECK),
        ("win_acl", rule),
        ("win_acl", rule | {"user": "ADA-PC\\ada"}),
        ("win_acl", users | {"state": "absent"}),
        ("win_acl", users | {"state": "absent"}),
        ("win_acl", users | {"user": "nobody"}),
        ("win_acl", users | {"rights": "Look"}),
        ("win_owner", {"path": CONDARC, "user": SYSTEM}, CHECK),
        ("win_owner", {"path": CONDARC, "user": "SYSTEM"}),
        ("win_owner", {"path": CONDARC, "user": SYSTEM}),
        ("win_owner", {"path": CONDARC, "user": "nobody"}),
    )
    assert found[0]["skipped"]
    assert found[0]["msg"] == "remote module does not support check mode"
    assert [answer["changed"] for answer in found] == [
        False, True, False, True, False, False, False, True, True, False, False,
    ]  # fmt: skip
    assert [bool(answer.get("failed")) for answer in found] == [
        False, False, False, False, False, True, True, False, False, False, True,
    ]  # fmt: skip
    assert machine.readers(CONDARC) == {SYSTEM, ADMINISTRATORS, ADA}
    assert machine.owner(CONDARC) == SYSTEM


def test_inheritance_of_a_folder(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    folder, inner = "C:\\ProgramData\\a", "C:\\ProgramData\\a\\b\\c"
    machine.write(inner, b"x")
    assert USERS in machine.readers(inner)
    found = calls(
        ("win_acl_inheritance", {"path": folder, "state": "absent"}),
        ("win_acl", {"path": folder, "user": ADMINISTRATORS, "rights": "FullControl", "type": "allow"}),
        ("win_acl", {"path": folder, "user": SYSTEM, "rights": "Read", "type": "allow", "inherit": "None"}),
        ("win_acl", {"path": folder, "user": ADA, "rights": "Read", "type": "allow", "inherit": "Nothing"}),
    )
    assert [bool(answer.get("failed")) for answer in found] == [False, False, False, True]
    assert machine.readers(folder) == {ADMINISTRATORS, SYSTEM}
    assert machine.readers(inner) == {ADMINISTRATORS}
    calls(("win_acl_inheritance", {"path": folder, "state": "present", "reorganize": True}))
    assert machine.readers(inner) == {ADMINISTRATORS, SYSTEM, USERS}


def test_copies(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    """Single mode overwrites: ACL and owner stay, attributes do not. Remote mode removes first: all is new."""
    old, new = "C:\\ProgramData\\old", "C:\\ProgramData\\new"
    machine.write(old, b"old")
    machine.write(new, b"new")
    calls(("win_acl_inheritance", {"path": old, "state": "absent", "reorganize": True}))
    with machine.machine() as model:
        model.set_owner(old, ADA)
    machine.set_attributes(old, "ReadOnly", "Hidden", "Archive")
    found = calls(("win_copy", {"content": "n\u00e9w", "dest": old, "backup": True}))
    assert found[0]["changed"]
    assert machine.read(old) == "n\u00e9w".encode()
    assert machine.read(found[0]["backup_file"]) == b"old"
    assert machine.protected(old)
    assert machine.owner(old) == ADA
    assert machine.attributes(old) == ["Archive"]
    found = calls(
        ("win_copy", {"src": new, "dest": old, "remote_src": True}, CHECK | DIFF),
        ("win_copy", {"src": new, "dest": old, "remote_src": True}),
        ("win_copy", {"src": new, "dest": old, "remote_src": True}),
        ("win_copy", {"src": "C:\\nosuch", "dest": old, "remote_src": True}),
        ("win_copy", {"src": new, "dest": "C:\\nosuch\\a", "remote_src": True}),
    )
    assert [answer["changed"] for answer in found[:3]] == [True, True, False]
    assert found[0]["diff"]["prepared"] == f"-{old}\n+{old}\n"
    assert "does not exist" in found[3]["msg"]
    assert "Destination directory 'C:\\nosuch' does not exist" in found[4]["msg"]
    assert machine.read(old) == b"new"
    assert not machine.protected(old)
    assert machine.owner(old) == ADMINISTRATORS


def test_moves(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    private, public = "C:\\Users\\Ada\\private", "C:\\ProgramData\\public"
    machine.write(private, b"new")
    machine.write(public, b"old")
    readers = machine.readers(private)
    assert USERS not in readers
    found = calls(("win_command", move(private, public), CHECK), ("win_command", move(private, public)))
    assert found[0]["skipped"]
    assert found[0]["msg"] == "remote module (win_command) does not support check mode"
    assert found[1]["rc"] == 0
    assert found[1]["stdout"] == "        1 file(s) moved.\r\n"
    assert machine.read(public) == b"new"
    assert not machine.exists(private)
    assert machine.readers(public) == readers, "what it had inherited it keeps"
    machine.write(private, b"newer")
    machine.set_attributes(public, "ReadOnly", "Archive")
    found = calls(
        ("win_command", move(private, public)),
        ("win_command", move("C:\\nosuch", public)),
        ("win_command", move(private, "C:\\nosuch\\a")),
    )
    assert [answer["rc"] for answer in found] == [1, 1, 1]
    assert [answer["msg"] for answer in found] == ["non-zero return code"] * 3
    assert "Access is denied." in found[0]["stderr"]
    assert machine.read(public) == b"new"
    assert machine.read(private) == b"newer"


def test_hidden_files(
    machine: WindowsStandIn, calls: Callable[..., list[Json]], capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write(CONDARC, b"a")
    machine.set_attributes(CONDARC, "Hidden", "Archive")
    folder = "C:\\ProgramData\\conda"
    found = calls(
        ("slurp", {"src": CONDARC}),
        ("win_stat", {"path": CONDARC}),
        ("win_find", {"paths": [folder, "C:\\nosuch"], "patterns": ["*.CONDARC"]}),
        ("win_find", {"paths": [folder], "hidden": True, "file_type": "any", "get_checksum": False}),
        ("win_acl", {"path": CONDARC, "user": SYSTEM, "rights": "Read", "type": "allow"}),
        ("win_acl_inheritance", {"path": CONDARC, "state": "absent"}),
        ("win_owner", {"path": CONDARC, "user": SYSTEM}),
        ("win_file", {"path": CONDARC, "state": "absent"}, CHECK),
        ("win_file", {"path": CONDARC, "state": "absent"}),
    )
    assert base64.b64decode(found[0]["content"]) == b"a"
    assert found[1]["stat"]["ishidden"]
    assert (found[2]["examined"], found[2]["matched"]) == (1, 0)
    # where Ansible's own side has been imported before, a warning goes to its display
    assert "does not exist or is not accessible" in str(found[2].get("warnings")) + capsys.readouterr().err
    assert [item["path"] for item in found[3]["files"]] == [CONDARC]
    assert found[3]["files"][0]["checksum"] is None
    assert [bool(answer.get("failed")) for answer in found[4:7]] == [True] * 3
    assert [answer["changed"] for answer in found[7:]] == [True, True]
    assert not machine.exists(CONDARC)


def test_files_and_folders(machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    machine.write("C:\\Users\\Ada\\file", b"abc")
    machine.write("C:\\Users\\Ada\\folder\\file", b"abc")
    found = calls(
        ("win_file", {"path": "%USERPROFILE%\\file", "state": "directory"}),
        ("win_file", {"path": "C:\\Users\\Ada\\folder", "state": "file"}),
        ("win_file", {"path": "C:\\Users\\Ada\\nosuch", "state": "file"}),
        ("win_file", {"path": "C:\\Users\\Ada\\touched", "state": "touch"}),
        ("slurp", {"src": "C:\\Users\\Ada\\folder"}),
        ("win_stat", {"path": "C:/users/ada/folder"}),
        ("win_file", {"path": "C:\\Users\\Ada\\folder", "state": "absent"}),
        ("win_ping", {"data": "here"}),
    )
    assert "is not a directory" in found[0]["msg"]
    assert "is not a file" in found[1]["msg"]
    assert "will not be created" in found[2]["msg"]
    assert machine.read("C:\\Users\\Ada\\touched") == b""
    assert "is a directory" in found[4]["msg"]
    assert found[5]["stat"]["path"] == "C:\\Users\\Ada\\folder"
    assert (found[5]["stat"]["isdir"], found[5]["stat"]["size"]) == (True, 3)
    assert not machine.exists("C:\\Users\\Ada\\folder\\file")
    assert found[7]["ping"] == "here"


def test_an_acl_binds_who_connects(tmp_path: Path, machine: WindowsStandIn, calls: Callable[..., list[Json]]) -> None:
    ada = WindowsStandIn(tmp_path / "ada", administrator=False)
    ada.write("C:\\ProgramData\\theirs\\secret", b"a")
    with ada.machine() as model:
        model.set_access("C:\\ProgramData\\theirs\\secret", explicit=[], protected=True)
    before = ada.snapshot()
    found = calls(
        ("slurp", {"src": "C:\\ProgramData\\theirs\\secret"}),
        ("win_copy", {"content": "b", "dest": "C:\\ProgramData\\theirs\\secret"}),
        ("win_copy", {"content": "b", "dest": "C:\\Program Files\\new"}),
        ("win_file", {"path": "C:\\Windows\\new", "state": "directory"}),
        ("win_file", {"path": "C:\\Windows\\System32\\cmd.exe", "state": "absent"}),
        on=ada,
    )
    assert [answer for answer in found if "is denied" not in answer.get("msg", "")] == []
    assert ada.snapshot() == before
    calls(("win_file", {"path": "C:\\ProgramData\\mine\\deep", "state": "directory"}), on=ada)
    assert ada.owner("C:\\ProgramData\\mine") == ADA


# --- programs


def test_programs(machine: WindowsStandIn, calls: Callable[..., list[Json]], tmp_path: Path) -> None:
    python, home, bundle = "C:\\ProgramData\\miniconda3\\python.exe", tmp_path / "home", "C:\\ProgramData\\ca.pem"
    home.mkdir()
    files = {CONDARC: home / "etc" / "condarc", bundle: home / "ca.pem"}
    machine.add_program(python, Path(sys.executable), home, env={"EXTRA": "e"}, files=files)
    machine.write(CONDARC, f"ssl_verify: {bundle}\r\n".encode())
    machine.set_value(USER_ENVIRONMENT, "HTTPS_PROXY", "string", "http://\u00fc")
    machine.set_value(USER_ENVIRONMENT, "REQUESTS_CA_BUNDLE", "string", bundle.lower())
    code = "import os, sys; e = os.environ; print(ascii([e['HTTPS_PROXY'], e['EXTRA'], e['HOME'], sys.argv]))"
    real = f"print(ascii([os.environ['REQUESTS_CA_BUNDLE'], {bundle!r}, open({CONDARC!r}, newline='').read()]))"
    found = calls(
        ("win_command", {"argv": [python, "-B", "-", "a b", 'c"\\'], "stdin": f"{code}\n{real}\n"}),
        ("win_command", {"argv": [python, "-c", "import sys; sys.exit('no')"]}),
        ("win_command", {"argv": [python, "-c", "print('\\u00fc')"]}),
        ("win_command", {"argv": ["C:\\nosuch\\python", "-B", "-"], "stdin": code}),
        ("win_command", {"argv": [python], "creates": CONDARC}),
        ("win_command", {"argv": [python], "stdin": code}, CHECK),
    )
    here, there, end = found[0]["stdout"].split("\r\n")
    assert here == ascii(["http://\u00fc", "e", str(home), ["-", "a b", 'c"\\']])
    assert there == ascii([str(files[bundle]), str(files[bundle]), f"ssl_verify: {files[bundle]}\r\n"])
    assert end == ""
    assert found[0]["cmd"] == f'{python} -B - "a b" "c\\"\\\\"'
    assert (found[1]["rc"], found[1]["msg"], found[1]["stderr"]) == (1, "non-zero return code", "no\r\n")
    assert found[2]["stdout"] == "\ufffd\r\n", "a program has to write ASCII or UTF-8"
    assert found[3]["failed"]
    assert found[3]["rc"] == 2
    assert "cannot find the file specified" in found[3]["msg"]
    assert found[4]["skipped"]
    assert found[5]["skipped"]
    assert "print" not in json.dumps(machine.executions()[0])
    machine.remove(CONDARC)
    calls(("win_command", {"argv": [python, "-c", ""]}))
    assert not files[CONDARC].exists()


# --- what goes wrong


def test_a_connection_that_is_lost(machine: WindowsStandIn, answers: Callable[..., list[Json]]) -> None:
    def setting(value: str) -> Task:
        return ("win_regedit", {"path": USER_ENVIRONMENT, "name": "a", "data": value})

    machine.faults(cut_after=1)
    found = answers(setting("1"), setting("2"), setting("3"))
    assert [bool(answer.get("failed")) for answer in found] == [False, True, True]
    assert "lost" in found[1]["module_stdout"]
    assert machine.value(USER_ENVIRONMENT, "a") == ("a", "string", "1")
    assert [run["done"] for run in machine.executions()] == [True, False, False]

    machine.faults(cut_after=machine.mark() + 1)
    found = answers(setting("1"), setting("2"), like_ssh=True)
    assert [bool(answer.get("unreachable")) for answer in found] == [False, True]
    assert "the connection was lost" in found[1]["msg"]

    machine.faults(lose_answer=machine.mark() + 1)
    found = answers(setting("4"), setting("4"))
    assert [bool(answer.get("failed")) for answer in found] == [True, False]
    assert not found[1]["changed"]

    machine.faults(fail={"win_regedit": "no"})
    mark = machine.mark()
    machine.before(mark + 1, "set_value", USER_ENVIRONMENT, "a", "string", "theirs")
    machine.before(mark + 1, "put_file", CONDARC, b"theirs")
    found = answers(setting("5"), ("win_ping", {}))
    assert found[0]["msg"] == "no"
    assert machine.value(USER_ENVIRONMENT, "a") == ("a", "string", "theirs")
    assert machine.read(CONDARC) == b"theirs"
    assert [run["module"] for run in machine.executions(mark)] == ["win_regedit", "win_ping"]
    assert machine.executions(mark)[0]["args"] == {
        "path": USER_ENVIRONMENT, "name": "a", "type": "string", "state": "present", "delete_key": True,
    }  # fmt: skip


def test_what_ssh_shows_under_vvv(answers: Callable[..., list[Json]], tmp_path: Path) -> None:
    name, args = "win_environment", {"level": "user", "name": "a", "value": "secret"}
    answers((name, args), (name, args, {"no_log": True}), like_ssh=True)
    lines = (tmp_path / "output.txt").read_text(encoding="utf-8").splitlines()
    # only the connection's play context makes it silent, which is the task's, not that of a module run by an action
    assert sum("before_value" in line for line in lines if line.startswith("<pc> (0, ")) == 1
    assert any("censored due to no log" in line for line in lines)


def test_up_and_down(tmp_path: Path, machine: WindowsStandIn) -> None:
    folder = tmp_path / "molecule"
    argv = [sys.executable, "-m", "tests.bed.windows"]
    subprocess.run([*argv, "up", "--folder", folder], cwd=CHECKOUT, check=True)
    told = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    assert told["host_vars"] == WindowsStandIn(folder).host_vars()
    assert told["env"]["ANSIBLE_COLLECTIONS_PATH"].startswith(str(folder))
    subprocess.run([*argv, "down", "--folder", folder], cwd=CHECKOUT, check=True)
    assert not folder.exists()
