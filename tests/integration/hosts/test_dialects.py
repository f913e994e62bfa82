# SPDX-License-Identifier: GPL-3.0-or-later
"""Every quoter against the real reader: 200 hostile values under 200 names in one file, one start of the reader."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import machine, process
from ansible_collections.condafleet.proxy.plugins.module_utils._targets import dialects
from tests.bed import hostile
from tests.bed.environ import SYSTEM_PATH
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.bed.hosts import Host

COUNT = 200
NAMES = [f"CF_{number:03d}" for number in range(COUNT)]
VALUES = dict(zip(NAMES, hostile.values(COUNT), strict=True))
GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


def split(dialect: str, variables: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What the dialect takes, and what it refuses."""
    taken, refused = {}, {}
    for name, value in variables.items():
        try:
            dialects.render(dialect, {name: value})
        except dialects.Unrepresentable:
            refused[name] = value
        else:
            taken[name] = value
    return taken, refused


def write(folder: Path, dialect: str, variables: Mapping[str, str]) -> Path:
    path = folder / f"variables.{dialect}"
    path.write_text("\n".join([*dialects.render(dialect, variables), ""]), encoding="utf-8")
    return path


def ours(environment: bytes) -> dict[str, str]:
    """Our variables out of an environment with NUL separators."""
    pairs = (item.partition(b"=") for item in environment.split(b"\0") if item.startswith(b"CF_"))
    return {name.decode(): value.decode() for name, _equals, value in pairs}


def run(argv: list[str], **environment: str) -> bytes:
    if shutil.which(argv[0], path=SYSTEM_PATH) is None:
        unavailable(f"{argv[0]} is not installed")
    env = {"PATH": SYSTEM_PATH, "HOME": "/nonexistent", **environment}
    done = subprocess.run(argv, capture_output=True, check=False, env=env, stdin=subprocess.DEVNULL, cwd="/")
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


SHELLS = {
    "sh": ("sh", ["sh", "-c", '. "$0"; exec env -0']),
    "bash": ("sh", ["bash", "--norc", "-c", '. "$0"; exec env -0']),
    "bash interactive": ("sh", ["bash", "--norc", "-i", "-c", '. "$0"; exec env -0']),
    "zsh": ("sh", ["zsh", "-f", "-c", '. "$0"; exec env -0']),
    "zsh with rc_quotes": ("sh", ["zsh", "-f", "-o", "rcquotes", "-c", '. "$0"; exec env -0']),
    "fish": ("fish", ["fish", "--no-config", "-c", "source $argv[1]; exec env -0"]),
    "tcsh": ("csh", ["tcsh", "-f", "-c", "source $argv[1]:q; exec env -0"]),
    "tcsh with backslash_quote": ("csh", ["tcsh", "-f", "-c", "set backslash_quote; source $argv[1]:q; exec env -0"]),
}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("shell", SHELLS)
def test_shells(shell: str, locale: str, tmp_path: Path) -> None:
    dialect, argv = SHELLS[shell]
    taken, refused = split(dialect, VALUES)
    assert not refused
    assert ours(run([*argv, str(write(tmp_path, dialect, taken))], LC_ALL=locale)) == taken


def read_with_pam(path: Path, folder: Path) -> dict[str, str]:
    """Open a session of a service of our own, whose only module is pam_env on this file, and ask for its environment."""
    try:
        pam = ctypes.CDLL("libpam.so.0")
    except OSError:
        unavailable("libpam is not installed")
    folder.joinpath("condafleet-bed").write_text(
        f"session required pam_env.so conffile=/dev/null readenv=1 envfile={path}\n", encoding="utf-8"
    )
    handle = ctypes.c_void_p()
    conversation = (ctypes.c_void_p * 2)()
    started = pam.pam_start_confdir(
        b"condafleet-bed", b"root", ctypes.byref(conversation), os.fsencode(folder), ctypes.byref(handle)
    )
    assert started == 0
    try:
        assert pam.pam_open_session(handle, 0) == 0
        pam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)
        listing = pam.pam_getenvlist(handle)
        found = b""
        for item in listing:
            if item is None:
                break
            found += item + b"\0"
    finally:
        pam.pam_end(handle, 0)
    return ours(found)


