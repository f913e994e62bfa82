# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for which answer of launchctl. The whole of it: tests/integration/macos."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Agent
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, launchd, process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LABEL = "condafleet.proxy.environment"
AGENT = Agent(LABEL, "/Library/LaunchAgents/x.plist", every_session=True)
ENDED = 1 << 22  # no process has this id


class Launchd:
    """Answers by verb, one after the other; the last stays."""

    def __init__(self, answers: Mapping[str, list[tuple[int, str]]]) -> None:
        self.answers = {verb: list(items) for verb, items in answers.items()}
        self.calls: list[str] = []

    def command(self, argv: list[str]) -> tuple[int, str]:
        self.calls.append(" ".join(argv))
        verb = argv[0] if argv[0] != "launchctl" else next(word for word in argv[1:] if word in self.answers)
        items = self.answers[verb]
        return items.pop(0) if len(items) > 1 else items[0]

    def count(self, verb: str) -> int:
        return sum(verb in call for call in self.calls)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Launchd]:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "owner", lambda uid: accounts.Account("ada", uid, 20, "/Users/ada", "/bin/zsh"))

    def start(**answers: list[tuple[int, str]]) -> Launchd:
        running = Launchd(
            {
                "print": [(0, "")],
                "ps": [(0, "    0\n  501\n  501\n  89\n4294967294\n")],
                "bootout": [(0, "")],
                **answers,
            }
        )
        monkeypatch.setattr(process, "command", running.command)
        return running

    return start


def test_only_people_are_asked_and_a_loaded_agent_is_run_once(play: Callable[..., Launchd]) -> None:
    running = play(kickstart=[(0, f"service spawned with pid: {ENDED}")])
    assert launchd.refresh(AGENT, True, {}) == []
    assert running.calls == ["ps -A -o uid=", f"launchctl kickstart -p gui/501/{LABEL}"]


@pytest.mark.parametrize("code", [112, 125])
def test_nobody_at_the_screen_is_no_failure(play: Callable[..., Launchd], code: int) -> None:
    running = play(kickstart=[(code, "Domain does not support specified action")])
    assert launchd.refresh(AGENT, True, {"A": "1"}) == []
    assert running.count("bootstrap") == 0


@pytest.mark.parametrize("code", [5, 113])
def test_an_answer_that_also_means_no_session(play: Callable[..., Launchd], code: int) -> None:
    running = play(kickstart=[(code, "")], print=[(125, "")])
    assert launchd.refresh(AGENT, True, {"A": "1"}) == []
    assert running.count("bootstrap") == 0


@pytest.mark.parametrize("code", [3, 113])
def test_an_agent_that_is_not_loaded_is_loaded_and_run(play: Callable[..., Launchd], code: int) -> None:
    running = play(kickstart=[(code, "not found"), (37, "busy"), (0, f"{ENDED}")], bootstrap=[(0, "")])
    assert launchd.refresh(AGENT, True, {}) == []
    assert running.count("bootstrap gui/501 /Library/LaunchAgents/x.plist") == 1


def test_an_agent_that_is_leaving_is_waited_for(play: Callable[..., Launchd]) -> None:
    running = play(kickstart=[*[(113, "")] * 3, (0, f"{ENDED}")], bootstrap=[(5, ""), (5, ""), (0, "")])
    assert launchd.refresh(AGENT, True, {}) == []
    assert running.count("bootstrap") == 3


def test_an_agent_that_launchd_will_not_take_is_named_without_output_that_may_hold_a_secret(
    play: Callable[..., Launchd],
) -> None:
    running = play(kickstart=[(113, "")], bootstrap=[(5, "Input/output error Zq7")])
    (note,) = launchd.refresh(AGENT, True, {}, clean=lambda text: text.replace("Zq7", "***"))
    assert "ada" in note
    assert "/Library/LaunchAgents/x.plist" in note
    assert "Zq7" not in note
    assert running.count("bootstrap") == 40, "it ends"


def test_an_agent_that_was_switched_off_stays_so(play: Callable[..., Launchd]) -> None:
    running = play(kickstart=[(113, "")], bootstrap=[(119, "Service is disabled")])
    (note,) = launchd.refresh(AGENT, True, {})
    assert "switched off" in note
    assert running.count("bootstrap") == 1


def test_what_goes_is_unset_first_and_unloaded_then(play: Callable[..., Launchd]) -> None:
    running = play(kickstart=[(0, f"{ENDED}")])
    assert launchd.refresh(AGENT, False, {}) == []
    assert [call.split()[1] for call in running.calls[1:]] == ["kickstart", "bootout"]


def test_a_session_that_shows_something_else_is_named_and_no_value_is(play: Callable[..., Launchd]) -> None:
    running = play(kickstart=[(0, f"{ENDED}")], getenv=[(0, "wrong Zq7"), (0, "right")])
    (note,) = launchd.refresh(AGENT, True, {"A": "Zq7secret", "B": "right"})
    assert "does not show A as set" in note
    assert "Zq7" not in note
    assert "launchctl asuser 501 sudo -u ada launchctl getenv A" in running.calls


def test_a_user_s_own_agent_is_for_that_user_alone(
    play: Callable[..., Launchd], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = play(kickstart=[(0, f"{ENDED}")])
    monkeypatch.setattr(os, "geteuid", lambda: 502)
    assert launchd.refresh(AGENT._replace(every_session=False), True, {"A": "1"}) == []
    assert running.calls == [f"launchctl kickstart -p gui/502/{LABEL}"]


def test_a_home_on_another_volume_is_named(play: Callable[..., Launchd], monkeypatch: pytest.MonkeyPatch) -> None:
    running = play(kickstart=[(0, "")])
    monkeypatch.setattr(launchd, "_same_volume", lambda _agent: False)
    (note,) = launchd.refresh(AGENT._replace(volume="/"), True, {})
    assert "another volume" in note
    assert running.calls == []


def test_who_can_ask_a_session(play: Callable[..., Launchd], monkeypatch: pytest.MonkeyPatch) -> None:
    play(getenv=[(0, "x"), (0, "")])
    assert launchd.session_environment(501, "ada", ["A", "B"]) == {"A": "x"}
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    play(managername=[(0, "Background")])
    assert launchd.session_environment(501, "ada", ["A"]) is None
    running = play(managername=[(0, "Aqua")], getenv=[(0, "y")])
    assert launchd.session_environment(501, "ada", ["A"]) == {"A": "y"}
    assert "launchctl getenv A" in running.calls
