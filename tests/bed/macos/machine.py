# SPDX-License-Identifier: GPL-3.0-or-later
"""A light machine that looks like a Mac where the collection could notice: the Darwin column runs on it for real.

Its files lie as on macOS (`/private/etc` behind `/etc`, `/Users`, `/Library`), the shells are Debian's zsh, bash, fish and
tcsh, Python behaves as on macOS (sitecustomize.py), and launchctl, scutil and security are stand-ins. It has no PAM
environment, nobody is -2, and one user is in 19 groups. What it does not show stands in docs/macos.md.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.bed import hosts
from tests.bed.light import LightMachine
from tests.bed.locks import file_lock
from tests.bed.ssh import FOLDER, SshMachine
from tests.bed.tree import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = Path(__file__).parent
USERS = {
    "ada": (501, "/bin/bash"),
    "bob": (502, "/bin/zsh"),
    "eve": (503, "/bin/tcsh"),
    "fay": (504, "/opt/homebrew/bin/fish"),
}
_GROUPS = "".join(f"many{number}:x:{700 + number}:ada\n" for number in range(18))
# as on macOS 15, in other words: path_helper makes PATH, bash reads its own file
_PROFILE = """\
if [ -x /usr/libexec/path_helper ]; then
    eval "$(/usr/libexec/path_helper -s)"
fi
if [ "${BASH-no}" != no ] && [ -r /etc/bashrc ]; then
    . /etc/bashrc
fi
"""
_BASHRC = """\
if [ -z "$PS1" ]; then
    return
fi
PS1='\\h:\\W \\u\\$ '
"""
_FILES: Mapping[str, str] = {
    "profile": _PROFILE,
    "bashrc": _BASHRC,
    "zprofile": 'if [ -x /usr/libexec/path_helper ]; then\n    eval "$(/usr/libexec/path_helper -s)"\nfi\n',
    "zshrc": "disable log\n",
    "csh.cshrc": "",
    "csh.login": "",
    "sudoers": (
        'Defaults env_reset\nDefaults env_keep += "HOME MAIL"\nroot ALL = (ALL) ALL\nada ALL = (ALL) NOPASSWD: ALL\n'
        "@includedir /private/etc/sudoers.d\n"
    ),
    "hosts": "127.0.0.1 localhost Condafleet-Mac.local\n",
    "paths": "/usr/local/bin\n/usr/bin\n/bin\n/usr/sbin\n/sbin\n",
    "ssh/sshd_config": (
        "UsePAM no\nPrintMotd no\nSetEnv PATH=/usr/bin:/bin:/usr/sbin:/sbin\n"
        "Subsystem sftp /usr/lib/openssh/sftp-server\n"
    ),
}
_PATH_HELPER = """#!/bin/sh
printf 'PATH="%s"; export PATH;\\n' "$(paste -sd: /etc/paths)"
"""


class MacMachine(LightMachine):
    """One running machine of this kind."""

    @classmethod
    def boot(cls, name: str, folder: Path, mounts: Mapping[str, Path] | None = None, *, detached: bool = False) -> Self:
        """Start one; see LightMachine.start."""
        return cls.start(name, folder, layers=[_layer()], mounts=mounts, detached=detached)

    def login(self, user: str) -> None:
        """Log a user in at the screen: launchd starts the agents."""
        self.run(["/usr/libexec/session", "login", str(USERS[user][0])])

    def logout(self, user: str) -> None:
        """End the session at the screen."""
        self.run(["/usr/libexec/session", "logout", str(USERS[user][0])])

    def from_the_dock(self, user: str) -> dict[str, str]:
        """The environment of a program that a user opens from the Dock."""
        done = self.run(["/usr/libexec/session", "open", str(USERS[user][0]), "/usr/bin/env"])
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, _equals, value in pairs}

    def fingerprint(self) -> dict[str, str]:
        """What the collection could touch, by other means than its own."""
        return fingerprint(self, ("/private/etc", "/Library", "/opt/homebrew", "/Users", "/private/var/root"))

    def programs(self) -> list[dict[str, Any]]:
        """What processes of the collection started since the last call; an entry with `error` is one that may not be."""
        log = "/private/var/standin/programs.log"
        text = self.run(f"cat {log} 2>/dev/null; rm -f {log}").stdout
        return [json.loads(line) for line in text.splitlines()]

    def inventory(self, user: str = "root") -> dict[str, Any]:
        """Ansible's variables for this machine; it answers with an interpreter that root owns."""
        return {**super().inventory(user), "ansible_python_interpreter": "/usr/bin/python3"}


def _layer() -> Path:
    """The files of a Mac, as a layer over the Debian root."""
    root = hosts.build_root()
    sources = b"".join(path.read_bytes() for path in sorted(_HERE.iterdir()) if path.is_file())
    layer = FOLDER / f"mac-{hashlib.sha256(sources + root.name.encode()).hexdigest()[:12]}"
    with file_lock(FOLDER / "mac.lock"):
        if not layer.exists():
            part = layer.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            _build(part, root)
            part.rename(layer)
    return layer


