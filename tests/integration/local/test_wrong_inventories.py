# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong inventories are refused before anything is touched: one sentence for each host, and no value in any output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.bed import cores
from tests.bed.malformed import BY_HAND, PROXY, Malformed
from tests.bed.paths import VENV_BIN
from tests.bed.play import LOCAL, recorded
from tests.bed.secrets import MARKER, leaks
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VAULTED = {
    "scope": {"conda_proxy_scope": "VAULTED"},
    "http": {"conda_proxy_http": "VAULTED"},
    "verify": {"conda_proxy_verify": "VAULTED"},
    "channels": {"conda_proxy_channel_alias": "VAULTED"},
    "remote_max_retries": {"conda_proxy_remote_max_retries": "VAULTED"},
    "users": {"conda_proxy_users": "{{ {'a': conda_proxy_http} }}", "conda_proxy_http": "VAULTED"},
}


@pytest.fixture(params=["ours", "oldest", "newest"])
def core(request: pytest.FixtureRequest) -> Path:
    """The programs of an ansible-core."""
    name = request.param
    if name != "ours" and (reason := cores.missing(name)):
        unavailable(reason)
    return VENV_BIN if name == "ours" else cores.venv(name) / "bin"


# what the modules of three versions get from an old Python: its answer to the wrapper of ansible-core, or to ours
OLD_PYTHONS = {
    "3.6": '  File "<stdin>", line 3\nSyntaxError: future feature annotations is not defined',
    "2.7": '  File "<stdin>", line 40\n    zip_data: str,\n            ^\nSyntaxError: invalid syntax',
}


def test_an_old_python_is_one_sentence(core: Path, ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    hosts: dict[str, dict[str, Any]] = {"none": {"ansible_python_interpreter": str(tmp_path / "python3")}}
    for version, said in OLD_PYTHONS.items():
        python = tmp_path / f"python{version}"
        python.write_text(f"#!/bin/sh\ncat >/dev/null\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n", encoding="utf-8")
        python.chmod(0o755)
        hosts[version] = {"ansible_python_interpreter": str(python)}
    variables = {"ansible_connection": "local", "conda_proxy_scope": "user", "conda_proxy_http": PROXY}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
    played = recorded(
        ansible_run,
        tmp_path,
        "condafleet.proxy.verify",
        inventory=tmp_path / "hosts.yml",
        program=str(core / "ansible-playbook"),
    )
    assert played.returncode == 2, played.output
    for host in hosts:
        what = "was not found" if host == "none" else "is too old"
        expected = f"the Python interpreter of this host {what}; set ansible_python_interpreter to Python 3.8 or newer"
        assert played.result(host)["msg"] == expected, played.output
    assert "SyntaxError" not in played.output
    assert "Traceback" not in played.output


def through_an_inventory(bad: Malformed) -> bool:
    """Whether the value arrives: YAML has no halves of characters, and before 2.19 Ansible makes a list of the text of one."""
    value = bad.settings[bad.option]
    own = bad.option == "preflight"  # the playbook sets it
    return not own and "\\ud800" not in ascii(value) and not (isinstance(value, str) and value.startswith("["))


def test_preflight_names_the_variable_of_each_host(core: Path, ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    hosts: dict[str, dict[str, Any]] = {}
    expected = {}
    # a few dozen; all of them are in the unit tests
    for number, bad in enumerate([one for one in BY_HAND if through_an_inventory(one)][::5]):
        hosts[f"h{number}"] = {f"conda_proxy_{name}": value for name, value in bad.settings.items()}
        expected[f"h{number}"] = bad.option
    for number, (option, settings) in enumerate(VAULTED.items()):
        hosts[f"v{number}"] = {"conda_proxy_http": PROXY, "conda_proxy_scope": "user", **settings}
        expected[f"v{number}"] = "channel_alias" if option == "channels" else option
    vaulted = VaultLib([("default", VaultSecret(b"key"))]).encrypt(MARKER).decode().replace("\n", "\\n")
    text = yaml.safe_dump({"all": {"hosts": hosts, "vars": LOCAL}}).replace("VAULTED", f'!vault "{vaulted}"')
    (tmp_path / "hosts.yml").write_text(text, encoding="utf-8")
    (tmp_path / "key").write_text("key\n", encoding="utf-8")

    arguments = ("-vvv", "--diff", "--vault-password-file", tmp_path / "key")
    played = recorded(
        ansible_run,
        tmp_path,
        "condafleet.proxy.preflight",
        *arguments,
        inventory=tmp_path / "hosts.yml",
        program=str(core / "ansible-playbook"),
    )
    assert played.returncode == 2, played.output
    assert len(expected) > 50
    for host, option in expected.items():
        message = played.result(host).get("msg", "accepted")
        assert message.startswith(f"conda_proxy_{option} "), (host, option, hosts[host], message)
    assert leaks(played.output) == set()
    assert "Traceback" not in played.output
    assert "argument_spec_data" not in played.output
    assert max(map(len, played.output.splitlines())) < 1000
    assert "EXEC" not in played.output
