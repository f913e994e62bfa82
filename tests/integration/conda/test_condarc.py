# SPDX-License-Identifier: GPL-3.0-or-later
"""The condarc editor against real conda: its reader, its writer (`conda config`) and its names of settings."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import condarc
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import ALIASES, canonical
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.yaml_subset import Unreadable
from tests.bed import conda_base
from tests.bed.condarcs import BROKEN, FILES, OUTSIDE, dumped, soup
from tests.bed.environ import clean_env
from tests.bed.hostile import drawn

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.conda

_DRIVER = Path(__file__).with_name("condarc_driver.py")
MANAGED = [
    ["ssl_verify", "ssl_verify: true #!final\n"],
    ["channels", 'channels:\n  - "https://mirror.example.com/' + "c" * 90 + '"\n  - "conda-forge"\n'],
    [
        "proxy_servers",
        'proxy_servers:\n  "http": "http://svc:pw%40@proxy.example.com:8080"\n'
        '  "https://conda.anaconda.org": "http://svc:pw%40%C3%A4@proxy.example.com:8080"\n'
        '  "https://' + "h" * 130 + '.example.com": ""\n',
    ],
    ["remote_read_timeout_secs", "remote_read_timeout_secs: 90.5\n"],
]
COMMANDS = {
    "set": [["--set", "notify_outdated_conda", "false"]],
    "append": [["--append", "create_default_packages", "pip"], ["--append", "create_default_packages", "numpy"]],
    "remove": [
        ["--append", "pinned_packages", "a"],
        ["--append", "pinned_packages", "b"],
        ["--remove", "pinned_packages", "a"],
        ["--set", "quiet", "true"],
        ["--remove-key", "quiet"],
    ],
}


@pytest.fixture(scope="module", params=conda_base.VERSIONS)
def ask(
    request: pytest.FixtureRequest, conda: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    """`ask(read=[...], run=[...])` has a real conda do it."""
    base = conda(request.param)
    home = tmp_path_factory.mktemp("home")

    def answer(**task: Any) -> Any:
        done = subprocess.run(
            [base / "bin/python", _DRIVER],
            input=json.dumps(task),
            env=clean_env(home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    answer.version = tuple(int(part) for part in request.param.split(".")[:2])  # type: ignore[attr-defined]
    return answer


def one_name(content: dict[str, Any]) -> dict[str, Any]:
    assert len({canonical(key) for key in content}) == len(content)
    return {canonical(key): value for key, value in content.items()}


def test_every_name_that_this_conda_knows_is_in_the_table(ask: Callable[..., Any]) -> None:
    known = {frozenset(names) for names in ask()["names"]}
    version = ask.version  # type: ignore[attr-defined]
    assert {frozenset(alias[:2]) for alias in ALIASES if alias.seen <= version} == known


def test_what_is_merged_conda_reads_as_it_should(ask: Callable[..., Any]) -> None:
    texts = [text for text in FILES.values() if "\udce4" not in text]
    texts += [*OUTSIDE.values(), *BROKEN.values(), *drawn(dumped(), 300), *drawn(soup, 2000)]
    merged: dict[str, str] = {}
    for text in texts:
        with contextlib.suppress(Unreadable):
            merged[text] = condarc.merge(text, MANAGED)
    body = "".join(text for _key, text in MANAGED)
    answers = ask(read=[body, *merged.keys(), *merged.values()])["read"]
    managed, before, after = answers[0]["content"], answers[1 : len(merged) + 1], answers[len(merged) + 1 :]
    assert len(merged) > 300
    for text, old, new in zip(merged, before, after, strict=True):
        assert one_name(new["content"]) == {**one_name(old["content"]), **managed}, text


def test_what_is_called_broken_conda_does_not_read(ask: Callable[..., Any]) -> None:
    for text, answer in zip(BROKEN.values(), ask(read=list(BROKEN.values()))["read"], strict=True):
        assert not isinstance(answer.get("content"), dict), text


# the library of conda 22.9.0 puts a long item in the next line without indentation, and then cannot read its own file
BREAKS_LISTS = (22, 9)


def test_absent_after_conda_config_leaves_what_the_user_has(ask: Callable[..., Any]) -> None:
    """`conda config` writes the whole file anew; no value of ours stays behind, and none of the user's is lost."""
    managed = MANAGED
    if ask.version <= BREAKS_LISTS:  # type: ignore[attr-defined]
        managed = [[key, text.replace("c" * 90, "c")] for key, text in MANAGED]
    originals = [text for text in FILES.values() if "\udce4" not in text] + drawn(dumped(), 60)
    jobs, plain_jobs, kept = [], [], []
    for number, original in enumerate(originals):
        try:
            merged = condarc.merge(original, managed)
        except Unreadable:
            continue
        commands = list(COMMANDS.values())[number % len(COMMANDS)]
        jobs.append({"text": merged.replace("\r\n", "\n"), "commands": commands})
        plain_jobs.append({"text": original, "commands": commands})
        kept.append(original)
    answer = ask(run=[*jobs, *plain_jobs])["run"]
    tried = 0
    done = [
        pair[0]["text"]
        for pair in zip(answer[: len(jobs)], answer[len(jobs) :], strict=True)
        if "text" in pair[0] and "text" in pair[1]
    ]
    written = iter(ask(read=done)["read"])
    reverted, expected, texts = [], [], []
    for original, with_ours, without in zip(kept, answer[: len(jobs)], answer[len(jobs) :], strict=True):
        if "failed" in with_ours or "failed" in without:
            continue  # conda itself cannot change this file
        if "error" in next(written):  # conda has broken the file, see below
            with pytest.raises(Unreadable):
                condarc.revert(with_ours["text"], managed, original, force=False)
            continue
        tried += 1
        left = condarc.revert(with_ours["text"], managed, original, force=False)
        assert CondarcEditor(managed).left(left, original) == [], original
        assert "svc:pw" not in left
        reverted.append(left)
        expected.append(without["text"])
        texts.append(original)
    assert tried > 50
    read = ask(read=[*reverted, *expected])["read"]
    for original, left, right in zip(texts, read[:tried], read[tried:], strict=True):
        assert left == right, original


def test_a_file_that_conda_itself_has_broken_is_refused_by_its_line(ask: Callable[..., Any]) -> None:
    merged = condarc.merge("", MANAGED)
    written = ask(run=[{"text": merged, "commands": COMMANDS["set"]}])["run"][0]["text"]
    if "content" in ask(read=[written])["read"][0]:
        assert ask.version > BREAKS_LISTS  # type: ignore[attr-defined]
        assert "svc:pw" not in condarc.revert(written, MANAGED, None, force=False)
    else:
        with pytest.raises(Unreadable, match=r"line 4: a line that is no item of the list above"):
            condarc.revert(written, MANAGED, None, force=False)