def _build(layer: Path, root: Path) -> None:
    etc = layer / "private/etc"
    shutil.copytree(root / "etc", etc, symlinks=True)
    for name in ("etc", "var", "tmp"):
        (layer / name).symlink_to(f"private/{name}")
    for name in ("profile.d", "zsh", "fish", "environment.d", "sudoers.d", "ssh/sshd_config.d"):
        shutil.rmtree(etc / name, ignore_errors=True)
    for name in ("bash.bashrc", "environment", "login.defs", "csh.cshrc", "csh.login"):
        (etc / name).unlink(missing_ok=True)
    # where Debian's builds look for what Apple's and Homebrew's look for elsewhere
    (etc / "zsh").symlink_to(".")
    (etc / "fish").symlink_to("/opt/homebrew/etc/fish")
    (etc / "sudoers.d").mkdir(mode=0o755)
    shutil.copyfile(etc / "ssl/certs/ca-certificates.crt", etc / "ssl/cert.pem")
    shutil.rmtree(etc / "ssl/certs")
    for name, text in _FILES.items():
        (etc / name).write_text(text, encoding="utf-8")
    (etc / "sudoers").chmod(0o440)
    for name in ("profile", "bashrc", "zprofile", "zshrc"):
        (etc / name).chmod(0o444)
    _accounts(etc, layer)
    for folder in (
        "Library/LaunchAgents", "Library/LaunchDaemons", "Library/Application Support", "Library/Keychains", "opt/homebrew/bin",
        "opt/homebrew/etc/fish/conf.d", "private/var/db", "private/var/empty", "private/var/lib", "private/var/log",
        "private/var/spool/cron/crontabs", "private/var/standin/keychains", "private/tmp", "usr/libexec",
    ):  # fmt: skip
        (layer / folder).mkdir(parents=True, exist_ok=True)
    (layer / "private/tmp").chmod(0o1777)
    (layer / "private/var/run").symlink_to("/run")
    (layer / "opt/homebrew/bin/fish").symlink_to("/usr/bin/fish")
    _stand_ins(layer)


def _accounts(etc: Path, layer: Path) -> None:
    public = SshMachine("", "").ssh_key.with_suffix(".pub").read_bytes()
    kept = [line for line in (etc / "passwd").read_text().splitlines() if line.split(":")[0] in ("daemon", "sshd")]
    homes: list[tuple[str, int, int]] = [("private/var/root", 0, 0)]
    lines = [
        "root:x:0:0:System Administrator:/var/root:/bin/sh",
        "nobody:x:4294967294:4294967294::/var/empty:/bin/false",
    ]
    for name, (uid, shell) in USERS.items():
        lines.append(f"{name}:x:{uid}:20:{name}:/Users/{name}:{shell}")
        homes.append((f"Users/{name}", uid, 20))
    (etc / "passwd").write_text("\n".join([*lines, *kept]) + "\n")
    names = [line.split(":")[0] for line in [*lines, *kept]]
    (etc / "shadow").write_text("".join(f"{name}:*:19000:0:99999:7:::\n" for name in names))
    (etc / "group").write_text(
        f"wheel:x:0:\ndaemon:x:1:\nstaff:x:20:\nadmin:x:80:ada\nnogroup:x:65534:\nnobody:x:4294967294:\n{_GROUPS}"
    )
    for home, uid, gid in homes:
        keys = layer / home / ".ssh/authorized_keys"
        keys.parent.mkdir(parents=True)
        keys.write_bytes(public)
        keys.parent.chmod(0o700)
        for path in (layer / home, keys.parent, keys):
            shutil.chown(path, uid, gid)


def _stand_ins(layer: Path) -> None:
    scripts = {
        "launchd.py": ("usr/bin/launchctl", "usr/libexec/session"),
        "scutil.py": ("usr/sbin/scutil",),
        "security.py": ("usr/bin/security",),
    }
    for source, targets in scripts.items():
        for target in targets:
            (layer / target).parent.mkdir(parents=True, exist_ok=True)
            program = (_HERE / source).read_text(encoding="utf-8")
            (layer / target).write_text(f"#!/usr/bin/python3 -IS\n{program}", encoding="utf-8")
            (layer / target).chmod(0o755)
    helper = layer / "usr/libexec/path_helper"
    helper.write_text(_PATH_HELPER)
    helper.chmod(0o755)
    version = layer / "usr/bin/sw_vers"
    version.write_text("#!/bin/sh\necho 15.5\n")
    version.chmod(0o755)
    standin = layer / "private/var/standin"
    standin.chmod(0o1777)
    (standin / "launchd.json").write_text("{}")
    (standin / "launchd.json").chmod(0o666)
    shutil.copyfile(_HERE / "programs.json", standin / "programs.json")
    library = layer / "usr/lib/python3.11"
    library.mkdir(parents=True)
    shutil.copyfile(_HERE / "sitecustomize.py", library / "sitecustomize.py")


class RealMac(MacMachine):
    """A Mac that was prepared by .github/workflows/macos-unrun.yml: sshd takes the key for root and for the users.

    Nobody can log in at its screen, so a test that needs a session there is skipped.
    """

    def __init__(self) -> None:
        self.name, self.address, self.port = "mac1", "127.0.0.1", 22
        self.ssh_key = SshMachine("", "").ssh_key

    def stop(self) -> None:
        """Leave it as it is: `remove` has been played."""

    def login(self, user: str) -> None:
        pytest.skip(f"nobody logs {user} in at the screen of this Mac")

    def from_the_dock(self, user: str) -> dict[str, str]:
        pytest.skip(f"{user} has no session at the screen of this Mac")

    def programs(self) -> list[dict[str, Any]]:
        return []

    def inventory(self, user: str = "root") -> dict[str, Any]:
        return {**SshMachine.inventory(self, user), "ansible_python_interpreter": "/opt/miniconda3/bin/python"}
