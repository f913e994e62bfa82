# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of one user: their shell, their bases, and which settings Python alone may use."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._host import user_probe
from ansible_collections.condafleet.proxy.plugins.module_utils._host.user_probe import UserView
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH, Session
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import CondaInfo
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions

ADA = Account("ada", 1, 1, "/home/ada", "/bin/zsh")
BASE = Base("/opt/conda", "/opt/conda/bin/python")
LOGIN = {"PATH": "/home/ada/bin", "https_proxy": "http://p", "CONDA_X": ""}
VIEW = UserView(ADA, [BASE], LOGIN)
SERVERS = {"http": "http://p"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the proof was given."""
    found: list[tuple[Any, ...]] = []

    def prove(launcher: Any, bases: Any, environment: Any, options: Any, *, user: str) -> list[Any]:
        found.append((launcher._home, bases, environment, options, user))
        return []

    monkeypatch.setattr(connectivity, "prove", prove)
    return found


SESSION = Session("/bin", "C", ())


def test_a_view_comes_of_a_login_shell_and_of_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def login_environment(*args: Any) -> dict[str, str]:
        asked.append(args)
        return LOGIN

    def find_bases(*args: str) -> list[Base]:
        asked.append(args)
        return [BASE]

    monkeypatch.setattr(login_shell, "login_environment", login_environment)
    monkeypatch.setattr(user_probe, "find_bases", find_bases)
    assert UserView.of(ADA, "/given", SESSION) == VIEW
    assert asked == [(SESSION, ADA, "/given"), ("/home/ada", "/home/ada/bin", "/given")]


def test_conda_sees_the_variables_of_the_shell_and_not_its_path(asked: list[tuple[Any, ...]]) -> None:
    assert VIEW.environment == {"https_proxy": "http://p", "CONDA_X": ""}
    options = ProofOptions(deadline=3.0)
    assert VIEW.prove(options, "/ca.pem", applied=True) == []
    assert asked == [("/home/ada", [BASE], VIEW.environment, options, "ada")]


@pytest.mark.parametrize(
    ("applied", "bundle", "servers", "used"),
    [
        (True, CA_BUNDLE_PATH, SERVERS, "/ca.pem"),
        (True, "/given.pem", SERVERS, "/given.pem"),
        (True, None, SERVERS, None),
        (False, CA_BUNDLE_PATH, None, None),
        (False, "/given.pem", None, None),
    ],
)
def test_python_alone_uses_only_what_was_written(
    applied: bool, bundle: str | None, servers: Any, used: str | None, asked: list[tuple[Any, ...]]
) -> None:
    options = ProofOptions(without_conda=WithoutConda(("https://mirror.invalid",), SERVERS, bundle))
    VIEW.prove(options, "/ca.pem", applied)
    assert asked[0][3].without_conda == WithoutConda(("https://mirror.invalid",), servers, used)


def test_conda_info_is_of_the_same_user_and_bases(monkeypatch: pytest.MonkeyPatch) -> None:
    def conda_info(launcher: Any, bases: Any, environment: Any, *, user: str) -> list[CondaInfo]:
        assert (launcher._home, bases, environment) == ("/home/ada", [BASE], VIEW.environment)
        return [CondaInfo(bases[0].prefix, "text", user)]

    monkeypatch.setattr(connectivity, "conda_info", conda_info)
    assert VIEW.conda_info() == (CondaInfo("/opt/conda", "text", "ada"),)
