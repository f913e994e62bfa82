# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once: each ends without an error, and the machine is as one of them leaves it."""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from tests.bed import relocated
from tests.bed.tree import listing

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings

ROUNDS = 4
ORIGINALS = {".condarc": "channels: [mine]\n", ".profile": "echo hello", ".netrc": "machine other login x password y\n"}
STATES = (".local/state/condafleet", "var/lib/condafleet")


class Machine:
    """The root of a file system with one user's home."""

    def __init__(self, folder: Path, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "root"
        self._output = folder / "output"
        self.home = self.folder / "home"
        for path in (self.home, self.folder / "etc/profile.d", self.folder / "var/lib"):
            path.mkdir(parents=True)
        for name, text in ORIGINALS.items():
            (self.home / name).write_text(text)
        relocated.use(self.folder, monkeypatch, {"ada": Account("ada", os.geteuid(), os.getegid(), str(self.home), "")})
        monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # more rounds in the same time
        scopes: dict[str, dict[str, Any]] = {
            "own": {"home": str(self.home)},
            "users": {"users": ["ada"]},
            "system": {"scope": "system"},
        }
        self.wanted = {
            "first": relocated.settings(**scopes[scope]),
            "second": relocated.settings(relocated.OTHER, **scopes[scope]),
            "absent": relocated.settings(state="absent", **scopes[scope]),
        }

    def run(self, name: str) -> None:
        result = relocated.run(self.wanted[name])
        assert "failed" not in result, result

    def both(self, names: tuple[str, str], draw: random.Random) -> list[dict[str, Any]]:
        """The results of two runs that begin at nearly the same time."""
        outputs = [self._output.with_name(f"output{number}") for number in range(2)]
        pids = []
        for name, output in zip(names, outputs, strict=True):
            pids.append(start(self.wanted[name], output))
            time.sleep(draw.uniform(0, 0.02))
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
        return [json.loads(output.read_text()) for output in outputs]

    def files(self) -> dict[str, Any]:
        """All but the states, which tell runs apart."""
        return {
            name: found for name, found in listing(self.folder).items() if not any(state in name for state in STATES)
        }


def start(wanted: Settings, output: Path) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            output.write_text(json.dumps(relocated.run(wanted, lock_timeout=60)))
            status = 0
        finally:
            os._exit(status)
    return pid


@pytest.mark.skipif(os.geteuid() != 0, reason="the system's scope and a list of users need root")
@pytest.mark.parametrize("scope", ["own", "users", "system"])
@pytest.mark.parametrize(
    "names", [("first", "first"), ("first", "second"), ("first", "absent"), ("absent", "first"), ("absent", "absent")]
)
@pytest.mark.parametrize("before", ["absent", "first"])
def test_two_runs_at_once(
    before: str, names: tuple[str, str], scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path, scope, monkeypatch)
    draw = random.Random(f"{before} {names} {scope}")  # noqa: S311
    pristine = listing(machine.folder)
    whole = {}
    for name in ("first", "second", "absent"):
        machine.run(name)
        whole[name] = machine.files()
    assert whole["absent"] == pristine
    for _round in range(ROUNDS):
        machine.run(before)
        results = machine.both(names, draw)
        assert [result.get("msg") for result in results] == [None, None]
        assert machine.files() in [whole[name] for name in names]
        machine.run("first")
        assert machine.files() == whole["first"]
        machine.run("absent")
        assert listing(machine.folder) == pristine
