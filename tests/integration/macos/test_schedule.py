# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_schedule with launchd, on a machine that looks like a Mac. Ansible itself is a program that takes notes."""

from __future__ import annotations

import json
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.macos.conftest import REAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.macos.machine import MacMachine

pytestmark = [pytest.mark.macos, pytest.mark.conda]
LABEL = "condafleet.proxy.schedule"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
STATE = "/var/lib/condafleet-proxy"
ANSIBLE = """#!/usr/bin/python3 -IS
import json, os, sys
if "--syntax-check" not in sys.argv:
    with open("/tmp/played", "w") as stream:
        json.dump({"argv": sys.argv[1:], "uid": os.getuid(), "env": dict(os.environ)}, stream)
"""


def test_launchd(ansible_run: Callable[..., Any], tmp_path: Path, mac: MacMachine) -> None:
    if REAL:
        pytest.skip("it takes a program for Ansible")
    before = mac.fingerprint()
    for name in ("ansible-playbook", "python3"):
        mac.run(["mkdir", "-p", "/opt/ansible"])
        if name == "python3":
            mac.run(["ln", "-s", "/usr/bin/python3", "/opt/ansible/python3"])
        else:
            mac.write(f"/opt/ansible/{name}", ANSIBLE, mode="0755")
    mac.write("/opt/fleet.yml", "all: {}\n")
    inventory = tmp_path / "schedule.yml"

    def apply(*arguments: str, **variables: Any) -> str:
        found = {
            "conda_proxy_schedule_inventory": "/opt/fleet.yml",
            "conda_proxy_schedule_ansible": "/opt/ansible",
            "conda_proxy_schedule_user": "ada",
        } | variables
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {mac.name: mac.inventory() | found}}}))
        target = ["-e", f"conda_proxy_schedule_hosts={mac.name}"]
        done = ansible_run("condafleet.proxy.schedule", *target, *arguments, inventory=inventory)
        return f"{done.returncode} {done.stdout}{done.stderr}"

    refused = apply(conda_proxy_schedule_user="")
    assert refused.startswith("2")
    assert "conda_proxy_schedule_user is empty; on macOS the role makes no user" in refused.replace("\n", " "), refused
    assert apply("--check").startswith("0")
    assert mac.fingerprint() == before

    applied = apply()
    assert applied.startswith("0"), applied
    plist = plistlib.loads(mac.read(PLIST).encode())
    assert plist["Label"] == LABEL
    assert plist["UserName"] == "ada"
    minute = plist["StartCalendarInterval"]["Minute"]
    assert 0 <= minute < 60
    assert "changed=0" in apply()
    daily = apply(conda_proxy_schedule_interval="daily")
    assert daily.startswith("0"), daily
    assert plistlib.loads(mac.read(PLIST).encode())["StartCalendarInterval"] == {"Hour": 4, "Minute": minute}

    mac.run(["launchctl", "kickstart", f"system/{LABEL}"])
    mac.run("for i in $(seq 100); do test -s /tmp/played && exit 0; sleep 0.1; done; exit 1")
    played = json.loads(mac.read("/tmp/played"))
    assert played["argv"][:3] == ["-i", "/opt/fleet.yml", "condafleet.proxy.drift"]
    assert json.loads(played["argv"][4]) == {"conda_proxy_drift": "correct"}
    assert str(played["uid"]) == mac.run(["id", "-u", "ada"]).stdout.strip()
    assert played["env"]["LANG"] == "en_US.UTF-8"
    assert played["env"]["CONDA_PROXY_REPORT_DIR"] == f"{STATE}/reports"

    gone = apply(conda_proxy_schedule_state="absent")
    assert gone.startswith("0"), gone
    assert mac.run(["launchctl", "print", f"system/{LABEL}"], check=False).returncode == 113
    assert "changed=0" in apply(conda_proxy_schedule_state="absent")
    assert mac.fingerprint() == before
