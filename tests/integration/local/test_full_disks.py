# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk without space or without inodes from each step of a run on: a sentence, nothing torn, and the next run goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.machine import PosixMachine
from tests.bed import forked, relocated
from tests.bed.tree import listing

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")

ROOT = Path("/mnt")  # what is mounted there is seen by the child alone
FILL = ROOT / "fill"
ORIGINALS = {".condarc": "channels: [mine]\n", ".profile": "echo hello", ".netrc": "machine other login x password y\n"}
STEPS = ("write", "make_directory", "lock", "remove")


def fill(kind: str) -> None:
    FILL.mkdir()
    with contextlib.suppress(OSError):
        if kind == "inodes":
            for number in range(100_000):
                (FILL / str(number)).touch()
        with (FILL / "bytes").open("wb", buffering=0) as stream:
            while True:
                stream.write(b"x" * 4096)


class Filling:
    """Fills the disk before the step of this number; `steps` counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = self.at = 0
        self.kind = ""
        for name in STEPS:
            monkeypatch.setattr(PosixMachine, name, self._counting(getattr(PosixMachine, name)))

    def _counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **more: Any) -> Any:
            self.steps += 1
            if self.steps == self.at:
                fill(self.kind)
            return real(*args, **more)

        return step

    def run(self, wanted: Any, kind: str = "", at: int = 0) -> dict[str, Any]:
        self.steps, self.at, self.kind = 0, at, kind
        result = relocated.run(wanted)
        self.at = 0
        shutil.rmtree(FILL, ignore_errors=True)
        return result


def trials(kind: str, scope: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went wrong."""
    forked.mount(ROOT, "size=1m", "nr_inodes=150")
    home = ROOT / "home"
    for folder in (home, ROOT / "etc/profile.d", ROOT / "etc/conda", ROOT / "var/lib"):
        folder.mkdir(parents=True)
    (ROOT / "etc/environment").write_text("TZ=UTC\n")
    for name, text in ORIGINALS.items():
        (home / name).write_text(text)
    account = Account("ada", 0, 0, str(home), "/bin/sh")
    relocated.use(ROOT, monkeypatch, {"ada": account})
    disk = Filling(monkeypatch)
    scopes: dict[str, dict[str, Any]] = {
        "own": {"home": str(home)},
        "users": {"users": ["ada"]},
        "system": {"scope": "system"},
    }
    given = scopes[scope]
    wanted = {
        "first": relocated.settings(**given),
        "second": relocated.settings(relocated.OTHER, **given),
        "absent": relocated.settings(state="absent", **given),
    }
    pristine = listing(ROOT)
    wrong = []
    for before, change in (("absent", "first"), ("first", "second"), ("first", "absent")):
        step = 0
        while True:
            step += 1
            assert "failed" not in disk.run(wanted[before])
            old = listing(ROOT)
            result = disk.run(wanted[change], kind, step)
            if disk.steps < step:
                break
            case = f"{change}, step {step} of {disk.steps}: {result.get('msg')}"
            wrong += [f"{case}: {fault}" for fault in faults(result, old, listing(ROOT))]
            after = disk.run(wanted["first"])
            if "failed" in after:
                wrong.append(f"{case}: the next run: {after['msg']}")
            disk.run(wanted["absent"])
            if listing(ROOT) != pristine:
                wrong.append(f"{case}: left after absent: {difference(pristine, listing(ROOT))}")
        assert step > 5
    return wrong


def faults(result: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = []
    message = result.get("msg", "")
    temporary = [name for name in new if ".condafleet-" in name]
    if temporary:
        found.append(f"left {temporary}")
    if not message:  # the journal of a run that is over, or what an undo found done
        return found
    if "No space left on device; free space or inodes" not in message or str(ROOT) not in message:
        found.append("no sentence")
    if "unexpected" in message:
        found.append("unexpected")
    stays = "stay, unverified, until the next run rolls them back" in message or any(
        "No space left" in note for note in result["warnings"]
    )
    # root's list of users is of another transaction than the home of one
    place = "home" if f"{ROOT}/home/" in message else "var"
    changed = [name for name in difference(old, new) if name.startswith(place)]
    if not stays and changed not in ([], ["var/lib/condafleet/lock"]):  # which says who held it
        found.append(f"not as before: {changed}")
    return found


def difference(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


@pytest.mark.parametrize("scope", ["own", "users", "system"])
@pytest.mark.parametrize("kind", ["bytes", "inodes"])
def test_a_full_disk_at_each_step(kind: str, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = forked.call(lambda: trials(kind, scope, monkeypatch), own_mounts=True)
    assert not wrong, "\n".join(wrong)
