# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed settings: each is refused by the name of its variable and without its value, or accepted and of use."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.errors import AnsibleFileNotFound
from ansible.plugins.action import ActionBase

from ansible_collections.condafleet.proxy.plugins.action import conda_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.darwin import DARWIN
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Converge, Run, pack, unpack
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, build_targets
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from tests.bed.actions import run_action
from tests.bed.malformed import BY_HAND, Malformed, odd_texts, wrong_types
from tests.bed.secrets import MARKER
from tests.bed.settings import compiled, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings

HOME = "/home/ada"
# a conda with Python 3.11 or newer: an older one can read fewer netrc passwords, which only the machine knows
FACTS = Facts(ca_roots="ROOTS\n", netrc_path=f"{HOME}/.netrc", netrc_escapes=True)
SENTENCE = re.compile(r"conda_proxy_(\w+) [^{}\n]+; [^{}\n]+", re.ASCII)


@pytest.fixture
def preflight(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], str]:
    """The refusal of settings by the action, or an empty text. No file of a setting is on this control node."""

    def no_file(_action: HostAction, _directory: str, name: str) -> str:
        raise AnsibleFileNotFound(f"no file {name}")

    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(HostAction, "on_machine", None)  # a preflight asks no machine
    monkeypatch.setattr(HostAction, "windows", False)
    monkeypatch.setattr(HostAction, "_find_needle", no_file, raising=False)
    monkeypatch.setattr(HostAction, "_templar", None, raising=False)
    monkeypatch.setattr(conda_proxy, "render_template", lambda _templar, _path, document, _vars: render(document))

    def refusal(settings: dict[str, Any]) -> str:
        answer = run_action(conda_proxy, **{"preflight": True, **settings})
        assert answer.get("refused", False) is answer.get("failed", False)
        return str(answer.get("msg", ""))

    return refusal


def check(message: str, bad: Malformed) -> None:
    plain = message.replace("${NAME}", "NAME").replace("ansible_python_interpreter", "")
    match = SENTENCE.fullmatch(plain)
    assert match, (bad, message)
    assert match[1] == bad.option, (bad, message)
    assert MARKER not in message
    assert len(message) < 400


def test_by_hand(preflight: Callable[[dict[str, Any]], str]) -> None:
    assert len(BY_HAND) > 200
    for bad in BY_HAND:
        check(preflight(bad.settings), bad)


def test_types(preflight: Callable[[dict[str, Any]], str]) -> None:
    for bad in wrong_types():
        check(preflight(bad.settings), bad)


@pytest.mark.parametrize("seed", range(4))
def test_odd_texts(preflight: Callable[[dict[str, Any]], str], seed: int) -> None:
    accepted = 0
    for odd in odd_texts(seed, 500):
        message = preflight(odd.settings)
        if message:
            check(message, odd)
        else:
            accepted += 1
            assert_of_use(compiled(**odd.settings).settings, odd)
    assert 20 < accepted < 400


def assert_of_use(settings: Settings, odd: Malformed) -> None:
    """The machine can read them, and each file that it writes holds what was asked for."""
    task = Converge(settings, Run("id", "key", 1.0))
    assert unpack(json.loads(json.dumps(pack(task)))) == task, odd
    if not settings.present:
        return
    for table in (LINUX, DARWIN):
        scope = Scope(table, settings.home or HOME)
        for target in build_targets(scope, settings, settings.sections, FACTS):
            text = target.editor.edit(None, None, None)
            assert target.editor.edit(text, target.editor.owned(), None) == text, odd
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text), odd
            if target.kind == "condarc":
                assert text.isascii(), odd
                held = yaml.safe_load(text)
                asked = {key: value for _name, part in settings.fragment for key, value in yaml.safe_load(part).items()}
                assert held == asked, odd
                value = odd.settings[odd.option]
                if odd.option == "extra" and isinstance(value, dict):
                    assert {key: held[key] for key in value} == value, odd
                if odd.option.endswith("channels") and isinstance(value, list):
                    assert held[odd.option] == value, odd
