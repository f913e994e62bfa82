# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and URLs of channels against real conda: what is accepted it asks as written, what is refused it cannot use."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.channels import Channels, parse_channels
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from tests.bed import conda_base
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.conda

_ASK = """
import json, sys
from conda.base.context import reset_context
from conda.models.channel import Channel

def url(path, name):
    reset_context((path,))
    try:
        return [one[: -len("/noarch")] for one in Channel(name).urls(with_credentials=True, subdirs=("noarch",))]
    except Exception as exc:
        return ["!" + type(exc).__name__]

print(json.dumps([url(*pair) for pair in json.load(sys.stdin)]))
"""
CUSTOM = "https://custom.example.com/base"
ACCEPTED = [
    "conda-forge", "conda-forge/label/dev", "5", "null", "a.b_c", "https://h.example.com/x", "https://h.example.com:8443/x",
    "http://u:p%40@h.example.com/x", "https://h.example.com/t/tk-1/x", "https://h.example.com/a%20b", "s3://bucket/x",
    "file:///srv/x",
]  # fmt: skip
# refused, and what conda makes of it: an error, or an address of which a part is lost or that is no URL
REFUSED = [
    "a b", "https://h.example.com/a b", "#x", "a#b", "a?b", "https://h.example.com/x#y", "https://h.example.com/x?y", '["a"]',
    "<unknown>", "\\a", "https://h.example.com:99999/x", "https://h.example.com:0/x", "https:/h.example.com/x", "%zz",
    "HTTPS://h.example.com/x",
]  # fmt: skip
CUSTOM_ACCEPTED = ["team", "team/dev", "5", "a.b", "null"]
CUSTOM_REFUSED = ["a b", "", "/a", "..", "~", "https://h.example.com/x", "defaults", "local", "\u00e4", "a#b"]


@pytest.fixture(scope="module", params=conda_base.VERSIONS)
def ask(
    request: pytest.FixtureRequest, conda: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[list[tuple[dict[str, str], str]]], list[list[str]]]:
    """The URLs that conda makes of each name, with these `custom_channels`."""
    base = conda(request.param)
    folder = tmp_path_factory.mktemp("custom")

    def run(pairs: list[tuple[dict[str, str], str]]) -> list[list[str]]:
        questions = []
        for number, (custom, name) in enumerate(pairs):
            path = folder / f"{number}.yml"
            path.write_text(json.dumps({"custom_channels": custom}), encoding="utf-8")
            questions.append((str(path), name))
        done = subprocess.run(
            [base / "bin/python", "-c", _ASK],
            input=json.dumps(questions),
            cwd=folder,
            env=clean_env(folder),
            capture_output=True,
            text=True,
            check=True,
        )
        answers: list[list[str]] = json.loads(done.stdout)
        return answers

    return run


def ours(name: str) -> list[str]:
    """What we take the channel for."""
    return parse_channels({"channels": [name]}).urls()


def test_what_is_accepted_is_asked_as_written(ask: Callable[..., list[list[str]]]) -> None:
    answers = ask([({}, name) for name in ACCEPTED])
    assert answers == [ours(name) for name in ACCEPTED]
    answers = ask([({name: CUSTOM}, name) for name in CUSTOM_ACCEPTED])
    for name, answer in zip(CUSTOM_ACCEPTED, answers, strict=True):
        assert parse_channels({"custom_channels": {name: CUSTOM}}).custom_channels == {name: CUSTOM}
        assert answer == [f"{CUSTOM}/{name}"]


def test_what_is_refused_conda_cannot_use(ask: Callable[..., list[list[str]]]) -> None:
    usable = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@%=+")
    for name, answer in zip(REFUSED, ask([({}, name) for name in REFUSED]), strict=True):
        with pytest.raises(InvalidSettingError):
            ours(name)
        broken = [url for url in answer if url.startswith("!") or not set(url) <= usable or "%zz" in url]
        as_meant = [url for url in answer if url == name or url == Channels(channels=(name,)).urls()[0]]
        lost = not as_meant or "/https:/" in answer[0] or "/HTTPS:/" in answer[0]
        assert broken or lost, (name, answer)
    for name, answer in zip(CUSTOM_REFUSED, ask([({name: CUSTOM}, name) for name in CUSTOM_REFUSED]), strict=True):
        with pytest.raises(InvalidSettingError):
            parse_channels({"custom_channels": {name: CUSTOM}})
        assert answer != [f"{CUSTOM}/{name}"] or not set(name) <= usable, (name, answer)
