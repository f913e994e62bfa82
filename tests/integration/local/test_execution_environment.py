# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: ansible-builder accepts the files, and what it would install. No image is built."""

from __future__ import annotations

import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import yaml

from tests.bed.paths import CHECKOUT, VENV_BIN, link_collection
from tests.conftest import unavailable

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = CHECKOUT / "execution-environment.yml"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def builder(*arguments: str | Path) -> str:
    """What ansible-builder prints."""
    program = VENV_BIN / "ansible-builder"
    if not program.exists():
        unavailable("ansible-builder is missing: make venv")
    done = subprocess.run([program, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_context_has_the_collections_and_what_they_need(tmp_path: Path) -> None:
    builder("create", "--file", DEFINITION, "--context", tmp_path / "context", "--verbosity", "1")
    build = tmp_path / "context/_build"
    collections = {row["name"]: row["version"] for row in load(build / "requirements.yml")["collections"]}
    galaxy = load(CHECKOUT / "galaxy.yml")
    assert galaxy["version"] == "1.0.0", "then the range below, too"
    assert collections == {"condafleet.proxy": ">=1.0.0,<2.0.0", **galaxy["dependencies"]}
    assert "pypsrp" in (build / "requirements.txt").read_text()
    assert "ca-certificates\n" in (build / "bindep.txt").read_text()
    containerfile = (tmp_path / "context/Containerfile").read_text()
    assert f'"{load(DEFINITION)["images"]["base_image"]["name"]}"' in containerfile
    assert "ansible-core~=2.19.0" in containerfile


def test_an_image_of_somebody_else_gets_it_too() -> None:
    """From the meta directory of the collection, which is all that an image that lists the collection looks at."""
    found = yaml.safe_load(builder("introspect", link_collection()))
    ours = "  # from collection condafleet.proxy"
    assert [line for line in found["python"] if line.endswith(ours)] == ["pypsrp>=0.8.0,<1.0.0" + ours]
    assert "ca-certificates" + ours in found["system"]


def test_the_archive_holds_what_builder_and_users_look_for(ansible_env: dict[str, str], tmp_path: Path) -> None:
    command = [str(VENV_BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(tmp_path), str(CHECKOUT)]
    subprocess.run(command, env=ansible_env, check=True, capture_output=True)
    with tarfile.open(tmp_path / "condafleet-proxy-1.0.0.tar.gz") as archive:
        names = set(archive.getnames())
    assert {f"meta/{name}" for name in ("execution-environment.yml", "ee-requirements.txt", "ee-bindep.txt")} <= names
    assert {"execution-environment.yml", "examples/project/ansible.cfg", "examples/project/site.yml"} <= names
    assert "ansible.cfg" not in names
