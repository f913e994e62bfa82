# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in conda's own Python: `conda config` on many files in one process, what conda reads, and conda's names.

Reads jobs as JSON from standard input, writes answers as JSON. A job: the text of a condarc and lists of arguments.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from typing import Any

from conda.base.context import Context, reset_context
from conda.cli.main import main_subshell
from conda.common.configuration import ParameterLoader
from conda.common.serialize import yaml_round_trip_load


def plain(value: Any) -> Any:
    """A value with its type, as JSON holds it."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "ScalarBoolean":
        return ["bool", bool(value)]
    return [type(value).__mro__[-2].__name__, float(value)]


def read(text: str) -> dict[str, Any]:
    try:
        content = yaml_round_trip_load(text)
    except Exception as exc:  # noqa: BLE001  # any error of conda's library
        return {"error": type(exc).__name__}
    return {"content": plain({} if content is None else content)}


def run(job: dict[str, Any]) -> dict[str, str]:
    """Run `conda config` for each list of arguments; return the file, and where conda failed."""
    path = os.path.join(os.environ["HOME"], "job", ".condarc")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(job["text"])
    for arguments in job["commands"]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
            try:
                code = main_subshell("config", "--file", path, *arguments)
            except BaseException as exc:  # noqa: BLE001  # conda ends a command in several ways
                code = type(exc).__name__  # the text of some cannot be made
        if code:
            return {"failed": f"{arguments}: {code} {errors.getvalue()[-500:]}"}
    with open(path, encoding="utf-8", newline="") as stream:
        return {"text": stream.read()}


def names() -> list[list[str]]:
    """The names of each parameter of conda's that has several ones, without those that begin with an underscore."""
    loaders = [value for value in vars(Context).values() if isinstance(value, ParameterLoader)]
    public = [sorted(name for name in loader._names if not name.startswith("_")) for loader in loaders]
    return [each for each in public if len(each) > 1]


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        reset_context(())
        task = json.load(sys.stdin)
        answer = {"names": names(), "read": [read(text) for text in task.get("read", [])]}
        answer["run"] = [run(job) for job in task.get("run", [])]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
