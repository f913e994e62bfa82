# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories that users copy: the collection accepts them, and no secret stands in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed.paths import CHECKOUT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

INVENTORIES = CHECKOUT / "inventories"
PASSPHRASE = "example"  # named in the hosts.yml of each
VAULTED = ("p@ss/w%rd", "not-a-real-one")


@pytest.fixture
def psrp(tmp_path: Path) -> Path:
    """A folder with a stand-in for the library of the connection psrp, with which nothing connects."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "pypsrp.py").touch()
    return folder


@pytest.mark.parametrize(("name", "hosts"), [("demo", 3), ("example", 10), ("lab", 5)])
def test_preflight_accepts_it_without_a_connection(
    name: str, hosts: int, ansible_run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, psrp: Path
) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
    done = ansible_run(
        "condafleet.proxy.preflight",
        "-vvv",
        "--diff",
        "--vault-password-file",
        passphrase,
        inventory=INVENTORIES / name,
        env={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "PYTHONPATH": str(psrp)},
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    recap = re.findall(r"ok=\d+ +changed=0 +unreachable=0 +failed=0", output)
    assert len(recap) == hosts, output
    assert not re.findall(r"\[WARNING\](?!: conda_proxy_).*", output), "a warning of Ansible's"
    assert "EXEC" not in output, "something ran on a machine"
    assert "ESTABLISH" not in output, "a connection was made"
    assert not [secret for secret in VAULTED if secret in output]
    assert "is not written" not in output, "the workers of the lab are not told to write the netrc"


def test_a_windows_host_needs_the_library_of_its_connection(
    ansible_run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, psrp: Path
) -> None:
    """Found before anything is touched, not by the first connection. The tests' Python has neither library."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
    for connection, package, path in (("psrp", "pypsrp", ""), ("winrm", "pywinrm", str(psrp))):
        done = ansible_run(
            "condafleet.proxy.preflight",
            *("--vault-password-file", passphrase, "--limit", "windows", "-e", f"ansible_connection={connection}"),
            inventory=INVENTORIES / "example",
            env={"PYTHONPATH": path},
        )
        output = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == 2, output
        said = f"ansible_connection is {connection}, which needs the Python package {package} on the control node"
        assert said in output
        assert f"python -m pip install {package}" in output


@pytest.mark.parametrize("name", ["example", "lab"])
def test_the_secrets_are_vaulted_in_a_file_of_their_own(name: str) -> None:
    example = INVENTORIES / name
    assert PASSPHRASE in (example / "hosts.yml").read_text(encoding="utf-8")
    secrets = []
    for path in example.rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "vault.yml":
            assert text.startswith("$ANSIBLE_VAULT;")
        else:
            secrets += list(_passwords(yaml.safe_load(text)))
    assert len(secrets) == 2
    assert all(str(secret).startswith("{{ vault_") for secret in secrets)


def _passwords(content: Any) -> list[Any]:
    """The values of all keys that end in "password", at any depth."""
    if isinstance(content, list):
        return [found for item in content for found in _passwords(item)]
    if not isinstance(content, dict):
        return []
    own = [value for key, value in content.items() if key.endswith("password")]
    return own + [found for value in content.values() for found in _passwords(value)]


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("example/group_vars/servers.yml", "every account on these servers can"),
        ("lab/group_vars/all/main.yml", "Every account of the cluster, and every job, can read"),
    ],
)
def test_it_says_who_reads_a_password_in_system_scope(path: str, who: str) -> None:
    lines = (INVENTORIES / path).read_text(encoding="utf-8").splitlines()
    setting = lines.index("conda_proxy_password_exposure: allow")
    comment = " ".join(lines[setting - 5 : setting])
    assert who in comment


def test_one_group_of_the_lab_writes_into_the_shared_homes() -> None:
    """The others name the same users, and are proven as them."""
    own = {
        name: yaml.safe_load((INVENTORIES / f"lab/group_vars/{name}.yml").read_text(encoding="utf-8"))
        for name in ("head", "workers", "all/main")
    }
    assert own["head"]["conda_proxy_sections"] == ["condarc", "environment", "netrc"]
    assert own["workers"] == {"conda_proxy_sections": ["condarc", "environment"]}
    assert own["all/main"]["conda_proxy_users"]
    assert own["all/main"]["conda_proxy_canaries"] == ["head"]
