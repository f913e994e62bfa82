# SPDX-License-Identifier: GPL-3.0-or-later
"""Light machines with sshd: namespaces over one Debian root, without a container engine.

Each has mounts, processes and a host name of its own, and shares the network of this machine: sshd listens on a port of
127.0.0.1, so servers on loopback are in reach. What it writes lies in memory and is gone with its last process, which
dies with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

from tests.bed import hosts
from tests.bed.ssh import FOLDER, SshMachine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_START_SECONDS = 30
# the mount namespace is private: nothing of it is seen outside, and it goes with the processes
_INIT = r"""
set -e
mount -t tmpfs -o mode=0755 none "$WORK"
mkdir "$WORK/upper" "$WORK/work" "$WORK/root"
mount -t overlay -o "lowerdir=$LAYERS,upperdir=$WORK/upper,workdir=$WORK/work" overlay "$WORK/root"
cd "$WORK/root"
mount -t proc proc proc
mount -t tmpfs -o mode=0755 none dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777 none dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for device in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
    set -- $device
    mknod -m 0666 "dev/$1" c "$2" "$3"
done
mkdir -p run/sshd
eval "$MOUNTS"
hostname "$NAME"
printf "127.0.0.1 localhost %s\n" "$NAME" >etc/hosts
exec chroot . /usr/sbin/sshd -D -e -p "$PORT" -o ListenAddress=127.0.0.1 -o PidFile=none
"""


def missing() -> str | None:
    """A sentence when this machine cannot run light machines, else None."""
    if os.geteuid() != 0:
        return "light machines need root"
    absent = [name for name in ("unshare", "setpriv", "mmdebstrap", "ssh", "ssh-keygen") if shutil.which(name) is None]
    return f"light machines need {', '.join(absent)}" if absent else None


class LightMachine(SshMachine):
    """One running machine. Its users root, ada and bob take `ssh_key`."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        super().__init__(name, "127.0.0.1", port)
        self._process = process
        self._log = log

    @classmethod
    def start(
        cls,
        name: str,
        folder: Path,
        *,
        layers: Sequence[Path] = (),
        mounts: Mapping[str, Path] | None = None,
        shared: Mapping[str, Path] | None = None,
        detached: bool = False,
    ) -> Self:
        """Start a machine. `layers` lie over the Debian root, the first on top; `mounts`: path there -> read-only folder.

        `shared`: path there -> folder that the machine may write, as others may that mount the same one.
        `folder` is empty and its own, for a mount point and the log. `detached` outlives this process, half an hour at most.
        """
        root = hosts.build_root()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mount").mkdir()
        log = folder / "sshd.log"
        port = _free_port()
        binds = [_bind(path, source) for path, source in (shared or {}).items()]
        binds += [
            f"{_bind(path, source)}; mount -o remount,bind,ro .{shlex.quote(path)}"
            for path, source in (mounts or {}).items()
        ]
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "WORK": str(folder / "mount"),
            "LAYERS": ":".join(map(str, [*layers, root])),
            "MOUNTS": "; ".join(binds),
            "NAME": name,
            "PORT": str(port),
        }
        argv = ["timeout", "--signal=KILL", "1800"] if detached else ["setpriv", "--pdeathsig", "KILL"]
        argv += ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork"]
        argv += ["--kill-child", "--propagation", "private", "sh", "-c", _INIT]
        with log.open("wb") as output:
            process = subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        machine = cls(name, port, process, log)
        try:
            machine._wait()
        except BaseException:
            machine.stop()
            raise
        return machine

    @property
    def pid(self) -> int:
        """The leader of the session that holds the machine: `end` takes it."""
        return self._process.pid

    def stop(self) -> None:
        """End all its processes; its files and mounts go with them."""
        if self._process.poll() is None:
            end(self.pid)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as connection:
                if connection.connect_ex((self.address, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text(errors='replace')}")


def end(pid: int) -> None:
    """End the machine of a pid that `LightMachine.pid` gave."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _bind(path: str, source: Path) -> str:
    return f"mkdir -p .{shlex.quote(path)}; mount --bind {shlex.quote(str(source))} .{shlex.quote(path)}"


def copy_homes(folder: Path) -> Path:
    """Fill a folder with the homes of the Debian root's users, their owners and keys: to be shared as `/home`."""
    for source in (hosts.build_root(), keys_layer()):
        subprocess.run(["cp", "-a", f"{source}/home/.", folder], check=True)
    return folder


def keys_layer() -> Path:
    """A layer in which the users of the Debian root take the key of the tests."""
    layer = FOLDER / "keys-layer"
    machine = SshMachine("", "")
    public = machine.ssh_key.with_suffix(".pub").read_bytes()
    root = hosts.build_root()
    for home in ("root", "home/ada", "home/bob"):
        folder = layer / home / ".ssh"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "authorized_keys").write_bytes(public)
        status = (root / home).stat()
        folder.chmod(0o700)
        for path in (layer / home, folder, folder / "authorized_keys"):
            os.chown(path, status.st_uid, status.st_gid)
        (layer / home).chmod(status.st_mode & 0o7777)
    return layer


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