def read_with_generator(path: Path, folder: Path) -> dict[str, str]:
    """What systemd's own reader of environment.d makes of the file: it puts what needs it in double quotes."""
    if not Path(GENERATOR).exists():
        unavailable("systemd's generator for environment.d is not installed")
    (folder / "environment.d").mkdir(exist_ok=True)
    shutil.copy(path, folder / "environment.d" / "60-test.conf")
    found = {}
    for line in run([GENERATOR], XDG_CONFIG_HOME=str(folder), LC_ALL="C.UTF-8").decode().split("\n"):
        name, _equals, value = line.partition("=")
        if name.startswith("CF_"):
            found[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    return found


def test_etc_environment_means_the_same_to_pam_and_to_systemd(tmp_path: Path) -> None:
    taken, refused = split("pam_env", VALUES)
    path = write(tmp_path, "pam_env", taken)
    assert read_with_pam(path, tmp_path) == taken
    assert read_with_generator(path, tmp_path) == taken
    assert len(taken) > COUNT / 5
    for value in refused.values():
        assert not value or any(char in value for char in "#$") or ("'" in value and re.search(r'["\\]', value))


@pytest.mark.parametrize("value", ["", "a#b", "a${HOME}b", "a$HOME", "'a\\", "'a\"", " a\"'b "])
def test_what_etc_environment_refuses_has_no_form_that_both_read(value: str, tmp_path: Path) -> None:
    with pytest.raises(dialects.Unrepresentable):
        dialects.render("pam_env", {"CF_X": value})
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    forms = (value, escaped, escaped.replace("$", "$$").replace("#", "\\#"), value.replace("'", "'\\''"))
    for written in (quote + form + quote for form in forms for quote in ("", "'", '"')):
        path = tmp_path / "environment"
        path.write_text(f"CF_X={written}\nCF_Y=end\n", encoding="utf-8")
        wanted = {"CF_X": value, "CF_Y": "end"}
        assert (read_with_pam(path, tmp_path), read_with_generator(path, tmp_path)) != (wanted, wanted)


def test_longest_line_of_etc_environment(tmp_path: Path) -> None:
    fits = {"CF_X": "ä" * 4000 + "x" * (8190 - 8000 - 5), "CF_Y": "end"}
    path = write(tmp_path, "pam_env", fits)
    assert read_with_pam(path, tmp_path) == fits
    assert read_with_generator(path, tmp_path) == fits
    longer = {"CF_X": fits["CF_X"] + "x", "CF_Y": "end"}
    with pytest.raises(dialects.Unrepresentable, match="CF_X is too long"):
        dialects.render("pam_env", longer)
    path.write_text("CF_X={CF_X}\nCF_Y={CF_Y}\n".format(**longer), encoding="utf-8")
    assert read_with_pam(path, tmp_path) != longer


def test_environment_d(tmp_path: Path) -> None:
    taken, refused = split("environment_d", VALUES)
    assert read_with_generator(write(tmp_path, "environment_d", taken), tmp_path) == taken
    assert set(refused.values()) == {""}
    path = tmp_path / "empty.conf"
    path.write_text("CF_X=\nCF_Y=end\n", encoding="utf-8")
    assert read_with_generator(path, tmp_path) == {"CF_Y": "end"}


def test_sudoers(tmp_path: Path) -> None:
    path = write(tmp_path, "sudoers", VALUES)
    path.chmod(0o440)
    run(["visudo", "-cqf", str(path)])


@pytest.mark.parametrize("char", "\ufdd0\ufffe\U0001ffff")
def test_code_points_that_are_no_text_are_too_much_for_systemd(char: str, tmp_path: Path) -> None:
    for dialect in ("environment_d", "systemd_manager"):
        with pytest.raises(dialects.Unrepresentable):
            dialects.render(dialect, {"CF_X": f"a{char}b"})
    (tmp_path / "environment.d").mkdir()
    (tmp_path / "environment.d" / "60-test.conf").write_text(f'CF_X="a{char}b"\n', encoding="utf-8")
    if not Path(GENERATOR).exists():
        unavailable("systemd's generator for environment.d is not installed")
    env = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nonexistent"}
    done = subprocess.run([GENERATOR], capture_output=True, check=False, env=env)  # 252 even crashes
    assert b"CF_X" not in done.stdout


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Iterator[Host]:
    """A booted systemd with sshd."""
    started = start_host("dialects")
    yield started
    started.stop()


def in_service(host: Host, *manager: str, user: str = "root") -> dict[str, str]:
    """Our variables in a service that systemd starts now."""
    run_it = ["systemd-run", *manager, "--quiet", "--wait", "--pipe", "sh", "-c", "env -0 | base64 -w0"]
    command = f"export XDG_RUNTIME_DIR=/run/user/$(id -u); {shlex.join(run_it)}"
    done = host.run(command, user=user)
    return ours(subprocess.run(["base64", "-d"], input=done.stdout.encode(), capture_output=True, check=True).stdout)


@pytest.mark.hosts
def test_systemd_manager(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, refused = split("systemd_manager", VALUES)
    assert not refused
    path = "/etc/systemd/system.conf.d/60-test.conf"
    host.write(path, "\n".join([*dialects.render("systemd_manager", taken), ""]))
    host.run(["systemctl", "daemon-reload"])
    assert in_service(host) == taken
    # and the product's own reading back accepts exactly this
    shown = host.run("LC_ALL=C systemctl show-environment").stdout.strip()
    monkeypatch.setattr(process, "command", lambda _argv: (0, shown))
    machine.PosixMachine(0, environment=taken)._read_back(["systemctl"])
    for name, value in taken.items():
        with pytest.raises(MachineError, match=name):
            machine.PosixMachine(0, environment={name: value + "x"})._read_back(["systemctl"])
    host.run(f"rm {path}; systemctl daemon-reload")


@pytest.mark.hosts
def test_environment_d_in_a_users_systemd(host: Host) -> None:
    taken = split("environment_d", VALUES)[0]
    host.write("/etc/environment.d/60-test.conf", "\n".join([*dialects.render("environment_d", taken), ""]))
    host.run(["loginctl", "enable-linger", "ada"])
    host.run("systemctl start user@$(id -u ada).service")
    assert in_service(host, "--user", user="ada") == taken
    host.run(["rm", "/etc/environment.d/60-test.conf"])


@pytest.mark.hosts
def test_etc_environment_over_ssh_su_sudo_and_in_a_users_systemd(host: Host) -> None:
    taken = split("pam_env", VALUES)[0]
    host.write("/etc/environment", "\n".join([*dialects.render("pam_env", taken), ""]))
    host.write("/etc/sudoers.d/keep", "\n".join([*dialects.render("sudoers", taken), ""]), mode="0440")
    dump = "env -0 | base64 -w0"
    for user, command in (("ada", dump), ("ada", f"sudo sh -c '{dump}'"), ("root", f"su ada -c '{dump}'")):
        shown = host.run(command, user=user).stdout
        decoded = subprocess.run(["base64", "-d"], input=shown.encode(), capture_output=True, check=True).stdout
        assert ours(decoded) == taken
    host.run(["loginctl", "enable-linger", "bob"])
    host.run("systemctl start user@$(id -u bob).service")
    assert in_service(host, "--user", user="bob") == taken
    host.run("> /etc/environment")
