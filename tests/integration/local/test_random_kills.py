# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at random moments of the real module: no file is torn, the next run goes on, and `absent` finds all of it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils import basic

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Converge, Run, pack
from ansible_collections.condafleet.proxy.plugins.modules import conda_proxy_host
from tests.bed import relocated
from tests.bed.tree import listing

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings

KILLS = 70  # of each kind
STATE = ".local/state/condafleet/state.json"
ORIGINALS = {
    ".condarc": "# mine\nchannels: [a]\nproxy_servers: {http: 'http://old:1'}\n",
    ".profile": "echo hello",
    ".bash_profile": "echo bash\r\n",
    ".netrc": "machine other login x password y\n",
}


class Module:
    """The module in a process of its own, which has everything imported already.

    It kills itself at one of its calls between the first file that it puts in place and its last change to the file
    system: a clock would hit other calls on a busy machine. Call 0 is none.
    """

    def __init__(self, wanted: Settings, output: Path, kill_at: int = 0) -> None:
        self._output = output
        payload = json.dumps(pack(Converge(wanted, Run(os.urandom(4).hex(), "key", 5, "here"))))
        arguments = {"ANSIBLE_MODULE_ARGS": {"payload": base64.b64encode(payload.encode()).decode()}}
        self.pid = os.fork()
        if self.pid == 0:
            try:
                sys.stdout = output.open("w")  # a test's own is captured
                basic._ANSIBLE_ARGS = json.dumps(arguments).encode()
                basic._ANSIBLE_PROFILE = "legacy"
                self._count(kill_at)
                with contextlib.suppress(SystemExit):
                    conda_proxy_host.main()
                sys.setprofile(None)
                sys.stdout.write(f"\n{self.last}")
                sys.stdout.flush()
            finally:
                os._exit(0)

    def _count(self, kill_at: int) -> None:
        self.calls = self.last = 0
        changing = (os.mkdir, os.rename, os.rmdir, os.unlink)

        def look(_frame: Any, event: str, function: Any) -> None:
            changes = event == "c_call" and function in changing
            if self.calls or (changes and function is os.rename):
                self.calls += 1
                if changes:
                    self.last = self.calls
                if self.calls == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)

    def was_killed(self) -> bool:
        return os.WIFSIGNALED(os.waitpid(self.pid, 0)[1])

    def calls_made(self) -> int:
        assert not self.was_killed()
        return int(self._output.read_text().splitlines()[-1])


class Home:
    """A home, and what the module makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "home"
        self._kept = folder / "kept"
        self._output = folder / "output"
        self.folder.mkdir()
        for name, text in ORIGINALS.items():
            (self.folder / name).write_bytes(text.encode())
        place = str(self.folder)
        self._wanted = {
            "first": relocated.settings(home=place),
            "second": relocated.settings(relocated.OTHER, home=place, channels=["conda-forge"]),
            "absent": relocated.settings(home=place, state="absent"),
        }

    def start(self, name: str, kill_at: int = 0) -> Module:
        return Module(self._wanted[name], self._output, kill_at)

    def run(self, name: str) -> None:
        result = relocated.run(self._wanted[name])
        assert "failed" not in result, result

    def keep(self) -> None:
        shutil.copytree(self.folder, self._kept)

    def put_back(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self._kept, self.folder)

    def files(self) -> dict[str, bytes]:
        """What is managed."""
        names = {str(path.relative_to(self.folder)): path for path in self.folder.rglob("*") if path.is_file()}
        return {
            name: path.read_bytes()
            for name, path in names.items()
            if not name.startswith(".local") and ".condafleet-" not in name
        }

    def interrupted(self) -> bool:
        """Whether a run began to write and did not end."""
        return (self.folder / STATE).exists() and "journal" in json.loads((self.folder / STATE).read_text())

    def leftovers(self) -> list[str]:
        return [str(path) for path in self.folder.rglob(".condafleet-*")]

    def clear(self) -> None:
        """Directories of a state that nothing remembers: the run was killed before it could note them, or after."""
        for name in (".local/state/condafleet", ".local/state", ".local"):
            if (self.folder / name).exists():
                (self.folder / name).rmdir()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    relocated.use(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # a kill loses nothing that the kernel has
    return Home(tmp_path)


@pytest.mark.parametrize(("before", "kind"), [("absent", "first"), ("first", "second"), ("first", "absent")])
def test_a_kill_at_any_moment(home: Home, before: str, kind: str) -> None:
    draw = random.Random(f"{before} {kind}")  # noqa: S311
    pristine = listing(home.folder)
    whole = {}
    for name in ("second", "first", "absent"):
        home.run(name)
        whole[name] = home.files()
    home.run(before)
    home.keep()
    calls = home.start(kind).calls_made()
    interrupted = 0
    for _kill in range(KILLS):
        home.put_back()
        assert home.start(kind, draw.randint(1, calls)).was_killed()
        interrupted += home.interrupted()
        found = home.files()
        torn = [name for name in found if found[name] not in (whole[before].get(name), whole[kind].get(name))]
        assert not torn, "neither the old text nor the new one"
        assert found.keys() >= whole["absent"].keys(), "a file of the user's is gone"
        following = draw.choice(["absent", "absent", "first", "second"])
        home.run(following)
        assert home.files() == whole[following]
        assert not home.leftovers()
        if following == "absent":
            home.clear()
            assert listing(home.folder) == pristine
    assert interrupted > KILLS / 4, f"{interrupted} of {KILLS} kills hit a run that writes"
