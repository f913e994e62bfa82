# SPDX-License-Identifier: GPL-3.0-or-later
"""Which conda bases a user has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import NAMES
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases

if TYPE_CHECKING:
    from pathlib import Path


def plant(prefix: Path, records: tuple[str, ...] = ("conda-24.7.1-py311_0.json",), python: str = "3.11") -> Path:
    """A base's files."""
    for folder in ("bin", "conda-meta", f"lib/python{python}/site-packages/conda"):
        (prefix / folder).mkdir(parents=True, exist_ok=True)
    (prefix / "bin/python").touch()
    (prefix / f"lib/python{python}/site-packages/conda/__init__.py").touch()
    for record in records:
        (prefix / "conda-meta" / record).touch()
    conda = prefix / "bin/conda"
    conda.write_text(f"#!{prefix}/bin/python\n")
    conda.chmod(0o755)
    return prefix


def prefixes(home: Path, path: str = "", given: str = "") -> list[str]:
    found = [base.prefix for base in find_bases(str(home), path, given)]
    return [prefix for prefix in found if not prefix.startswith("/opt/")]  # this machine's own


def test_given_alone_counts(tmp_path: Path) -> None:
    plant(tmp_path / "miniconda3")
    base = plant(tmp_path / "mine")
    assert prefixes(tmp_path, "", str(base)) == [str(base)]
    assert prefixes(tmp_path, "", "~/mine") == [str(base)]
    assert prefixes(tmp_path, "", str(tmp_path / "nothing")) == []


@pytest.mark.parametrize("name", [*NAMES, "opt/miniconda3", "opt/anaconda3"])
def test_in_the_home(tmp_path: Path, name: str) -> None:
    base = plant(tmp_path / name)
    assert prefixes(tmp_path) == [str(base)]


def test_on_path_and_each_once(tmp_path: Path) -> None:
    base = plant(tmp_path / "miniconda3")
    (tmp_path / "condabin").mkdir()
    (tmp_path / "condabin/conda").symlink_to(base / "bin/conda")
    path = os.pathsep.join(["", "relative", str(base / "bin"), str(tmp_path / "condabin")])
    assert [base_.found_by for base_ in find_bases(str(tmp_path), path) if base_.prefix == str(base)] == ["PATH"]


def test_conda_of_an_environment_on_path(tmp_path: Path) -> None:
    base = plant(tmp_path / "elsewhere")
    env = tmp_path / "elsewhere/envs/work/bin"
    env.mkdir(parents=True)
    (env / "conda").touch()
    assert prefixes(tmp_path / "home", str(env)) == [str(base)]


@pytest.mark.parametrize("head", ["#!{}/bin/python\n", "#!/bin/sh\n'''exec' \"{}/bin/python\" \"$0\" \"$@\" #'''\n"])
def test_a_script_elsewhere_names_its_base(tmp_path: Path, head: str) -> None:
    base = plant(tmp_path / "with space")
    script = tmp_path / "bin/conda"
    script.parent.mkdir()
    script.write_text(head.format(base))
    assert prefixes(tmp_path / "home", str(script.parent)) == [str(base)]


def test_environments_txt(tmp_path: Path) -> None:
    base = plant(tmp_path / "deep/base")
    (tmp_path / "home/.conda").mkdir(parents=True)
    (tmp_path / "home/.conda/environments.txt").write_text(f"\nrelative\n{base}/envs/work\n{tmp_path}/gone\n")
    assert prefixes(tmp_path / "home") == [str(base)]


@pytest.mark.parametrize(
    "records", [("conda-build-24.1.2-py311_0.json",), ("conda-package-handling-2.2.0-py311_0.json",), ()]
)
def test_an_environment_is_no_base(tmp_path: Path, records: tuple[str, ...]) -> None:
    plant(tmp_path / "miniconda3", records)
    assert prefixes(tmp_path) == []


def test_made_by_pip(tmp_path: Path) -> None:
    base = plant(tmp_path / "miniconda3", ("history",))
    assert prefixes(tmp_path) == [str(base)]
    (base / "bin/conda").unlink()
    assert prefixes(tmp_path) == []


def test_no_python(tmp_path: Path) -> None:
    (plant(tmp_path / "miniconda3") / "bin/python").unlink()
    assert prefixes(tmp_path) == []


def test_python_version(tmp_path: Path) -> None:
    plant(tmp_path / "a", ("conda-24.7.1-py312_0.json", "python-3.12.4-h1_0_cpython.json"))
    plant(tmp_path / "b", python="3.9")
    plant(plant(tmp_path / "c", python="3.9"), python="3.10")
    found = {name: find_bases(str(tmp_path), "", str(tmp_path / name))[0] for name in "abc"}
    assert [found[name].python_version for name in "abc"] == ["3.12.4", "3.9", None]
    assert found["a"].uid == os.getuid()


@pytest.mark.parametrize(
    "place", ["opt/homebrew/Caskroom/miniconda/base", "usr/local/Caskroom/miniforge/base", "opt/x"]
)
def test_where_installers_put_a_base_for_all_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    base = plant(tmp_path / place)
    monkeypatch.setattr(bases, "_MACHINE_PATTERNS", tuple(f"{tmp_path}{one}" for one in bases._MACHINE_PATTERNS))
    assert prefixes(tmp_path / "home") == [str(base)]
