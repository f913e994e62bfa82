# SPDX-License-Identifier: GPL-3.0-or-later
"""win_command.ps1 and Process.psm1 of ansible.windows 3.3.0: the machine's programs, and cmd's move."""

from __future__ import annotations

import ntpath
import re
import subprocess
from pathlib import Path
from typing import Any

from ..module_utils.machine import Machine, Refused, Unknown
from ..module_utils.standin import Call, Failed, run

MOVE = re.compile(r'cmd(?:\.exe)? /d /s /c "move /y "([^"]+)" "([^"]+)""', re.IGNORECASE)
REMOVE = re.compile(r'cmd(?:\.exe)? /d /s /c "rd "([^"]+)""', re.IGNORECASE)
NOT_PASSED = ("path", "temp", "tmp", "home")  # a Windows value of these would break a program that runs here


def _escaped(argument: str) -> str:
    """An argument as it stands in a command line."""
    if not argument:
        return '""'
    if not re.search(r'[\s"]', argument):
        return argument
    argument = re.sub(r'(\\*)"', r'\1\1\\"', argument)
    argument = re.sub(r"(\\+)$", r"\1\1", argument)
    return f'"{argument}"'


def _move(machine: Machine, source: str, target: str) -> tuple[int, str, str]:
    """cmd's move /y of one file: return code, stdout, stderr."""
    for path in (source, target):
        if "%" in path or not re.match(r"[A-Za-z]:\\", path) or "*" in path or "?" in path:
            raise Unknown(f"how cmd reads {path!r}")
    if machine.is_folder(target):
        raise Unknown("how cmd moves a file into a folder that it is given as the target")
    node = machine.node(source)
    if node is None or not machine.is_folder(ntpath.dirname(target)):
        # the first is FindFirstFile's word, the second MoveFileEx's
        return (
            1,
            "",
            "The system cannot find the file specified.\r\n"
            if node is None
            else ("The system cannot find the path specified.\r\n        0 file(s) moved.\r\n"),
        )
    if "Hidden" in node["attributes"] or "System" in node["attributes"]:
        raise Unknown("how cmd moves a hidden file")
    try:
        machine.move(source, target)
    except Refused as refused:
        return 1, "        0 file(s) moved.\r\n", f"{refused}\r\n"
    return 0, "        1 file(s) moved.\r\n", ""


def _remove(machine: Machine, path: str) -> tuple[int, str, str]:
    """cmd's rd of one folder, which takes an empty one alone: return code, stdout, stderr."""
    if "%" in path or not re.match(r"[A-Za-z]:\\", path):
        raise Unknown(f"how cmd reads {path!r}")
    if not machine.is_folder(path):
        return 2, "", "The system cannot find the file specified.\r\n"
    if machine.children(path):
        return 145, "", "The directory is not empty.\r\n"
    try:
        machine.remove(path)
    except Refused as refused:
        return 5, "", f"{refused}\r\n"
    return 0, "", ""


def _built_in(machine: Machine, line: str) -> tuple[int, str, str]:
    """A command that cmd has built in."""
    if moved := MOVE.fullmatch(line):
        return _move(machine, moved[1], moved[2])
    if removed := REMOVE.fullmatch(line):
        return _remove(machine, removed[1])
    raise Unknown(f"the command line {line!r}")


def _here(program: dict[str, Any], text: str) -> str:
    """Windows paths of the program's files become the real ones, also where backslashes are doubled."""
    for path, real in program["files"].items():
        for written in (path.replace("\\", "\\\\"), path, path.replace("\\", "/")):
            text = re.sub(re.escape(written), real.replace("\\", r"\\"), text, flags=re.IGNORECASE)
    return text


def _program(
    machine: Machine, program: dict[str, Any], arguments: list[str], stdin: str | None
) -> tuple[int, str, str]:
    """Runs the real program behind a Windows path.

    As on Windows a Python that writes into a pipe uses the ANSI code page and CR LF, and win_command reads UTF-8.
    """
    environment = {
        name: _here(program, text) for name, text in machine.environment().items() if name.lower() not in NOT_PASSED
    }
    for path, real in program["files"].items():
        Path(real).unlink(missing_ok=True)
        if machine.is_file(path):
            Path(real).parent.mkdir(parents=True, exist_ok=True)
            data = machine.read(path).decode("utf-8", "surrogateescape")
            Path(real).write_bytes(_here(program, data).encode("utf-8", "surrogateescape"))
    home = {"PATH": "/usr/bin:/bin", "HOME": program["home"], "LANG": "C.UTF-8", "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(
        [program["real"], *arguments],
        input=_here(program, stdin or "").encode(),
        capture_output=True,
        check=False,
        cwd=program["home"],
        env={**home, **environment, **program["env"]},
    )
    stdout, stderr = (text.decode("utf-8", "replace").replace("\n", "\r\n") for text in (done.stdout, done.stderr))
    return done.returncode, stdout, stderr


def command(call: Call) -> dict[str, Any]:
    """One of the machine's programs, with stdin; or a move."""
    machine, argv = call.machine, call["argv"]
    if call["output_encoding_override"] is not None:
        raise Unknown("other encodings of a program's output")
    if call["chdir"] is not None:
        raise Unknown("other folders to run a program in")
    line = call["cmd"] or (call["_raw_params"] or "").strip()
    if argv:
        name = argv[0] if ntpath.splitext(argv[0])[1] else f"{argv[0]}.exe"
        line = " ".join(_escaped(each) for each in [name, *argv[1:]])
    result: dict[str, Any] = {"cmd": line, "rc": 0}
    for option, there in (("creates", True), ("removes", False)):
        path = None if call[option] is None else call.path(option)
        if path is not None and (machine.node(path) is not None) == there:
            what = "exists" if there else "does not exist"
            return {**result, "skipped": True, "msg": f"skipped, since {path} {what}"}
    if argv:
        if not re.match(r"[A-Za-z]:\\", name):
            raise Unknown(f"a program that is looked for on PATH: {name}")
        program = machine.state["programs"].get(name.lower())
        if program is None and machine.node(name) is not None:
            raise Unknown(f"what {name} does")
        if program is None:
            raise Failed(f"Failed to run: '{line}': The system cannot find the file specified", **{**result, "rc": 2})
        code, stdout, stderr = _program(machine, program, argv[1:], call["stdin"])
    else:
        code, stdout, stderr = _built_in(machine, line)
    times = dict.fromkeys(("start", "end", "delta"), "0:00:00.000000")
    result.update(changed=True, stdout=stdout, stderr=stderr, rc=code, **times)
    if code != 0:
        raise Failed("non-zero return code", **result)
    return result


if __name__ == "__main__":
    ways = ("_raw_params", "argv", "cmd")
    run(
        "win_command",
        command,
        supports_check_mode=False,
        internal={"_raw_params": {"type": "str"}},
        mutually_exclusive=[ways],
        required_one_of=[ways],
    )
