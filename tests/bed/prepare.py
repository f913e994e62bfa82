# SPDX-License-Identifier: GPL-3.0-or-later
"""Build what many tests need and build only once: conda bases, the hosts' image, other ansible-cores.

`python -m tests.bed.prepare`; a test that finds something missing builds it itself. What this machine cannot have is
named here and by the tests that need it.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.bed import conda_base, cores, hosts, wheels

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Build one after the other: most of the time goes into downloads."""
    steps: list[tuple[str, str | None, Callable[[], object]]] = [
        (f"conda {version}", None, partial(conda_base.build, version)) for version in conda_base.VERSIONS
    ]
    steps += [(f"the {core} ansible-core", cores.missing(core), partial(cores.venv, core)) for core in cores.PYTHONS]
    steps += [
        ("conda for the hosts", hosts.missing() or conda_base.host_python_missing(), conda_base.build_for_hosts),
        ("the hosts' image", hosts.missing(), hosts.build_image),
        ("wheels for the hosts", hosts.missing(), wheels.build),
    ]
    for name, reason, build in steps:
        sys.stdout.write(f"Not built: {name}: {reason}\n" if reason else f"Building {name}\n")
        sys.stdout.flush()
        if reason is None:
            build()


if __name__ == "__main__":
    main()
