# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of conda's names. tests/integration/conda compares it with the conda at hand."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc_aliases import (
    ALIASES,
    RENAMED,
    canonical,
)


def test_each_name_leads_to_one_key() -> None:
    names = [alias.name for alias in ALIASES]
    assert len(set(names)) == len(names)
    assert not {alias.key for alias in ALIASES} & set(names), "a key is no alias of another one"


def test_the_name_of_a_setting() -> None:
    assert [canonical(key) for key in ("verify_ssl", "ssl_verify", "_channels", "_channel", "x")] == [
        "ssl_verify",
        "ssl_verify",
        "channels",
        "channels",
        "x",
    ]


def test_names_that_older_conda_does_not_know() -> None:
    assert {"auto_activate", "auto_activate_base", "solver", "experimental_solver"} <= RENAMED
    assert not {"ssl_verify", "verify_ssl"} & RENAMED
