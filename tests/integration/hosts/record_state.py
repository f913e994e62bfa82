# SPDX-License-Identifier: GPL-3.0-or-later
"""Records a release's fixtures; started by tests/tools/record-state alone. The machines are described here."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bed import released
from tests.bed.authority import Authority
from tests.bed.play import LOCAL, Player
from tests.bed.tree import EVERYTHING, fingerprint
from tests.bed.windows import MACHINE_ENVIRONMENT, USER_ENVIRONMENT, WindowsStandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.bed.hosts import Host
    from tests.integration.conftest import HostFactory

    Json = dict[str, Any]

RELEASE = released.FIXTURES / os.environ["RECORD_AS"]
PASSWORD = "p\u00e4:@/#?%\"'\\$ `\u00fc%40;\u00df"
NETRC_PASSWORD = "s3cr;t#%40$'x\"@:/"  # what every parser reads alike
SETTINGS: Json = {
    "conda_proxy_http": "http://proxy.example.com:8080",
    "conda_proxy_username": "ada",
    "conda_proxy_password": PASSWORD,
    "conda_proxy_no_proxy": ["localhost", "127.0.0.1", "::1", ".example.org"],
    "conda_proxy_channels": ["https://mirror.example.com/main", "conda-forge"],
    "conda_proxy_custom_channels": {"team": "https://mirror.example.com/team"},
    "conda_proxy_remote_max_retries": 5,
    "conda_proxy_verify": "none",
}
# The interpreter of a run that ends like a machine without power: no handler of ours runs, what is written stays.
KILLER = """
import os, signal, sys

module, left = os.getpid(), int(os.environ["KILLED_AT"])


