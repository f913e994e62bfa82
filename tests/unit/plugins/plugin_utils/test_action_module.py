# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions share."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.condafleet.proxy.plugins.action import conda_connectivity, conda_proxy
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Info
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from tests.bed.actions import run_action
from tests.bed.settings import CERTIFICATE, SECRET


@pytest.mark.parametrize(("option", "value"), [("ca_bundle_src", "company.pem"), ("ca_bundle_content", CERTIFICATE)])
def test_no_roots_anywhere_is_a_refusal_of_its_own(
    sent: list[Any], monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    """Not a crash of the task: the machine asks for CA roots, and the control node has none."""
    monkeypatch.setattr(HostAction, "on_machine", lambda *_args: {"failed": True, "needs": "ca_roots"})
    monkeypatch.setattr(HostAction, "read_ca_bundle", lambda *_args: CERTIFICATE)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=None))
    # the condarc has a template, which takes a templar
    answer = run_action(conda_proxy, sections=["environment"], scope="user", **{option: value})
    assert answer["failed"] is True
    assert answer["msg"].startswith(f"conda_proxy_{option} cannot be joined: ")


def test_an_option_that_does_not_exist_fails_the_task(sent: list[Any]) -> None:
    with pytest.raises(AnsibleActionFail, match="htttp"):
        run_action(conda_proxy, htttp=SECRET)
    assert not sent


@pytest.mark.parametrize("action", [conda_proxy, conda_connectivity])
def test_a_choice_that_does_not_exist_is_refused_without_its_value(sent: list[Any], action: Any) -> None:
    answer = run_action(action, verify=SECRET)
    assert answer["failed"] is True
    assert "verify is not one of its choices; choose from " in answer["msg"]
    assert SECRET not in str(answer)
    assert not sent


def test_what_is_no_answer_is_explained() -> None:
    answer = {
        "failed": True,
        "msg": "MODULE FAILURE",
        "module_stderr": "SyntaxError: invalid syntax",
        "module_stdout": "",
    }
    action: Any = SimpleNamespace(_execute_module=lambda **_more: answer)
    assert "ansible_python_interpreter" in HostAction.on_machine(action, {}, Info("https://example.com/main"))["msg"]
