# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as a release left them: tests/fixtures/RELEASE/NAME, made by tests/tools/record-state.

`manifest.json` has `settings` (the variables of the run that wrote it), `before` and `after` (the machine without us and
as it was left). Their rows name `path`, `kind` (file, folder, key of a registry), `mode` and `owner` (on Windows the
permissions in its own terms), and of a file the `content`, the name of a plain file beside the manifest. `control` holds
what lay beside the inventory. What differs from machine to machine stands as a word in @ in the state of a home.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import os
import platform
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bed.hosts import Host
    from tests.bed.windows import WindowsStandIn

    Json = dict[str, Any]

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
RELEASES = tuple(sorted(path.name for path in FIXTURES.iterdir())) if FIXTURES.is_dir() else ()
STATE = ".local/state/condafleet"  # in a home


class Released:
    """One fixture; `before` and `after` are the two machines that can be laid out."""

    def __init__(self, release: str, name: str) -> None:
        self.folder = FIXTURES / release / name
        manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        self.before: list[Json] = manifest["before"]
        self.after: list[Json] = manifest["after"]
        self._settings: Json = manifest["settings"]

    def settings(self, inventory: Path) -> Json:
        """The recorded variables; the files that they name are put beside the inventory, into the folder `inventory`.

        Without the prefix: once it could name a place without conda.
        """
        control = self.folder / "control"
        for path in control.iterdir() if control.is_dir() else ():
            shutil.copyfile(path, inventory / path.name)
        return {name: value for name, value in copy.deepcopy(self._settings).items() if name != "conda_proxy_prefix"}

    def content(self, row: Json) -> bytes:
        """A file's bytes."""
        return Path(self.folder, row["content"]).read_bytes()

    def in_folder(self, rows: list[Json], home: Path) -> None:
        """Lay out a home, which is made; all in it belongs to whoever runs this."""
        home.mkdir(mode=0o755)
        for row in rows:
            path = home / row["path"]
            if row["kind"] == "folder":
                path.mkdir()
            else:
                data = self.content(row)
                path.write_bytes(filled(data, home) if is_state(row["path"]) else data)
            path.chmod(int(row["mode"], 8))

    def on_host(self, rows: list[Json], host: Host) -> None:
        """Lay out files on a host over what is there, in one go."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for row in rows:
                entry = tarfile.TarInfo(row["path"].lstrip("/"))
                entry.mode, entry.uname, entry.gname = int(row["mode"], 8), row["owner"], row["owner"]
                data = b""
                if row["kind"] == "folder":
                    entry.type = tarfile.DIRTYPE
                else:
                    data = self.content(row)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        unpack = "base64 --decode | tar --extract --preserve-permissions --directory / && systemctl daemon-reload"
        host.run(unpack, stdin=base64.b64encode(packed.getvalue()).decode())

    def on_windows(self, rows: list[Json], machine: WindowsStandIn) -> None:
        """Lay out files, their permissions and keys on a stand-in."""
        with machine.machine() as model:
            for row in rows:
                low = row["path"].lower()
                if row["kind"] == "key":
                    model.state["registry"][low] = {"path": row["path"], "values": row["values"]}
                    continue
                node = model.new_node(row["path"], folder=row["kind"] == "folder", owner=row["owner"])
                node.update(row["access"])
                if row["kind"] == "file":
                    node["data"] = base64.b64encode(self.content(row)).decode()
                model.state["files"][low] = node


def in_home(home: Path) -> dict[str, tuple[str, str, bytes]]:
    """All below a home by its name: kind, mode, bytes."""
    found = {}
    for path in sorted(home.rglob("*")):
        kind = "folder" if path.is_dir() else "file"
        mode = f"{path.stat().st_mode & 0o7777:04o}"
        found[path.relative_to(home).as_posix()] = (kind, mode, path.read_bytes() if kind == "file" else b"")
    return found


def is_state(path: str) -> bool:
    """Is this file, named from the home, our own record?"""
    return path.startswith(f"{STATE}/")


def _words(home: Path) -> list[tuple[str, str]]:
    return [
        (f'"{home}', '"@HOME@'),
        (f'"host": "{platform.node()}"', '"host": "@HOST@"'),
        (f'"uid": {os.getuid()}\n', '"uid": "@UID@"\n'),
        (f'"gid": {os.getgid()},', '"gid": "@GID@",'),
    ]


def filled(data: bytes, home: Path) -> bytes:
    """A state with the names and numbers of this machine."""
    for here, word in _words(home):
        data = data.replace(word.encode(), here.encode())
    return data


def emptied(data: bytes, home: Path) -> bytes:
    """The state that `filled` fills."""
    for here, word in _words(home):
        data = data.replace(here.encode(), word.encode())
    assert str(home).encode() not in data, "the home is in a place that is not known here"
    return data
