# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the Python of a base."""

from __future__ import annotations

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import NAMES, Base


@pytest.mark.parametrize(
    ("version", "escapes"), [(None, None), ("3.8", False), ("3.10.14", False), ("3.11", True), ("3.12.1", True)]
)
def test_the_version_decides_how_its_netrc_is_quoted(version: str | None, escapes: bool | None) -> None:
    assert Base("/opt/conda", "/opt/conda/bin/python", python_version=version).netrc_escapes is escapes


def test_a_base_belongs_to_nobody_and_may_run_until_it_is_said() -> None:
    base = Base("/opt/conda", "/opt/conda/bin/python")
    assert (base.uid, base.refusal) == (-1, "")


def test_the_names_that_installers_give_a_base() -> None:
    """One list for all platforms."""
    assert set(NAMES) == {"miniconda3", "miniconda", "anaconda3", "anaconda", "miniforge3", "mambaforge"}
