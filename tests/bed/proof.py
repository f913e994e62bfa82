# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof on this machine, for a home of a test's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base


def prove(
    bases: Sequence[Base], environment: Mapping[str, str | None], home: Path | str, **options: Any
) -> list[dict[str, Any]]:
    """The rows as results list them; `options` are fields of ProofOptions."""
    launcher = PosixLauncher(str(home))
    rows = connectivity.prove(launcher, bases, environment, ProofOptions(**options), user="ada")
    return [row.result() for row in rows]


def conda_info(bases: Sequence[Base], environment: Mapping[str, str | None], home: Path | str) -> str:
    """What `conda info` says in the first base."""
    return connectivity.conda_info(PosixLauncher(str(home)), bases, environment, user="ada")[0].text
