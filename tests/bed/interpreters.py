# SPDX-License-Identifier: GPL-3.0-or-later
"""Other Python versions on this machine, found by running them: a name on PATH may be a shim that only complains.

`python -m tests.bed.interpreters 3.13 3.12` prints the first of these that runs.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path


@functools.cache
def find_interpreter(version: str) -> Path | None:
    """The real executable of Python `version` ("3.8"), or None."""
    names = [shutil.which(f"python{version}"), f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"]
    candidates = [Path(name) for name in names if name] + _from_pyenv(version)
    return next((found for found in map(functools.partial(_real, version), candidates) if found is not None), None)


def _from_pyenv(version: str) -> list[Path]:
    if shutil.which("pyenv") is None:
        return []
    done = subprocess.run(["pyenv", "prefix", version], capture_output=True, text=True, check=False)
    return [Path(done.stdout.strip(), "bin", f"python{version}")] if done.returncode == 0 else []


def _real(version: str, candidate: Path) -> Path | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    try:
        done = subprocess.run(
            [candidate, "-c", code], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
        )
    except OSError:
        return None
    found, executable = [*done.stdout.strip().split(" ", 1), ""][:2]
    return Path(executable) if done.returncode == 0 and found == version else None


def main() -> None:
    """Print the first of the versions that is here, or end with a sentence."""
    found = next(filter(None, map(find_interpreter, sys.argv[1:])), None)
    if found is None:
        sys.exit(f"none of these Python versions runs on this machine: {', '.join(sys.argv[1:])}")
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main()
