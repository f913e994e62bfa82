# SPDX-License-Identifier: GPL-3.0-or-later
"""Our model of netrc files against the real `netrc` of Python before and from 3.11, one start per interpreter."""

from __future__ import annotations

import functools
import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import netrc, netrc_parser
from tests.bed import hostile, netrc_files
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Hosts = dict[str, list[str | None]] | None

VERSIONS = pytest.mark.parametrize(
    ("version", "escapes"), [("3.8", False), ("3.10", False), ("3.11", True), ("3.13", True)]
)
COUNT = 300

CASES = functools.cache(
    lambda: hostile.drawn(st.tuples(netrc_files.tidy(), netrc_files.wanted().map(json.dumps)), COUNT)
)
FILES = functools.cache(lambda: hostile.drawn(netrc_files.tidy(), COUNT) + hostile.drawn(netrc_files.wild, 2 * COUNT))

# what requests does: netrc.netrc(path).authenticators(host)
READER = """
import json, netrc, sys
answers = []
for text in json.load(sys.stdin):
    with open("netrc", "w", newline="", encoding="utf-8") as stream:
        stream.write(text)
    try:
        parsed = netrc.netrc("netrc")
        answers.append({host: list(parsed.authenticators(host) or ()) for host in parsed.hosts})
    except netrc.NetrcParseError:
        answers.append(None)
json.dump(answers, sys.stdout)
"""


def read(python: Path, files: Sequence[str], folder: Path) -> list[Hosts]:
    done = subprocess.run(
        [python, "-c", READER], input=json.dumps(files), capture_output=True, text=True, check=True, cwd=folder,
        env=clean_env(folder),
    )  # fmt: skip
    answers: list[Hosts] = json.loads(done.stdout)
    assert len(answers) == len(files)
    return answers


def model(text: str, escapes: bool) -> Hosts:
    """What our parser says that Python says."""
    parsed = netrc_parser.parse(text, escapes)
    if parsed.bad_line:
        return None
    found: dict[str, list[str | None]] = {}
    for entry in parsed.entries:
        if parsed.stop is None or entry.start < parsed.stop:
            values = {key: token.value for key, token in entry.values.items()}
            account = values.get("account", "" if escapes else None)
            found[entry.machine] = [values.get("login", ""), account, values.get("password", "")]
    return found


@VERSIONS
def test_we_read_files_as_python_does(
    version: str, escapes: bool, interpreter: Callable[[str], Path], tmp_path: Path
) -> None:
    files = FILES()
    answers = read(interpreter(version), files, tmp_path)
    assert sum(bool(answer) for answer in answers) > COUNT / 2
    assert sum(answer is None for answer in answers) > COUNT / 2
    for text, answer in zip(files, answers, strict=True):
        assert model(text, escapes) == answer, text
        if not text.startswith("\ufeff"):
            assert ("cannot be parsed" in " ".join(netrc.findings(text, escapes))) == (answer is None), text


@VERSIONS
def test_python_reads_what_we_merged(
    version: str, escapes: bool, interpreter: Callable[[str], Path], tmp_path: Path
) -> None:
    cases = []
    for text, dumped in CASES():
        entries = json.loads(dumped)
        try:
            cases.append((text, entries, netrc.merge(text, entries, escapes)))
        except netrc.Unrepresentable:
            continue
    assert len(cases) > COUNT / 20
    python = interpreter(version)
    files = [text for text, _entries, _merged in cases] + [merged for _text, _entries, merged in cases]
    answers = read(python, files, tmp_path)
    for number, (text, entries, merged) in enumerate(cases):
        before, after = answers[number], answers[number + len(cases)]
        if before is None:
            continue
        assert after is not None, merged
        ours = {entry["machine"] for entry in entries}
        for entry in entries:
            found = after[entry["machine"]]
            assert (found[0], found[2]) == (entry["login"], entry["password"]), merged
        theirs = {host: login for host, login in before.items() if host not in ours}
        assert {host: login for host, login in after.items() if host not in ours} == theirs, text


@VERSIONS
def test_refused_logins_and_passwords_cannot_be_read(
    version: str, escapes: bool, interpreter: Callable[[str], Path], tmp_path: Path
) -> None:
    values = hostile.values(200)
    kept, refused = [], []
    for value in values:
        if len(value.encode()) > len(value) == 1:
            continue  # older ones can read a single character, where the locale says UTF-8
        for key in ("login", "password"):
            entry = {"machine": "a", "login": "l", "password": "p", key: value}
            try:
                kept.append((entry, netrc.merge("", [entry], escapes)))
            except netrc.Unrepresentable:
                refused.append((entry, "machine a login {login} password {password}\n".format(**entry)))
    answers = read(interpreter(version), [text for _entry, text in kept + refused], tmp_path)
    wanted = [{"a": [entry["login"], "" if escapes else None, entry["password"]]} for entry, _text in kept + refused]
    assert answers[: len(kept)] == wanted[: len(kept)]
    for answer, login in zip(answers[len(kept) :], wanted[len(kept) :], strict=True):
        assert answer != login or not all(login["a"][::2])
    if escapes:
        assert {value for entry, _text in refused for value in entry.values()} == {"a", "l", "p", ""}
    else:
        assert len(refused) > 20
