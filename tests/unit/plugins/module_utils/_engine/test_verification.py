# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof decides: table of before, after and conda_proxy_verify."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._engine import verification
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.verification import Verification, check_prefix
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.report import new_row
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow

CHANGED: Any = ["something"]


def row(words: str) -> ProofRow:
    """A row from BASE@VERDICT/WHAT-PYTHON-ALONE-SAYS:CHANNEL, of which all but the verdict may be left out."""
    words, _colon, channel = words.partition(":")
    base, _at, words = words.rpartition("@")
    verdict, _slash, proxy_verdict = words.partition("/")
    return ProofRow(**new_row(f"https://{channel or 'x'}"))._replace(
        user="ada",
        base=base or "/opt/conda",
        verdict=verdict,
        ok=verdict == "ok",
        status=503 if verdict == "server_error" else None,
        remedy="Do it.",
        proxy_verdict=proxy_verdict or None,
    )


def decide(
    verify: str, before: list[str], after: list[str], changes: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, int]:
    """The decision, and how often was looked. Each look is a text with a word for every channel."""
    monkeypatch.setattr(verification, "_PAUSE", 0.0)
    looks = {False: iter(before), True: iter(after)}
    asked = []

    def prove(now: bool) -> list[ProofRow]:
        asked.append(now)
        return [row(word) for word in next(looks[now]).split()]

    verified = Verification(verify, 60, prove)
    if changes:
        verified.before(changes)
    try:
        verified.after(changes)
    except MachineError as exc:
        return f"rolled back: {exc}".split(". ", maxsplit=1)[0], len(asked)
    return (f"fails: {verified.complaint}" if verified.complaint else "ok"), len(asked)


CASES = [
    # verify, looks before, looks after, changes -> decision, how often was looked
    ("none", ["ok"], [], CHANGED, "ok", 0),
    ("report", ["ok"], ["proxy_auth_rejected"], CHANGED, "ok", 1),
    ("rollback", ["ok"], ["ok"], CHANGED, "ok", 2),
    ("rollback", ["ok"], ["proxy_auth_rejected"], CHANGED, "rolled back", 2),
    ("rollback", ["proxy_auth_required"], ["proxy_auth_rejected"], CHANGED, "fails", 2),
    ("rollback", ["ok"], ["proxy_auth_rejected"], [], "fails", 1),
    ("require", ["proxy_auth_required"], ["proxy_auth_rejected"], CHANGED, "rolled back", 1),
    ("require", ["ok"], ["proxy_auth_rejected"], [], "fails", 1),
    # transient classes are looked at again before the decision
    ("rollback", ["ok"], ["refused_proxy", "ok"], CHANGED, "ok", 3),
    ("rollback", ["ok"], ["refused_proxy", "dns_proxy", "refused_proxy"], CHANGED, "rolled back", 4),
    # without conda the proxy decides, unless channels are required
    ("rollback", ["no_conda/ok"], ["no_conda/ok"], CHANGED, "ok", 2),
    ("rollback", ["no_conda/ok"], ["no_conda/proxy_auth_rejected"], CHANGED, "rolled back", 2),
    ("require", ["no_conda/ok"], ["no_conda/ok"], CHANGED, "rolled back", 1),
    # a channel that was not reached before cannot be lost; one that was can
    ("rollback", ["ok:a channel_forbidden:b"], ["ok:a channel_forbidden:b"], CHANGED, "fails", 2),
    ("rollback", ["ok:a channel_forbidden:b"], ["dns_channel:a channel_forbidden:b"], CHANGED, "rolled back", 2),
    (
        "rollback",
        ["ok:a channel_forbidden:b"],
        ["ok:a channel_forbidden:b proxy_forbidden:c"],
        CHANGED,
        "rolled back",
        2,
    ),
    # another base's misery is no reason to let this one go
    ("rollback", ["ok b@conda_unusable"], ["proxy_auth_rejected b@conda_unusable"], CHANGED, "rolled back", 2),
    ("rollback", ["ok b@conda_unusable"], ["ok b@conda_unusable"], CHANGED, "fails", 2),
    ("rollback", ["ok:a b@offline:a"], ["proxy_auth_rejected:a b@offline:a"], CHANGED, "rolled back", 2),
    ("rollback", ["offline:a b@ok:a"], ["proxy_auth_rejected:a b@ok:a"], CHANGED, "fails", 2),
    # healthy with other channels than before
    ("rollback", ["ok:a"], ["channel_not_found:b"], CHANGED, "rolled back", 2),
    # before, too, an answer may be another one a moment later; no answer is what a machine without settings gets
    ("rollback", ["server_error", "ok"], ["proxy_auth_rejected"], CHANGED, "rolled back", 3),
    ("rollback", ["connect_timeout_channel"], ["proxy_auth_rejected"], CHANGED, "fails", 2),
]


