# SPDX-License-Identifier: GPL-3.0-or-later
"""Systemd hosts with sshd, over podman: booted machines with an address of their own.

`python -m tests.bed.hosts up N --inventory FILE [--mount FROM:TO[:ro]]` and `down --inventory FILE` for molecule.
Servers for hosts listen on `gateway()`, which exists once a first host was started.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import hashlib
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import yaml

from tests.bed.locks import file_lock
from tests.bed.ssh import FOLDER, SshMachine

if TYPE_CHECKING:
    from collections.abc import Sequence

_LABEL = "condafleet-bed"
_START_SECONDS = 120
_PACKAGES = (
    "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssh-server,sudo,python3,zsh,fish,tcsh,cron,"
    "ca-certificates,curl,strace,git,gnupg,python3-venv"
)
_SUITE = "bookworm"
_SETUP = r"""
set -e
useradd --create-home --shell /bin/bash ada
useradd --create-home --shell /bin/zsh bob
echo 'ada ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/bed
chmod 0440 /etc/sudoers.d/bed
mkdir -p /opt/conda
# a container has no such devices or seats; without them the host is "running" and not "degraded"
systemctl mask systemd-udevd.service systemd-networkd-wait-online.service getty.target console-getty.service
apt-get clean
rm -rf /var/lib/apt/lists/*
"""
USERS = ("root", "ada", "bob")
_started: set[str] = set()


def missing() -> str | None:
    """A sentence when this machine cannot run hosts, else None."""
    if os.geteuid() != 0:
        return "systemd hosts need root"
    absent = [name for name in ("podman", "runc", "mmdebstrap", "ssh", "ssh-keygen") if shutil.which(name) is None]
    if absent:
        return f"systemd hosts need {', '.join(absent)}"
    return None


def gateway() -> str:
    """The outer machine's address as hosts see it."""
    networks = json.loads(_podman("network", "inspect", "podman"))
    subnet = networks[0].get("subnets", [{}])[0]
    return str(subnet["gateway"])


class Host(SshMachine):
    """One running host. Its users root, ada (bash, sudo without password) and bob (zsh) take `ssh_key`."""

    def __init__(self, name: str, container: str, address: str) -> None:
        super().__init__(name, address)
        self.container = container

    @classmethod
    def start(
        cls, name: str, mounts: Sequence[str] = (), detached: bool = False, hardened_services: bool = False
    ) -> Host:
        """Boot a host. `mounts` are FROM:TO[:ro]; `detached` outlives this process.

        `hardened_services`: systemd may do what hardening needs, which it otherwise leaves out without a word.
        """
        image = build_image()
        sweep()
        container = f"{_LABEL}-{secrets.token_hex(4)}-{name}"
        owner = 0 if detached else os.getpid()
        if not detached:
            _started.add(container)
        try:
            _podman(
                "run", "--detach", "--name", container, "--hostname", name, "--label", f"{_LABEL}={owner}",
                "--runtime", "runc", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000",
                "--systemd=always",
                *(("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined") if hardened_services else ()),
                *(part for mount in mounts for part in ("--volume", mount)), image, "/sbin/init",
            )  # fmt: skip
            address = _podman("inspect", "--format", "{{.NetworkSettings.IPAddress}}", container).strip()
            host = cls(name, container, address)
            host._take_key()
            host._wait()
            if hardened_services:
                # on a machine systemd does so itself; without it a service does not see its credentials
                _podman("exec", container, "mount", "--make-rshared", "/")
        except BaseException:
            _remove(container)
            raise
        return host

    def stop(self) -> None:
        """Remove the host and all that it wrote."""
        _remove(self.container)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _take_key(self) -> None:
        public = self.ssh_key.with_suffix(".pub").read_text(encoding="utf-8")
        for user in USERS:
            script = 'd=$(getent passwd "$1" | cut -d: -f6)/.ssh && mkdir -p "$d" && cat > "$d/authorized_keys"'
            script += ' && chmod 700 "$d" && chown -R "$1": "$d"'
            _podman("exec", "--interactive", self.container, "sh", "-c", script, "sh", user, stdin=public)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        state = ""
        while time.monotonic() < deadline:
            done = self.run(["systemctl", "is-system-running"], check=False)
            state = done.stdout.strip() or done.stderr.strip()
            if state == "running":
                return
            if state == "degraded":
                failed = self.run(["systemctl", "--failed", "--no-legend", "--plain"]).stdout
                raise RuntimeError(f"host {self.name} is degraded:\n{failed}")
            time.sleep(0.2)
        raise RuntimeError(f"host {self.name} did not boot: {state}")


def build_image() -> str:
    """The image's name; its root file system is kept as a tar in the cache."""
    image = f"localhost/{_LABEL}:{_digest()}"
    with file_lock(FOLDER / "image.lock"):
        if not _podman("images", "--quiet", image).strip():
            _podman("import", "--quiet", str(_tar()), image)
    return image


def build_root() -> Path:
    """The same root file system as a directory, for machines without a container engine. Mount it, never write to it."""
    root = FOLDER / f"root-{_digest()}"
    with file_lock(FOLDER / "image.lock"):
        if not root.exists():
            part = root.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            subprocess.run(["tar", "-xf", _tar(), "-C", part, "--numeric-owner"], check=True)
            part.rename(root)
    return root


def _digest() -> str:
    return hashlib.sha256(f"{_SUITE} {_PACKAGES} {_SETUP}".encode()).hexdigest()[:12]


def _tar() -> Path:
    """The root file system as a tar. Call it with the lock of the image."""
    tar = FOLDER / f"{_SUITE}-{_digest()}.tar"
    if not tar.exists():
        part = tar.with_suffix(".part.tar")
        hook = 'chroot "$1" sh -c ' + shlex.quote(_SETUP)
        subprocess.run(
            [
                "mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}",
                f"--customize-hook={hook}", _SUITE, part,
            ],
            check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        part.rename(tar)
    return tar


def sweep() -> None:
    """Remove hosts whose process was killed before it could."""
    listing = json.loads(_podman("ps", "--all", "--filter", f"label={_LABEL}", "--format", "json") or "[]")
    for container in listing:
        owner = int(container["Labels"][_LABEL])
        if owner and not Path(f"/proc/{owner}").exists():
            _remove(container["Names"][0])


def _podman(*args: str, stdin: str = "") -> str:
    done = subprocess.run(["podman", *args], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"podman {args[0]}: {done.stderr.strip()}")
    return done.stdout


def _remove(container: str) -> None:
    _podman("rm", "--force", "--ignore", "--volumes", "--time", "0", container)
    _started.discard(container)


@atexit.register
def _remove_started() -> None:
    for container in list(_started):
        with contextlib.suppress(RuntimeError):
            _remove(container)


def _up(count: int, inventory: Path, mounts: Sequence[str], user: str) -> None:
    hosts: list[Host] = []
    try:
        hosts += [Host.start(f"host{number}", mounts, detached=True) for number in range(1, count + 1)]
    except BaseException:
        for host in hosts:
            host.stop()
        raise
    entries = {host.name: host.inventory(user) | {"bed_container": host.container} for host in hosts}
    content = {"all": {"vars": {"bed_gateway": gateway()}, "children": {"bed": {"hosts": entries}}}}
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _down(inventory: Path) -> None:
    if not inventory.exists():
        return
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    for entry in content["all"]["children"]["bed"]["hosts"].values():
        _remove(entry["bed_container"])
    inventory.unlink()


def main() -> None:
    """Start or remove hosts that outlive this command."""
    parser = argparse.ArgumentParser(description="Systemd hosts for molecule.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start hosts and write an inventory (group bed)")
    up.add_argument("count", type=int)
    up.add_argument("--mount", action="append", default=[], metavar="FROM:TO[:ro]")
    up.add_argument("--user", choices=USERS, default="root")
    down = commands.add_parser("down", help="remove the hosts of an inventory, and it")
    for command in (up, down):
        command.add_argument("--inventory", type=Path, required=True)
    args = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    if args.command == "up":
        _up(args.count, args.inventory, args.mount, args.user)
    else:
        _down(args.inventory)


if __name__ == "__main__":
    main()
