# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_info on the stand-in for Windows."""

from __future__ import annotations

import copy

from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.info import run_info
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.remote import ModuleFailed
from tests.bed.settings import PROXY, SECRET
from tests.bed.windows import MACHINE_ENVIRONMENT, USER_ENVIRONMENT, initial
from tests.bed.windows_remote import DirectRemote
from tests.stubs.ansible_windows.plugins.module_utils.machine import Machine


def test_looks_names_the_user_masks_secrets_and_changes_nothing() -> None:
    state = initial(administrator=False)
    machine = Machine(state)
    machine.set_value(MACHINE_ENVIRONMENT, "HTTPS_PROXY", "string", f"http://ada:{SECRET}@proxy.example.com:8080")
    machine.set_value(USER_ENVIRONMENT, "http_proxy", "string", PROXY)
    before = copy.deepcopy(state)
    result = run_info(DirectRemote(state).made_for)
    assert not result.get("failed"), result
    assert result["changed"] is False
    assert state == before
    assert result["consumers"]
    assert {row["user"] for row in result["consumers"]} == {"Ada"}
    assert SECRET not in str(result)


def test_what_it_cannot_read_is_a_failure_and_not_a_traceback() -> None:
    class Gone(DirectRemote):
        def module(self, name: str, /, check_mode: bool = False, **arguments: object) -> dict[str, object]:  # noqa: ARG002
            raise ModuleFailed(f"{name}: the connection is gone", {})

    result = run_info(Gone(initial(administrator=False)).made_for)
    assert result["failed"]
    assert "the connection is gone" in result["msg"]
