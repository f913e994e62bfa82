# SPDX-License-Identifier: GPL-3.0-or-later
"""Without facts nothing is taken for granted: no file is there, no parser is known."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.linux import LINUX
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Settings
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import Scope, build_targets
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.facts import Facts


def test_a_machine_of_which_nothing_is_known_gets_no_file_of_a_program() -> None:
    settings = Settings("present", "system", (), "", ("environment",), "", "none", variables={"http_proxy": "http://p"})
    written = {target.path for target in build_targets(Scope(LINUX), settings, ("environment",), Facts())}
    needless = {row.paths[-1] for row in LINUX.system if not (row.needs or row.by_name or row.only_existing)}
    assert written == needless


def test_one_fact_more_is_one_file_more() -> None:
    settings = Settings("present", "system", (), "", ("environment",), "", "none", variables={"http_proxy": "http://p"})
    facts = Facts(existing=frozenset({"/bin/zsh", "/etc/zsh", "/etc/zsh/zshenv"}))
    written = {target.path for target in build_targets(Scope(LINUX), settings, ("environment",), facts)}
    assert "/etc/zsh/zshenv" in written
    assert (facts.ca_roots, facts.netrc_path, facts.netrc_escapes, facts.marked) == (None, "", None, False)
