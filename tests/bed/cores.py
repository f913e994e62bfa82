# SPDX-License-Identifier: GPL-3.0-or-later
"""A venv for every supported ansible-core that `.venv` has not, built once from its lock file, then cached.

`python -m tests.bed.cores newest` builds it and prints its path; where no Python for it runs, it says so and ends with 3.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bed.environ import download_env
from tests.bed.interpreters import find_interpreter
from tests.bed.locks import file_lock
from tests.bed.paths import CACHE, CHECKOUT

# what each runs on, the preferred one first
PYTHONS = {"oldest": ("3.11", "3.12", "3.10"), "newest": ("3.13", "3.14", "3.12")}
NO_PYTHON = 3


def missing(core: str) -> str | None:
    """Return a sentence when no Python for this core runs here, else None."""
    if _python(core) is None:
        return f"the {core} ansible-core needs Python {' or '.join(sorted(PYTHONS[core]))}, and none of them runs here"
    return None


def venv(core: str) -> Path:
    """Return a venv with the pins of `requirements/<core>.txt`."""
    python = _python(core)
    if python is None:
        raise FileNotFoundError(missing(core))
    pins = CHECKOUT / f"requirements/{core}.txt"
    key = hashlib.sha256(pins.read_bytes() + str(python).encode()).hexdigest()[:12]
    folder = CACHE / f"core-{core}-{key}"
    with file_lock(folder.with_suffix(".lock")):
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([python, "-m", "venv", folder], check=True)
            argv: list[str | Path] = [
                folder / "bin/python",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "-r",
                pins,
            ]
            subprocess.run(argv, check=True, env=download_env(), stdin=subprocess.DEVNULL)
            (folder / "ready").touch()
    return folder


def _python(core: str) -> Path | None:
    own = ".".join(platform.python_version_tuple()[:2])
    if own in PYTHONS[core]:
        return Path(sys.executable)
    return next(filter(None, map(find_interpreter, PYTHONS[core])), None)


def main() -> None:
    """Print the path of one venv."""
    parser = argparse.ArgumentParser(description="Build a venv with another ansible-core.")
    parser.add_argument("core", choices=PYTHONS)
    core = parser.parse_args().core
    if reason := missing(core):
        sys.stderr.write(f"{reason}\n")
        sys.exit(NO_PYTHON)
    sys.stdout.write(f"{venv(core)}\n")


if __name__ == "__main__":
    main()