@pytest.mark.parametrize(("verify", "before", "after", "changes", "decision", "looks"), CASES)
def test_decision(
    verify: str,
    before: list[str],
    after: list[str],
    changes: Any,
    decision: str,
    looks: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decided, looked = decide(verify, before, after, changes, monkeypatch)
    assert (decided.partition(":")[0], looked) == (decision, looks)


def test_the_sentence_names_the_channel_that_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ["channel_forbidden:b ok:a"]
    decided, _looks = decide("rollback", before, ["channel_forbidden:b proxy_forbidden:a"], CHANGED, monkeypatch)
    assert "https://a (proxy_forbidden)" in decided
    complaint, _looks = decide("rollback", ["no_conda/ok"], ["no_conda/proxy_forbidden"], [], monkeypatch)
    assert "(proxy_forbidden)" in complaint
    assert "ask the proxy's administrator" in complaint


@pytest.mark.parametrize(
    ("mode", "before", "changes", "says"),
    [
        ("rollback", "refused_proxy", CHANGED, "; the changes stay, as conda did not reach it before them either "),
        ("rollback", "ok", CHANGED, "; all changes were rolled back"),
        ("require", "refused_proxy", CHANGED, "; all changes were rolled back"),
        ("rollback", "ok", [], "; nothing was changed"),
    ],
)
def test_the_sentence_says_what_became_of_the_changes(
    mode: str, before: str, changes: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, _looks = decide(mode, [before] * 3, ["proxy_forbidden"], changes, monkeypatch)
    assert says in said


def test_a_prefix_that_is_named_has_a_base() -> None:
    check_prefix("", [])
    check_prefix("/opt/conda", [Base("/opt/conda", "/opt/conda/bin/python")])
    with pytest.raises(MachineError, match=r"^conda_proxy_prefix is /opt/conda, where no conda base is on this host; "):
        check_prefix("/opt/conda", [])


def test_where_only_changes_count_nothing_is_asked_without_them() -> None:
    def prove(_now: bool) -> list[ProofRow]:
        raise AssertionError

    verified = Verification("require", 0, prove, only_changes=True)
    verified.after([])
    verified.preview()
    assert verified.rows == []


@pytest.mark.parametrize("mode", ["report", "rollback", "require"])
def test_a_login_that_the_user_is_not_meant_to_have(mode: str) -> None:
    """The row says so: whoever judges by the rows, such as the gate of a rollout, comes to the same end."""
    asked = [row("channel_unauthorized:x/a"), row("channel_unauthorized:y/b"), row("no_conda")]
    excusing = Verification(mode, 60, lambda _applied: asked, logins=("x",))
    excusing.preview()
    assert [(one.verdict, one.ok, one.remedy) for one in excusing.rows] == [
        ("channel_unauthorized", True, ""),
        ("channel_unauthorized", False, "Do it."),
        ("no_conda", False, "Do it."),
    ]
    assert "conda_proxy_users" in excusing.rows[0].detail
    asked[1:] = []
    excusing.after([])
    assert not excusing.complaint
