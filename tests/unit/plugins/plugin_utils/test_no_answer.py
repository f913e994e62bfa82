# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the module gave no answer."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._no_answer import explained

RAW = {"failed": True, "msg": "MODULE FAILURE\nSee stdout/stderr for the exact error", "module_stdout": "", "rc": 1}
FUTURE = '  File "<stdin>", line 3\nSyntaxError: future feature annotations is not defined\n'
MINIMUM = "ansible-core requires a minimum of Python version 3.9. Current version: 3.8.20"


@pytest.mark.parametrize(
    "said",
    [
        "xcode-select: note: no developer tools were found at '/Applications/Xcode.app', requesting install.",
        "xcode-select: error: no developer tools were found, and no install could be requested",
        "xcode-select: error: no install could be requested (perhaps no UI is present)",
    ],
)
@pytest.mark.parametrize("stream", ["module_stdout", "module_stderr"])
def test_the_stub_of_macos_is_named(said: str, stream: str) -> None:
    assert "developer tools; set ansible_python_interpreter" in explained(RAW | {stream: said})["msg"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"module_stderr": FUTURE}, "is too old; set ansible_python_interpreter to Python 3.8 or newer"),
        (
            {"module_stderr": "SyntaxError: invalid syntax"},
            "is too old; set ansible_python_interpreter to Python 3.8 or",
        ),
        ({"msg": MINIMUM}, "is too old; set ansible_python_interpreter to Python 3.9 or newer"),
        ({"module_stderr": "/bin/sh: 1: x: not found", "rc": 127}, "was not found; set ansible_python_interpreter to"),
    ],
)
def test_one_sentence(answer: dict[str, Any], says: str) -> None:
    found = explained(RAW | {"exception": "Traceback"} | answer)
    assert found["msg"].startswith(f"the Python interpreter of this host {says}")
    assert found["failed"] is True
    assert not {"module_stdout", "module_stderr", "exception"} & set(found), "no raw text, no traceback"


def test_another_failure_names_the_interpreter_and_keeps_what_was_said() -> None:
    found = explained(RAW | {"module_stderr": "Killed"})
    assert found["msg"].startswith("the module gave no answer on this host (MODULE FAILURE); look at module_stderr, ")
    assert "Python 3.8 or newer in ansible_python_interpreter" in found["msg"]
    assert found["module_stderr"] == "Killed"


@pytest.mark.parametrize(
    "answer",
    [
        {"changed": False},
        {"failed": True, "msg": "ada: SyntaxError", "schema_version": 1},
        {"failed": True, "msg": "Missing sudo password"},
    ],
)
def test_others_stay(answer: dict[str, Any]) -> None:
    assert explained(answer) == answer
