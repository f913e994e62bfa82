# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of conda_proxy, by themselves; test_contract.py compares them with the documentation."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS, SECTIONS, VERIFICATION


def test_verification_is_part_of_the_options() -> None:
    assert {name: OPTIONS[name] for name in VERIFICATION} == VERIFICATION
    assert all("default" in option and name.startswith("verify_") for name, option in VERIFICATION.items())


def test_sections_are_the_choices() -> None:
    assert tuple(OPTIONS["sections"]["choices"]) == SECTIONS
