# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of wheels with ansible-core for the hosts' Python, as a company without an index would have it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.bed.environ import download_env
from tests.bed.locks import file_lock
from tests.bed.paths import CACHE, CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

HOST_PYTHON = "3.11"  # of Debian 12
_PINS = CHECKOUT / "requirements/demo.txt"


def build() -> Path:
    """Return the folder, filled once."""
    folder = CACHE / f"wheels-{hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]}"
    with file_lock(folder.with_suffix(".lock")):
        if not folder.exists():
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--dest", str(part)]
            argv += [
                "--only-binary",
                ":all:",
                "--python-version",
                HOST_PYTHON,
                "--constraint",
                str(_PINS),
                "ansible-core",
            ]
            subprocess.run(argv, check=True, env=download_env(), stdin=subprocess.DEVNULL)
            part.rename(folder)
    return folder