def hook(event, _arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left == 0:
            for process in (module, os.getpid()):
                os.kill(process, signal.SIGKILL)


sys.addaudithook(hook)
"""


def killer(folder: str, python: str, rename: int) -> dict[str, str]:
    """The files of an interpreter that is killed when it is about to rename a file for the given time."""
    script = f'#!/bin/sh\nKILLED_AT={rename} PYTHONPATH={folder} exec {python} "$@"\n'
    return {f"{folder}/sitecustomize.py": KILLER, f"{folder}/python": script}


def netrc(*passwords: str) -> list[Json]:
    names = ("mirror.example.com", "other.example.com")
    return [{"machine": name, "login": "ada", "password": word} for name, word in zip(names, passwords, strict=False)]


def save(name: str, settings: Json, before: list[Json], after: list[Json]) -> None:
    """`content` of a row has the bytes here. What linters would take for text of ours gets another name."""
    folder = RELEASE / name
    shutil.rmtree(folder, ignore_errors=True)
    manifest: Json = {"settings": settings, "before": before, "after": after}
    for moment in ("before", "after"):
        for row in manifest[moment]:
            if "content" in row:
                data = row["content"]
                place = row["path"].replace(":\\", "/").replace("\\", "/").lstrip("/")
                row["content"] = f"{moment}/{place}" + (".bin" if b"\r" in data or place.endswith(".sh") else "")
                (folder / row["content"]).parent.mkdir(parents=True, exist_ok=True)
                (folder / row["content"]).write_bytes(data)
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def assert_half(state: bytes, changed: Iterable[str]) -> None:
    """The journal is there, and some of its files are new and some are old."""
    paths = {change["path"] for change in json.loads(state)["journal"]["changes"]}
    assert paths & set(changed)
    assert paths - set(changed)


# --- a home

HOME_CONDARC = """# mine since 2019
channels:  # the old mirror
  - http://old.example.com/main
  - defaults
always_yes: true

# \u00fcber alles
envs_dirs: [~/envs, /data/envs]
proxy_servers: {http: 'http://old:1'}
"""
HOME_FILES: dict[str, tuple[str, int]] = {
    ".condarc": (HOME_CONDARC, 0o644),
    ".bashrc": ("# interactive only\ncase $- in *i*) ;; *) return;; esac\nalias ll='ls -l'\n", 0o640),
    ".profile": ("PATH=$HOME/bin:$PATH\r\n# no end of line here", 0o644),
    ".netrc": ("# by hand\nmachine git.example.com\n  login me password p1\ndefault login x password y\n", 0o600),
    "miniconda3/bin/python": ("", 0o755),  # its record says how its parser reads a netrc
    "miniconda3/conda-meta/conda-24.7.1-py311h06a4308_0.json": ("{}\n", 0o644),
    "miniconda3/conda-meta/python-3.11.9-h955ad1f_0.json": ("{}\n", 0o644),
}


def home_rows(home: Path) -> list[Json]:
    rows: list[Json] = []
    for path, (kind, mode, data) in released.in_home(home).items():
        rows.append({"path": path, "kind": kind, "mode": mode, "owner": "whoever runs the test"})
        if kind == "file":
            rows[-1]["content"] = released.emptied(data, home) if released.is_state(path) else data
    return rows


def test_user(ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    settings = SETTINGS | {
        "conda_proxy_scope": "user",
        "conda_proxy_sections": ["condarc", "environment", "netrc"],
        "conda_proxy_environment_targets": ["profile", "bashrc"],  # which need no program on the machine
        "conda_proxy_netrc": netrc(NETRC_PASSWORD, PASSWORD),
        "conda_proxy_prefix": "~/miniconda3",
    }
    for path, text in killer(str(tmp_path / "killer"), sys.executable, 4).items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
        Path(path).chmod(0o755)
    for name, python in (("user", sys.executable), ("user_interrupted", str(tmp_path / "killer/python"))):
        home = tmp_path / name
        for path, (text, mode) in HOME_FILES.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_bytes(text.encode())
            (home / path).chmod(mode)
        before, old = home_rows(home), released.in_home(home)
        host = LOCAL | {"ansible_python_interpreter": python}
        player = Player(ansible_run, tmp_path, {"here": host}, settings | {"conda_proxy_home": str(home)})
        played = player.play("site")
        assert (played.returncode == 0) == (name == "user"), played.output
        if name != "user":
            now = released.in_home(home)
            changed = [str(home / path) for path in now if now[path] != old.get(path)]
            assert_half((home / released.STATE / "state.json").read_bytes(), changed)
        save(name, settings, before, home_rows(home))


# --- a host

HOST_FILES: dict[str, tuple[str, str, str]] = {
    "/etc/conda/.condarc": (
        "# ours since 2019\nchannels:\n  - old\nalways_yes: false # keep\n#ssl_verify: false\nssl_verify: /etc/old.pem\n",
        "0640",
        "root",
    ),
    "/etc/environment": ("TZ=UTC", "0644", "root"),
    "/home/ada/.netrc": ("# my own\nmachine other.example.net login me password mine\n", "0644", "ada"),
}
STATE = "/var/lib/condafleet/state.json"


def test_system(ansible_run: Callable[..., Any], start_host: HostFactory, tmp_path: Path) -> None:
    host, untouched = start_host("host1"), start_host("untouched")
    company, *roots = (Authority(tmp_path / name, name).pem.read_text() for name in ("Company", "Root 1", "Root 2"))
    (tmp_path / "company-ca.pem").write_text(company)
    settings = SETTINGS | {
        "conda_proxy_scope": "system",
        "conda_proxy_users": ["ada", "bob"],
        "conda_proxy_sections": ["condarc", "environment", "netrc"],
        "conda_proxy_environment_targets": EVERYTHING,
        "conda_proxy_netrc": netrc(NETRC_PASSWORD),
        "conda_proxy_password_exposure": "allow",
        "conda_proxy_ca_bundle_src": "company-ca.pem",
        "conda_proxy_lock": True,
    }
    files = HOST_FILES | {"/etc/ssl/certs/ca-certificates.crt": ("".join(roots), "0644", "root")}
    for path, (text, mode, owner) in files.items():
        host.write(path, text, mode, owner)
        untouched.write(path, text, mode, owner)
    for path, text in killer("/opt/killer", "/usr/bin/python3", 6).items():
        host.write(path, text, "0755")
    old = last = fingerprint(host)
    rotated = settings | {"conda_proxy_password": "rotated " + PASSWORD}
    fixtures = (("system", settings, "/usr/bin/python3"), ("system_interrupted", rotated, "/opt/killer/python"))
    for name, variables, python in fixtures:
        inventory = host.inventory() | {"ansible_python_interpreter": python}
        played = Player(ansible_run, tmp_path, {"host1": inventory}, variables).play("site")
        assert (played.returncode == 0) == (name == "system"), played.output
        now = fingerprint(host)
        if name != "system":
            assert_half(host.read(STATE).encode(), [path for path in now if now[path] != last.get(path)])
        assert set(old) <= set(now)
        touched = {path for path in now if now[path] != old.get(path)} | set(files)
        save(name, variables, host_rows(untouched, touched), host_rows(host, touched))
        (RELEASE / name / "control").mkdir()
        (RELEASE / name / "control/company-ca.pem").write_text(company)
        last = now


def host_rows(host: Host, paths: Iterable[str]) -> list[Json]:
    rows: list[Json] = []
    now = fingerprint(host)
    users = dict(line.split(":")[2::-2] for line in host.run("getent passwd").stdout.splitlines())
    for path in sorted(set(paths) & set(now)):
        kind, mode, owner = now[path].split()[:3]
        kind = {"d": "folder", "f": "file"}[kind]
        rows.append({"path": path, "kind": kind, "mode": f"{int(mode, 8):04o}", "owner": users[owner.split(":")[0]]})
        if kind == "file":
            rows[-1]["content"] = base64.b64decode(host.run(["base64", path]).stdout)
    return rows


# --- Windows

WINDOWS_HOME = "C:\\Users\\Ada"
BASE = "C:\\ProgramData\\miniconda3"


def windows_rows(seen: Json, other: Json) -> list[Json]:
    """What is in one snapshot and not the same in another."""
    rows: list[Json] = []
    for low, key in seen["registry"].items():
        if key != other["registry"].get(low):
            rows.append({"path": key["path"], "kind": "key", "values": key["values"]})
    for low, node in seen["files"].items():
        if node != other["files"].get(low):
            kind = "folder" if node["folder"] else "file"
            access = {name: node[name] for name in ("attributes", "protected", "explicit", "inherited")}
            rows.append({"path": node["path"], "kind": kind, "owner": node["owner"], "access": access})
            if kind == "file":
                rows[-1]["content"] = base64.b64decode(node["data"])
    return rows


def test_windows(ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    base = SETTINGS | {"conda_proxy_become": False}  # the stand-in's shell has a name of its own
    system = base | {"conda_proxy_scope": "system", "conda_proxy_password_exposure": "allow", "conda_proxy_lock": True}
    user = base | {
        "conda_proxy_scope": "user",
        "conda_proxy_sections": ["condarc", "environment", "netrc"],
        "conda_proxy_netrc": netrc(NETRC_PASSWORD, PASSWORD),
    }
    for name, settings, cut in (
        ("system", system, None),
        ("system_interrupted", system, 30),
        ("user", user, None),
    ):
        machine = WindowsStandIn(tmp_path / name)
        fresh = machine.snapshot()
        machine.write("C:\\ProgramData\\conda\\.condarc", b"# theirs\r\nalways_yes: true\r\nchannels: [old]\r\n")
        machine.write(WINDOWS_HOME + "\\.condarc", b"channels:\n  - old # mine\nalways_yes: true")
        machine.write(WINDOWS_HOME + "\\_netrc", b"machine other login x password y\r\n")
        machine.set_value(MACHINE_ENVIRONMENT, "Http_Proxy", "expandstring", "http://%OLD%:1")
        machine.set_value(USER_ENVIRONMENT, "https_proxy", "string", "http://old:1")
        machine.write(BASE + "\\Scripts\\conda.exe", b"MZ")
        machine.write(BASE + "\\conda-meta\\python-3.11.9-h1234567_0.json", b"{}")
        seeded = machine.snapshot()
        if cut:
            machine.faults(cut_after=machine.mark() + cut)
        player = Player(ansible_run, tmp_path, {"pc": machine.host_vars()}, settings, machine.env())
        played = player.play("site")
        assert (played.returncode == 0) == (not cut), played.output
        now = machine.snapshot()
        # a lease is over after 30 minutes; until then docs/windows.md says to remove it
        now["files"] = {low: node for low, node in now["files"].items() if "\\condafleet\\lock" not in low}
        after = windows_rows(now, fresh)
        if cut:
            (state,) = (row["content"] for row in after if row["path"].endswith("\\condafleet\\state.json"))
            changed = [row["path"] for row in windows_rows(now, seeded)]
            changed += [
                f"{key['path']}\\{value['name']}".replace("\\", ":\\", 1)
                for low, key in now["registry"].items()
                for value in key["values"].values()
                if value not in seeded["registry"].get(low, {"values": {}})["values"].values()
            ]
            assert_half(state, changed)
        save(f"windows/{name}", settings, windows_rows(seeded, fresh), after)
