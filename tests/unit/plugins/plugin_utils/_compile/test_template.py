# SPDX-License-Identifier: GPL-3.0-or-later
"""The template, rendered by the templar of the ansible-core in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import CondarcKey
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.template import render_template

if TYPE_CHECKING:
    from pathlib import Path


def made(path: Path, value: Any, **variables: Any) -> str:
    return render_template(Templar(loader=DataLoader()), str(path), {"ssl_verify": CondarcKey(value, True)}, variables)


def test_values_are_text_and_no_templates(tmp_path: Path) -> None:
    path = tmp_path / "condarc.j2"
    path.write_text("a: {{ condarc.ssl_verify.value | to_json }} {{ condarc.ssl_verify.final }} {{ mine }}\n")
    assert made(path, "{{ 1 + 1 }}", mine="x") == 'a: "{{ 1 + 1 }}" True x\n'


def test_ansible_managed_is_there_and_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "condarc.j2"
    path.write_text("# {{ ansible_managed }}\nssl_verify: {{ condarc.ssl_verify.value | to_json }}\n")
    assert made(path, True) == "# Ansible managed\nssl_verify: true\n"
    assert made(path, True, ansible_managed="By IT").startswith("# By IT\n")


def test_a_variable_that_is_not_there_is_no_riddle(tmp_path: Path) -> None:
    path = tmp_path / "condarc.j2"
    path.write_text("ssl_verify: {{ nothing }}\n")
    with pytest.raises(InvalidSettingError, match=r"; look for a slip, or for a variable that this host has not"):
        made(path, True)


def test_what_cannot_be_rendered_is_refused_without_a_value(tmp_path: Path) -> None:
    path = tmp_path / "condarc.j2"
    with pytest.raises(InvalidSettingError, match=r"^condarc_template names a file that cannot be read as UTF-8; "):
        made(path, True)
    path.write_text("{{ condarc.ssl_verify.value | no_such_filter }}")
    with pytest.raises(InvalidSettingError, match=r"^condarc_template cannot be rendered") as raised:
        made(path, "hunter2-Zq")
    assert "hunter2-Zq" not in str(raised.value)
