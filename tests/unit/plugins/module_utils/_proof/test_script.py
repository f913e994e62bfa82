# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's files as one text."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script
from tests.bed.environ import clean_env
from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCES = CHECKOUT / "plugins/module_utils"
ALONE = """
import json, sys
sys.path.insert(0, {payload!r})
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import WithoutConda
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions
options = ProofOptions(without_conda=WithoutConda(channels=("https://nowhere.invalid/x",)))
rows = connectivity.prove(PosixLauncher("/nonexistent"), [], {{}}, options, user="ada")
print(json.dumps([row.result() for row in rows]))
"""


def test_the_program_holds_every_file_of_the_probe() -> None:
    text = script.program(script.PROOF, ProbeInput({"a": "ä"}))
    assert text.isascii()
    files = {path.stem for path in (SOURCES / "_probe").glob("[!_]*.py")} | {"_records"}
    assert set(re.findall(r"(?m)^load\('[\w.]+\.(\w+)', ", text.decode())) == files
    assert len(text) < 100_000


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_out_of_a_zip(version: str, interpreter: Callable[[str], Path], tmp_path: Path) -> None:
    """As a module's payload: the sources are in a zip file and nowhere else."""
    package = "ansible_collections/condafleet/proxy/plugins/module_utils"
    with zipfile.ZipFile(tmp_path / "payload.zip", "w") as archive:
        parts = package.split("/")
        for number in range(len(parts)):
            archive.writestr("/".join(parts[: number + 1]) + "/__init__.py", "")
        for path in SOURCES.rglob("*.py"):
            archive.write(path, f"{package}/{path.relative_to(SOURCES)}")
    code = ALONE.format(payload=str(tmp_path / "payload.zip"))
    done = subprocess.run(
        [interpreter(version), "-I", "-c", code], capture_output=True, text=True, check=True, env=clean_env(tmp_path)
    )
    row = json.loads(done.stdout)[0]
    assert (row["verdict"], row["proxy_verdict"], row["finished_by"]) == ("no_conda", "dns_channel", "completed")
    assert row["python_version"].startswith(version)
