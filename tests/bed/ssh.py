# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that is reached over ssh with a key of the tests."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

from tests.bed.locks import file_lock
from tests.bed.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER = CACHE / "hosts"
SSH_OPTIONS = (
    "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes"
    " -o IdentityAgent=none -o BatchMode=yes -o ConnectTimeout=10"
)


class SshMachine:
    """A machine whose users take `ssh_key`."""

    def __init__(self, name: str, address: str, port: int = 22) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.ssh_key = _ssh_key()

    def ssh_argv(self, user: str = "root") -> list[str]:
        """The ssh command up to the remote command; no configuration of this machine's user takes part."""
        return [
            "ssh", "-F", "/dev/null", *shlex.split(SSH_OPTIONS), "-i", str(self.ssh_key),
            "-p", str(self.port), f"{user}@{self.address}",
        ]  # fmt: skip

    def run(
        self, argv: Sequence[str] | str, user: str = "root", check: bool = True, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command over ssh, as sshd and PAM would for a person. A string goes to the user's shell as it is."""
        command = argv if isinstance(argv, str) else shlex.join(argv)
        done = subprocess.run(
            [*self.ssh_argv(user), command],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        )
        if check and done.returncode != 0:
            raise RuntimeError(
                f"{command!r} on {self.name} as {user}: rc {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def write(self, path: str, content: str, mode: str = "0644", owner: str = "root") -> None:
        """Put a file there."""
        quoted = shlex.quote(path)
        folder = shlex.quote(os.path.dirname(path))
        self.run(
            f"mkdir -p {folder} && cat > {quoted} && chmod {mode} {quoted} && chown {owner}: {quoted}", stdin=content
        )

    def read(self, path: str) -> str:
        """The text of a file there."""
        return self.run(["cat", path]).stdout

    def inventory(self, user: str = "root") -> dict[str, Any]:
        """Ansible's variables for this host."""
        return {
            "ansible_host": self.address,
            "ansible_port": self.port,
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.ssh_key),
            "ansible_ssh_common_args": f"-F /dev/null {SSH_OPTIONS}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }


def _ssh_key() -> Path:
    key = FOLDER / "id_ed25519"
    with file_lock(FOLDER / "key.lock"):
        if not key.exists():
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "condafleet-bed", "-f", key], check=True
            )
    return key
