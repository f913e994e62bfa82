# SPDX-License-Identifier: GPL-3.0-or-later
"""conda inside its own Python, on recorded inputs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import conda as _conda
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import verdict as _verdict


class FakeContext:
    """Recorded answers of a conda that the test bed does not have."""

    offline = False
    allowlist_channels = ()
    proxy_servers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, channels: Any) -> None:
        self._channels = channels

    @property
    def channels(self) -> Any:
        if isinstance(self._channels, Exception):
            raise self._channels
        return self._channels


def fake(context: FakeContext) -> _conda.Conda:
    conda = object.__new__(_conda.Conda)
    conda.context = context
    conda._channel = lambda name: SimpleNamespace(urls=lambda **_options: [name + "/noarch"], base_urls=[name])
    return conda


def test_no_channels() -> None:
    """conda 25.9 and newer: none is configured. Before that there was always `defaults`."""
    error = type("NoChannelsConfiguredError", (Exception,), {})
    for channels in ((), error("x")):
        with pytest.raises(_verdict.Verdict) as caught:
            fake(FakeContext(channels)).channels(None)
        assert caught.value.name == "no_channels"


@pytest.mark.parametrize("name", ["ChannelDenied", "ChannelNotAllowed"])
def test_denied_by_newer_conda(name: str) -> None:
    with pytest.raises(_verdict.Verdict) as caught:
        fake(FakeContext(type(name, (Exception,), {})("https://ada:Zq7@x"))).channels(None)
    assert caught.value.name == "channel_denied"


def test_denylist() -> None:
    context = FakeContext(())
    context.denylist_channels = ("https://a",)  # type: ignore[attr-defined]
    assert fake(context).denied("https://a")
    assert not fake(context).denied("https://b")


@pytest.mark.parametrize(
    ("condarc", "deadline", "patience"),
    [
        ({}, 45.0, (5.0, 15.0)),  # what conda has by itself is not somebody's wish
        ({"remote_read_timeout_secs": 20}, 45.0, (5.0, 20.0)),
        ({"remote_read_timeout_secs": 60, "remote_connect_timeout_secs": 9}, 120.0, (9.0, 60.0)),
        ({"remote_read_timeout_secs": 60}, 45.0, (5.0, 30.0)),  # the deadline counts
        ({"remote_read_timeout_secs": 1}, 45.0, (5.0, 15.0)),
    ],
)
def test_patience(condarc: dict[str, float], deadline: float, patience: tuple[float, float]) -> None:
    conda = object.__new__(_conda.Conda)
    conda.timeouts, conda._deadline = (5.0, 15.0), deadline
    conda.context = SimpleNamespace(
        **{"remote_connect_timeout_secs": 9.15, "remote_read_timeout_secs": 60.0, **condarc}
    )
    assert conda._patience({"/etc/conda/.condarc": {"channels": 1}, "/home/ada/.condarc": condarc}) == patience
