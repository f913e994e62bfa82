# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_schedule where no systemd runs: cron starts it, and Ansible comes out of wheels."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed import light, wheels
from tests.bed.installed import install_collection
from tests.bed.light import LightMachine, keys_layer
from tests.bed.tree import fingerprint
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.conda, pytest.mark.macos]
STATE = "/var/lib/condafleet-proxy"
FOLDERS = ("/etc", "/usr/local", STATE)
VARIABLES = {"conda_proxy_http": "http://127.0.0.1:9", "conda_proxy_verify": "none"}


def everything(machine: LightMachine) -> dict[str, str]:
    return {path: what for path, what in fingerprint(machine, FOLDERS).items() if not path.endswith("-")}


def test_cron(ansible_run: Callable[..., Any], tmp_path: Path) -> None:
    if reason := light.missing():
        unavailable(reason)
    mounts = {"/opt/wheels": wheels.build(), "/opt/collections": install_collection(tmp_path / "collections")}
    with LightMachine.start("plain", tmp_path / "plain", layers=[keys_layer()], mounts=mounts) as machine:
        machine.run(["rm", "-f", "/etc/.pwd.lock"])
        before = everything(machine)
        content = {"all": {"hosts": {"here": {"ansible_connection": "local"}}, "vars": VARIABLES}}
        machine.write("/srv/fleet/inventory", yaml.safe_dump(content))
        machine.write("/srv/fleet/drift.yml", "- ansible.builtin.import_playbook: condafleet.proxy.drift\n")
        machine.run(
            "cd /srv/fleet && cp -r /opt/collections . && git init -q -b main && git add -A && "
            "git -c user.name=fleet -c user.email=fleet@example.com commit -q -m x"
        )
        inventory = tmp_path / "schedule.yml"

        def apply(**variables: Any) -> Any:
            found = {
                "conda_proxy_schedule_mode": "pull",
                "conda_proxy_schedule_repository": "/srv/fleet",
                "conda_proxy_schedule_wheels": "/opt/wheels",
                "conda_proxy_schedule_host": "here",
            } | variables
            inventory.write_text(yaml.safe_dump({"all": {"hosts": {"plain": machine.inventory() | found}}}))
            return ansible_run(
                "condafleet.proxy.schedule", "-e", "conda_proxy_schedule_hosts=plain", inventory=inventory
            )

        hourly = apply()
        assert hourly.returncode == 0, hourly.stdout
        minute, *rest = machine.read("/etc/cron.d/condafleet-proxy").splitlines()[-1].split()[:6]
        assert 0 <= int(minute) < 60
        assert rest == ["*", "*", "*", "*", "root"]
        assert "changed=0" in apply().stdout
        each_minute = apply(conda_proxy_schedule_cron={"minute": "*"})
        assert each_minute.returncode == 0, each_minute.stdout

        machine.run(["cron"])
        report = f"{STATE}/reports/report.json"
        deadline = time.monotonic() + 120
        while machine.run(["test", "-e", report], check=False).returncode:
            log = machine.run(["cat", f"{STATE}/reports/last.log"], check=False).stdout
            assert time.monotonic() < deadline, log
            time.sleep(1)
        found = json.loads(machine.read(report))
        assert {row["host"]: row["state"] for row in found["hosts"]} == {"here": "changed"}
        assert "http_proxy" in machine.read("/etc/environment")
        machine.run(["pkill", "-x", "cron"])

        removed = apply(conda_proxy_schedule_state="absent")
        assert removed.returncode == 0, removed.stdout
        own = tmp_path / "own.yml"
        own.write_text(yaml.safe_dump({"all": {"hosts": {"plain": machine.inventory()}}}))
        ansible_run("condafleet.proxy.remove", "-e", "conda_proxy_remove=yes", inventory=own)
        machine.run(["rm", "-r", STATE])
        assert everything(machine) == before
