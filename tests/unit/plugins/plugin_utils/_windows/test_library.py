# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python library of a Windows connection."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.library import missing_library

NEEDED = [("psrp", "pypsrp", "pypsrp"), ("winrm", "winrm", "pywinrm"), ("ansible.builtin.psrp", "pypsrp", "pypsrp")]


@pytest.mark.parametrize(("connection", "module", "package"), NEEDED)
def test_missing(connection: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    missing = missing_library(connection)
    assert missing
    assert InvalidSettingError("ansible_connection", *missing).sentence("conda_proxy_") == (
        f"ansible_connection is {connection}, which needs the Python package {package} on the control node "
        "(ModuleNotFoundError when it was imported); install it for the Python of ansible-playbook: "
        f"python -m pip install {package}"
    )


@pytest.mark.parametrize(("connection", "module", "package"), NEEDED)
def test_there(connection: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    assert missing_library(connection) is None


@pytest.mark.parametrize("connection", ["ssh", "local", "ansible.netcommon.libssh"])
def test_others_need_none(connection: str) -> None:
    assert missing_library(connection) is None
