# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of the schedule: its lock, its files with secrets, and which commits it lets play. With real git and keys."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.bed.environ import clean_env
from tests.bed.paths import CHECKOUT
from tests.conftest import unavailable

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = CHECKOUT / "roles/conda_proxy_schedule/files/run.py"


def load_runner() -> Any:
    spec = importlib.util.spec_from_file_location("schedule_run", RUNNER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = load_runner()


class Fleet:
    """A repository with a signer, and the settings of a schedule that plays from it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.home = folder / "home"
        self.home.mkdir()
        self.env = clean_env(self.home) | {"GNUPGHOME": str(self.home / "gnupg")}
        (self.home / "gnupg").mkdir(mode=0o700)
        self.origin = folder / "origin"
        self.call("git", "init", "--quiet", "--initial-branch=main", self.origin)
        for key, value in (("user.name", "fleet"), ("user.email", "fleet@example.com"), ("commit.gpgsign", "false")):
            self.git("config", key, value)
        self.signers = folder / "signers"
        self.signers.write_text(self.ssh_key("one") if kind == "ssh" else self.gpg_key())
        self.sign("one")
        self.settings = {
            "directory": str(folder),
            "lock": str(folder / "lock"),
            "environment": {},
            "log": "",
            "timeout": 60,
            "credentials": {},
            "command": [sys.executable, "-c", "print('played')"],
            "repository": {
                "url": str(self.origin),
                "branch": "main",
                "folder": str(folder / "fetched.git"),
                "signers": str(self.signers) if kind != "none" else "",
            },
        }

    def call(self, *argv: str | Path, check: bool = True) -> str:
        done = subprocess.run(argv, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=check)
        return done.stdout

    def git(self, *argv: str) -> str:
        return self.call("git", "-C", self.origin, *argv).strip()

    def ssh_key(self, name: str) -> str:
        self.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.home / name)
        return f"fleet@example.com {(self.home / f'{name}.pub').read_text()}"

    def gpg_key(self) -> str:
        self.call("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "fleet@example.com", "ed25519", "sign")
        return self.call("gpg", "--armor", "--export", "fleet@example.com")

    def sign(self, name: str) -> None:
        """Sign the next commits with a key."""
        self.git("config", "user.signingkey", "fleet@example.com")
        if self.kind == "ssh":
            self.git("config", "gpg.format", "ssh")
            self.git("config", "user.signingkey", str(self.home / name))

    def commit(self, signed: bool = True) -> str:
        self.git("commit", "--quiet", "--allow-empty", "-m", "x", *(["-S"] if signed else []))
        return self.git("rev-parse", "HEAD")

    def start(self) -> subprocess.CompletedProcess[str]:
        path = self.folder / "settings.json"
        path.write_text(json.dumps(self.settings))
        # as root's own keyring would be, it is full of keys that must not count
        return subprocess.run(
            [sys.executable, RUNNER, path],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def played(self) -> str:
        return self.call("git", "-C", self.folder / "fetched.git", "rev-parse", "verified", check=False).strip()


@pytest.fixture(params=["ssh", "gpg"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if missing := [name for name in ("git", request.param.replace("ssh", "ssh-keygen")) if shutil.which(name) is None]:
        unavailable(f"no {missing[0]} on this machine")
    made = Fleet(tmp_path, request.param)
    yield made
    made.call("gpgconf", "--kill", "all", check=False)


def test_only_signed_commits_that_follow_are_played(fleet: Fleet) -> None:
    first = fleet.commit()
    done = fleet.start()
    assert (done.returncode, done.stdout) == (0, "played\n"), done.stderr
    assert fleet.played() == first
    assert fleet.start().returncode == 0, "the same commit is played again"

    fleet.commit(signed=False)
    for _attempt in range(2):
        refused = fleet.start()
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "is not signed by one of the signers, so nothing is played" in refused.stderr
        assert fleet.played() == first

    second = fleet.commit()  # whoever signs it has seen what lies below
    assert fleet.start().returncode == 0
    assert fleet.played() == second

    fleet.git("reset", "--quiet", "--hard", first)
    back = fleet.start()
    assert back.returncode == 2
    assert "does not follow the one that was played before" in back.stderr
    shutil.rmtree(fleet.folder / "fetched.git")
    assert fleet.start().returncode == 0, "the way out that the sentence names"


def test_another_key_does_not_count_not_even_one_that_root_trusts(fleet: Fleet) -> None:
    fleet.commit()
    if fleet.kind == "ssh":
        fleet.signers.write_text(fleet.ssh_key("other"))
    else:
        fleet.call("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "other@example.com", "ed25519", "sign")
        fleet.signers.write_text(fleet.call("gpg", "--armor", "--export", "other@example.com"))
    refused = fleet.start()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is not signed by one of the signers" in refused.stderr


def test_without_signers_every_commit_is_played_and_a_way_back_too(tmp_path: Path) -> None:
    if shutil.which("git") is None or shutil.which("gpg") is None:
        unavailable("no git or gpg on this machine")
    fleet = Fleet(tmp_path, "none")
    first = fleet.commit(signed=False)
    fleet.commit(signed=False)
    assert fleet.start().returncode == 0
    fleet.git("reset", "--quiet", "--hard", first)
    assert fleet.start().returncode == 0
    assert fleet.played() == first
    fleet.settings["repository"]["branch"] = "nowhere"  # type: ignore[index]
    gone = fleet.start()
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "the branch nowhere cannot be fetched: fatal: couldn't find remote ref" in gone.stderr
    fleet.call("gpgconf", "--kill", "all", check=False)


def settings_without_repository(tmp_path: Path, **more: Any) -> Path:
    found = {
        "directory": str(tmp_path),
        "lock": str(tmp_path / "lock"),
        "environment": {"FROM_SETTINGS": "1"},
        "log": "",
        "timeout": 60,
        "credentials": {"ANSIBLE_VAULT_PASSWORD_FILE": {"name": "vault", "path": "/etc/vault"}},
        "command": [
            sys.executable,
            "-c",
            "import os,sys;print(os.environ['FROM_SETTINGS'],os.getcwd(),sys.argv[1:],os.environ['ANSIBLE_VAULT_PASSWORD_FILE'])",
        ],
        "repository": {},
    }
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(found | more))
    return path


@pytest.mark.parametrize(
    ("directory", "expected"), [("", "/etc/vault"), ("/run/credentials/x", "/run/credentials/x/vault")]
)
def test_ansible_gets_options_and_files_with_secrets(tmp_path: Path, directory: str, expected: str) -> None:
    env = dict(os.environ, CREDENTIALS_DIRECTORY=directory)
    argv = [sys.executable, str(RUNNER), str(settings_without_repository(tmp_path)), "--limit", "x"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == f"1 {tmp_path} ['--limit', 'x'] {expected}\n"


def test_two_at_once(tmp_path: Path) -> None:
    path = settings_without_repository(tmp_path)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([sys.executable, RUNNER, path], capture_output=True, text=True, check=False)
    assert done.returncode == run.BUSY
    assert "another run holds the lock" in done.stderr
    # Ansible itself holds it until it ends
    held = "import fcntl,sys\ntry: fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX|fcntl.LOCK_NB)\nexcept OSError: print('held')"
    path = settings_without_repository(
        tmp_path, command=[sys.executable, "-c", held, str(tmp_path / "lock")], credentials={}
    )
    assert subprocess.run([sys.executable, RUNNER, path], capture_output=True, text=True, check=True).stdout == "held\n"


def test_a_run_that_takes_too_long_is_interrupted_and_still_reports(tmp_path: Path) -> None:
    log = tmp_path / "log"
    play = "import time\ntry: time.sleep(600)\nexcept KeyboardInterrupt: print('reported', flush=True); raise SystemExit(99)"
    path = settings_without_repository(
        tmp_path, command=[sys.executable, "-c", play], credentials={}, timeout=2, log=str(log)
    )
    done = subprocess.run([sys.executable, RUNNER, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (99, "", "")
    assert sorted(log.read_text().splitlines()) == [
        "condafleet-proxy: the run took longer than 2 seconds, and is interrupted",
        "reported",
    ]
