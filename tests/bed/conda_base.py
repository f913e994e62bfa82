# SPDX-License-Identifier: GPL-3.0-or-later
"""Real conda bases out of the package index: a venv that holds the conda which conda-lock carries.

`python -m tests.bed.conda_base 24.7.1 TARGET [--python PYTHON] [--prefix PREFIX]`
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bed.environ import clean_env, download_env
from tests.bed.locks import file_lock
from tests.bed.paths import CACHE

if TYPE_CHECKING:
    import os

VERSIONS = ("24.7.1", "22.9.0")
_PYSOCKS = "PySocks==1.7.1"
HOST_PYTHON = "/usr/bin/python3"  # a base of this Python also runs inside the systemd hosts
HOST_PREFIX = "/opt/conda"

_CONDA_SCRIPT = """#!{python}
import os
import sys

# the only solvers that come with this base
os.environ.setdefault("CONDA_SOLVER", "classic")
os.environ.setdefault("CONDA_SAT_SOLVER", "pysat")
if __name__ == "__main__":  # conda starts itself again to look for a graphics card
    from conda.cli import main

    sys.exit(main())
"""

# conda 24.7.1 uses two private functions of logging that Python 3.13 no longer has
_LOGGING_3_13 = (
    "import logging; logging._acquireLock, logging._releaseLock = logging._lock.acquire, logging._lock.release\n"
)


def pins(version: str) -> Path:
    """The locked requirements of one conda version."""
    return Path(__file__).with_name(f"conda-{version}.txt")


def build(
    version: str = "24.7.1",
    python: str | os.PathLike[str] = sys.executable,
    target: str | os.PathLike[str] | None = None,
    prefix: str | os.PathLike[str] | None = None,
) -> Path:
    """Return a base with `bin/conda`: the cached one, or its copy at `target`.

    `prefix` is where the copy will be seen when that is not `target` (a mount inside a host).
    """
    cached = _cached(version, Path(python))
    if target is None:
        return cached
    target = Path(target).absolute()
    if target.exists():
        raise FileExistsError(f"{target} exists; a base is built into a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(cached, target, symlinks=True)
    _write_conda(target, Path(prefix) if prefix is not None else target)
    return target


def build_with_pysocks(version: str = "24.7.1", python: str | os.PathLike[str] = sys.executable) -> Path:
    """A cached base that can use SOCKS proxies: a venv of its own, with PySocks beside the packages of the one without."""
    under = _cached(version, Path(python)).resolve()
    base = under.with_name(f"{under.name}-{_PYSOCKS.replace('==', '-')}")
    with file_lock(base.with_name(base.name + ".lock")):
        if not (base / "conda-meta" / "history").exists():
            shutil.rmtree(base, ignore_errors=True)
            subprocess.run([under / "bin/python", "-m", "venv", "--without-pip", base], check=True)
            site = next(base.glob("lib/python3*/site-packages"))
            _pip(under, "--no-deps", "--target", site, _PYSOCKS)
            for entry in next(under.glob("lib/python3*/site-packages")).iterdir():
                if not (site / entry.name).exists():
                    (site / entry.name).symlink_to(entry)
            _write_conda(base, base)
            (base / "conda-meta").mkdir()
            (base / "conda-meta/history").touch()
    return base


def host_python_missing() -> str | None:
    """A sentence when this machine has not the Python that the hosts have, else None."""
    if not Path(HOST_PYTHON).exists() or not _version_of(Path(HOST_PYTHON)).startswith("3.11."):
        return f"the hosts' conda is built with Debian 12's Python 3.11 at {HOST_PYTHON}"
    return None


def build_for_hosts(version: str = "24.7.1") -> Path:
    """A cached base to be mounted read-only at `HOST_PREFIX` in a systemd host."""
    key = _key(version, _version_of(Path(HOST_PYTHON)), pins(version))
    target = CACHE / "conda-hosts" / key
    with file_lock(target.with_name(target.name + ".lock")):
        if not (target / "conda-meta" / "history").exists():
            shutil.rmtree(target, ignore_errors=True)
            build(version, HOST_PYTHON, target, HOST_PREFIX)
    return target


def _cached(version: str, python: Path) -> Path:
    if version not in VERSIONS:
        raise ValueError(f"conda {version} is not one of {', '.join(VERSIONS)}")
    base = CACHE / "conda" / _key(version, _version_of(python), pins(version))
    with file_lock(base.with_name(base.name + ".lock")):
        if not (base / "conda-meta" / "history").exists():  # written last
            shutil.rmtree(base, ignore_errors=True)
            _install(base, version, python)
    return base


def _version_of(python: Path) -> str:
    code = (
        "import sys; print('%d.%d.%d %s' % (*sys.version_info[:3], getattr(sys, '_base_executable', sys.executable)))"
    )
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _key(version: str, python: str, requirements: Path) -> str:
    digest = hashlib.sha256(python.encode() + requirements.read_bytes() + _CONDA_SCRIPT.encode())
    return f"{version}-py{python.split(maxsplit=1)[0]}-{digest.hexdigest()[:12]}"


def _install(base: Path, version: str, python: Path) -> None:
    base.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="conda-home-") as home:
        subprocess.run([python, "-m", "venv", base], check=True, env=download_env() | {"HOME": home})
    _pip(base, "-r", pins(version))
    site = next(base.glob("lib/python3*/site-packages"))
    (site / "conda").symlink_to("conda_lock/_vendor/conda")
    if not (site / "conda_lock/vendor").exists():
        (site / "conda_lock/vendor").symlink_to("_vendor")
    if site.parent.name not in {"python3.10", "python3.11", "python3.12"}:
        (site / "bed_logging.pth").write_text(_LOGGING_3_13)
    _write_conda(base, base)
    (base / "conda-meta").mkdir()
    (base / "conda-meta/history").touch()


def _pip(base: Path, *arguments: str | Path) -> None:
    """Have a base's pip install wheels."""
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="conda-home-") as home:
        env = download_env() | {"HOME": home}
        env.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
        argv = [
            base / "bin/python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--only-binary",
            ":all:",
            *arguments,
        ]
        subprocess.run(argv, check=True, env=env, stdin=subprocess.DEVNULL)


def _write_conda(base: Path, prefix: Path) -> None:
    script = base / "bin/conda"
    script.write_text(_CONDA_SCRIPT.format(python=prefix / "bin/python"))
    script.chmod(0o755)


def run_conda(base: Path, home: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `conda ARGS` of a base in a clean environment, without asking questions."""
    return subprocess.run(
        [base / "bin/conda", *args],
        env=clean_env(home, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    """Build one base from the command line."""
    parser = argparse.ArgumentParser(description="Build a real conda base.")
    parser.add_argument("version", choices=VERSIONS)
    parser.add_argument("target", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--prefix")
    args = parser.parse_args()
    sys.stdout.write(f"{build(args.version, args.python, args.target, args.prefix)}\n")


if __name__ == "__main__":
    main()
