# SPDX-License-Identifier: GPL-3.0-or-later
"""conda_proxy_schedule on booted hosts: a control node's timer with its hardening, and a host that pulls a repository."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.bed import conda_base, wheels
from tests.bed import hosts as bed_hosts
from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD, PROXY_USER
from tests.bed.hosts import Host
from tests.bed.installed import install_collection
from tests.bed.paths import VENV_BIN
from tests.bed.tree import fingerprint
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.hosts, pytest.mark.conda]

STATE = "/var/lib/condafleet-proxy"
UNIT = "condafleet-proxy"
VAULT_PASSWORD = "open sesame"
COLLECTIONS = "/opt/collections"
WHEELS = "/opt/wheels"
# what a service does before the run, to show what it may do
LOOK = f"""
exec >{STATE}/reports/look 2>&1
grep -E '^(NoNewPrivs|CapEff|CapBnd|Seccomp):' /proc/self/status
ls /home
touch /etc/x
touch /usr/x
ls /dev/kmsg
ls /tmp
id -un
cat "$CREDENTIALS_DIRECTORY/vault"
"""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_collection(tmp_path_factory.mktemp("collections"))  # the user of the schedule reads it


@pytest.fixture(scope="module")
def control(collection: Path) -> Iterator[Host]:
    if reason := bed_hosts.missing() or conda_base.host_python_missing():
        unavailable(reason)
    base = f"{conda_base.build_for_hosts()}:{conda_base.HOST_PREFIX}:ro"
    mounts = (f"{collection}:{COLLECTIONS}:ro", f"{wheels.build()}:{WHEELS}:ro", base)
    with Host.start("control", mounts, hardened_services=True) as host:
        yield host


@pytest.fixture
def squid(start_squid: Callable[..., Squid], conda_hosts: list[Host]) -> Squid:
    assert conda_hosts
    return start_squid(username=PROXY_USER, password=PROXY_PASSWORD.encode(), address=bed_hosts.gateway())


@pytest.fixture
def variables(squid: Squid, host_channels: Channels) -> dict[str, Any]:
    """The settings; the CA and the password come from files beside the inventory."""
    return {
        "conda_proxy_http": squid.url(),
        "conda_proxy_username": PROXY_USER,
        "conda_proxy_password_exposure": "allow",
        "conda_proxy_channels": [host_channels.https.url("main", CHANNEL_HOST)],
        "conda_proxy_prefix": "/opt/conda",
        "conda_proxy_verify_deadline": 10,  # before a change, the resolver is asked for a name that only the proxy knows
    }


def encrypted(text: str, folder: Path) -> str:
    """A vault file."""
    secret = folder / "vault-password"
    secret.write_text(VAULT_PASSWORD)
    argv = [str(VENV_BIN / "ansible-vault"), "encrypt", "--vault-password-file", str(secret), "--output", "-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True, cwd=folder)
    return str(done.stdout)


def write_inventory(
    host: Host, folder: str, entries: dict[str, Any], variables: dict[str, Any], vault: str, ca: str
) -> None:
    """Lay an inventory with a vault and a CA onto a host."""
    content = {"all": {"hosts": entries, "vars": {**variables, "conda_proxy_ca_bundle_src": f"{folder}-ca.pem"}}}
    host.write(f"{folder}/hosts.yml", yaml.safe_dump(content))
    host.write(f"{folder}/group_vars/all/vault.yml", vault)
    host.write(f"{folder}-ca.pem", ca)


class Schedule:
    """Applies the role to a machine, and looks at what became of it."""

    def __init__(self, ansible_run: Callable[..., Any], folder: Path, host: Host, variables: dict[str, Any]) -> None:
        self._run = ansible_run
        self._inventory = folder / "schedule.yml"
        self.host = host
        self.variables = variables

    def apply(self, *arguments: str, **more: Any) -> Any:
        found = {name: value for name, value in (self.variables | more).items() if value is not None}
        content = {"all": {"hosts": {self.host.name: self.host.inventory() | found}}}
        self._inventory.write_text(yaml.safe_dump(content))
        target = ["-e", f"conda_proxy_schedule_hosts={self.host.name}"]
        return self._run("condafleet.proxy.schedule", *target, *arguments, inventory=self._inventory)

    def start(self, check: bool = True) -> int:
        """Start the service and wait for its end; return the exit code of the run."""
        done = self.host.run(["systemctl", "start", f"{UNIT}.service"], check=False)
        code = int(self.show("ExecMainStatus"))
        assert not check or done.returncode == 0, self.log()
        return code

    def show(self, name: str, unit: str = f"{UNIT}.service") -> str:
        return self.host.run(["systemctl", "show", "--value", "--property", name, unit]).stdout.strip()

    def log(self) -> str:
        return self.host.run(["journalctl", "--no-pager", "--unit", UNIT]).stdout

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.host.read(f"{STATE}/reports/report.json"))
        return found

    def states(self) -> dict[str, str]:
        return {row["host"]: row["state"] for row in self.report()["hosts"]}


def everything(host: Host) -> dict[str, str]:
    """What the role could touch; not the copies that tools for users keep of /etc/passwd and its like."""
    found = fingerprint(host, ("/etc", "/usr/local", "/opt", "/home", STATE, "/var/lib/prometheus", "/var/spool/cron"))
    return {path: what for path, what in found.items() if not path.endswith("-") and path != "/etc/.pwd.lock"}


def wait_for(host: Host, seconds: float, what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, host.run(["journalctl", "--no-pager", "--unit", UNIT]).stdout
        time.sleep(0.3)


def test_a_control_node(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    control: Host,
    conda_hosts: list[Host],
    variables: dict[str, Any],
    squid: Squid,
    authority: Authority,
) -> None:
    target = conda_hosts[0]
    before, target_before = everything(control), fingerprint(target)
    control.run(f"python3 -m venv /opt/ansible && /opt/ansible/bin/pip install -q --no-index -f {WHEELS} ansible-core")
    control.write("/etc/secrets/vault-password", VAULT_PASSWORD, mode="0600")
    control.write("/etc/secrets/id", target.ssh_key.read_text(), mode="0600")
    control.run(["mkdir", "-p", "/var/lib/prometheus/node-exporter"])
    control.write("/etc/systemd/system/hook@.service", "[Service]\nType=oneshot\nExecStart=/bin/touch /run/hook-%i\n")
    entry = {name: value for name, value in target.inventory().items() if name != "ansible_ssh_private_key_file"}
    vault = encrypted(f"conda_proxy_password: {json.dumps(PROXY_PASSWORD)}\n", tmp_path)
    ca = authority.pem.read_text()
    write_inventory(control, "/etc/fleet", {target.name: entry}, variables, vault, ca)
    ready = everything(control)
    schedule = Schedule(
        ansible_run,
        tmp_path,
        control,
        {
            "conda_proxy_schedule_inventory": "/etc/fleet/hosts.yml",
            "conda_proxy_schedule_ansible": "/opt/ansible/bin",
            "conda_proxy_schedule_environment": {"ANSIBLE_COLLECTIONS_PATH": COLLECTIONS},
            "conda_proxy_schedule_vault_password_file": "/etc/secrets/vault-password",
            "conda_proxy_schedule_private_key_file": "/etc/secrets/id",
            "conda_proxy_schedule_metrics_dir": "/var/lib/prometheus/node-exporter/",
            "conda_proxy_schedule_on_calendar": "*-*-* *:*:0/5",
            "conda_proxy_schedule_delay": 0,
            "conda_proxy_schedule_on_failure": "hook@%p.service",
        },
    )

    # what cannot work is refused before anything is touched
    for more, sentence in (
        ({"conda_proxy_schedule_inventory": "hosts.yml"}, "conda_proxy_schedule_inventory is no absolute path"),
        ({"conda_proxy_schedule_inventory": "/home/ada/hosts.yml"}, "which the service cannot see"),
        ({"conda_proxy_schedule_inventory": "/etc/none"}, "names /etc/none, which does not exist on control"),
        ({"conda_proxy_schedule_ansible": "/opt/none"}, "names /opt/none/ansible-playbook, which does not exist"),
    ):
        refused = schedule.apply(**more)
        assert refused.returncode == 2
        assert sentence in refused.stdout.replace("\n", " "), refused.stdout
    checked = schedule.apply("--check")
    assert checked.returncode == 0, checked.stdout
    assert everything(control) == ready

    # what the user of the schedule cannot read is said before the timer starts
    unreadable: tuple[tuple[dict[str, Any], str], ...] = (
        ({"conda_proxy_schedule_environment": {}}, "cannot play condafleet.proxy.drift: "),
        ({"conda_proxy_schedule_inventory": "/etc/secrets/id"}, "cannot read /etc/secrets/id; change its mode"),
    )
    for more, sentence in unreadable:
        refused = schedule.apply(**more)
        assert refused.returncode == 2
        assert f"the user condafleet {sentence}" in refused.stdout.replace("\n", " "), refused.stdout
        assert schedule.show("ActiveState", f"{UNIT}.timer") == "inactive"

    # the timer fires
    control.write(f"/etc/systemd/system/{UNIT}.timer.d/test.conf", "[Timer]\nAccuracySec=1s\n")
    control.write("/opt/look", LOOK)
    control.write(f"/etc/systemd/system/{UNIT}.service.d/test.conf", "[Service]\nExecStartPre=-/bin/sh /opt/look\n")
    applied = schedule.apply()
    assert applied.returncode == 0, applied.stdout
    wait_for(
        control, 90, lambda: control.run(["test", "-e", f"{STATE}/reports/report.json"], check=False).returncode == 0
    )
    control.run(["systemctl", "stop", f"{UNIT}.timer"])
    wait_for(control, 60, lambda: schedule.show("ActiveState") in ("inactive", "failed"))
    assert schedule.states()[target.name] in ("changed", "in_order"), f"{schedule.report()}\n{schedule.log()}"
    assert "http_proxy" in target.read("/etc/environment")
    look = control.read(f"{STATE}/reports/look").splitlines()
    assert look[:4] == ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]
    assert [line.partition(": ")[2] for line in look[4:8]] == [
        "cannot open directory '/home': Permission denied",
        "cannot touch '/etc/x': Read-only file system",
        "cannot touch '/usr/x': Read-only file system",
        "cannot access '/dev/kmsg': No such file or directory",
    ]
    assert look[8:] == ["condafleet", VAULT_PASSWORD]
    metrics = control.run("cat /var/lib/prometheus/node-exporter/*.prom", user="ada").stdout
    assert f'condafleet_host_in_order{{host="{target.name}"' in metrics
    again = schedule.apply()
    assert "changed=1" in again.stdout, "the timer that was stopped is started, and nothing else changes"
    control.run(["systemctl", "stop", f"{UNIT}.timer"])
    wait_for(control, 60, lambda: schedule.show("ActiveState") in ("inactive", "failed"))

    # drift is put right
    target.run("sed -i /https_proxy/d /etc/environment")
    assert schedule.start() == 0
    assert schedule.states() == {target.name: "changed"}
    assert "https_proxy" in target.read("/etc/environment")

    # two starts at once: beside a run by hand it does nothing, beside another start it joins
    control.run(f"systemd-run --unit=by-hand flock {STATE}/lock sh -c 'touch /run/held; sleep 600'")
    wait_for(control, 10, lambda: control.run(["test", "-e", "/run/held"], check=False).returncode == 0)
    assert schedule.start() == 75
    assert "another run holds the lock; this one does nothing" in schedule.log()
    control.run(["systemctl", "stop", "by-hand"])
    control.run(f"systemctl start {UNIT} & systemctl start {UNIT}; wait")
    assert schedule.show("Result") == "success"
    assert control.run(["test", "-e", f"/run/hook-{UNIT}"], check=False).returncode == 1, "nothing has failed yet"

    # a run that is stopped still reports: ssh waits for a machine that says nothing
    control.run(
        "systemd-run --unit=silent python3 -c "
        "'import socket,time; s=socket.create_server((\"127.0.0.1\", 2222)); time.sleep(600)'"
    )
    silent = {"ansible_host": "127.0.0.1", "ansible_port": 2222, "ansible_python_interpreter": "/usr/bin/python3"}
    write_inventory(control, "/etc/fleet", {target.name: entry, "silent": silent}, variables, vault, ca)
    control.run(["systemctl", "start", "--no-block", UNIT])
    wait_for(control, 60, lambda: control.run(["pgrep", "-f", "ssh.*2222"], check=False).returncode == 0)
    control.run(["systemctl", "stop", f"{UNIT}.service"])
    assert schedule.report()["complete"] is False
    assert schedule.states()["silent"] == "not_begun"
    assert schedule.show("ExecMainStatus") == "99"
    control.run(["systemctl", "stop", "silent"])

    # an expired password: one question of the host, and a run that has failed and says why
    rejected = encrypted(f"conda_proxy_password: {json.dumps(PROXY_PASSWORD + 'x')}\n", tmp_path)
    write_inventory(control, "/etc/fleet", {target.name: entry}, variables, rejected, ca)
    control.run("rm -f /run/hook-*")
    assert schedule.start(check=False) == 2
    assert schedule.states() == {target.name: "rolled_back"}
    assert "proxy_auth_re" in control.read(f"{STATE}/metrics/condafleet.prom")
    wait_for(control, 10, lambda: control.run(["test", "-e", f"/run/hook-{UNIT}"], check=False).returncode == 0)

    # a broken inventory, and a vault file that is gone
    control.write("/etc/fleet/hosts.yml", "{ all: [\n")
    assert schedule.start(check=False) == 4
    assert "no host of the inventory matches all" in schedule.log()
    control.run(["rm", "/etc/secrets/vault-password"])
    assert schedule.start(check=False) == 243
    assert PROXY_PASSWORD not in schedule.log()
    assert squid.url() in json.dumps(variables)

    # taken away
    write_inventory(control, "/etc/fleet", {target.name: entry}, variables, vault, ca)
    control.write("/etc/secrets/vault-password", VAULT_PASSWORD, mode="0600")
    control.run(f"rm -r /etc/systemd/system/{UNIT}.*.d {STATE}/reports/look /opt/look")
    assert "changed=0" not in schedule.apply("--check", conda_proxy_schedule_state="absent").stdout
    removed = schedule.apply(conda_proxy_schedule_state="absent")
    assert removed.returncode == 0, removed.stdout
    reports = {path for path in everything(control) if path.startswith(STATE)}
    assert reports >= {f"{STATE}/reports/history.jsonl", f"{STATE}/reports/hosts.json"}
    control.run(["rm", "-r", STATE])
    assert everything(control) == ready
    assert "changed=0" in schedule.apply(conda_proxy_schedule_state="absent").stdout
    control.run("rm -r /etc/fleet /etc/fleet-ca.pem /etc/secrets /opt/ansible /etc/systemd/system/hook@.service")
    control.run(["rmdir", "-p", "/var/lib/prometheus/node-exporter"], check=False)
    assert everything(control) == before

    player_inventory = tmp_path / "clean.yml"
    player_inventory.write_text(yaml.safe_dump({"all": {"hosts": {target.name: target.inventory()}}}))
    ansible_run("condafleet.proxy.remove", "-e", "conda_proxy_remove=yes", inventory=player_inventory)
    assert fingerprint(target) == target_before


class Repository:
    """A git repository on a host, with a collection, an inventory and a key that signs."""

    FOLDER = "/srv/fleet"

    def __init__(self, host: Host) -> None:
        self.host = host
        host.run(f"git init -q -b main {self.FOLDER} && mkdir /root/keys")
        host.run("ssh-keygen -q -t ed25519 -N '' -f /root/keys/one")
        for key, value in {
            "user.name": "fleet",
            "user.email": "fleet@example.com",
            "gpg.format": "ssh",
            "user.signingkey": "/root/keys/one.pub",
        }.items():
            self.git("config", key, value)
        host.run(f"cp -r {COLLECTIONS} {self.FOLDER}/collections")
        self.signers = f"fleet@example.com {host.read('/root/keys/one.pub')}"

    def git(self, *arguments: str) -> str:
        return self.host.run(["git", "-C", self.FOLDER, *arguments]).stdout.strip()

    def commit(self, signed: bool = True) -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "x", *(["-S"] if signed else []))
        return self.git("rev-parse", "HEAD")


def test_a_host_that_pulls(
    ansible_run: Callable[..., Any],
    tmp_path: Path,
    control: Host,
    variables: dict[str, Any],
    authority: Authority,
) -> None:
    before = everything(control)
    system_before = fingerprint(control)
    control.write("/etc/secrets/vault-password", VAULT_PASSWORD, mode="0600")
    vault = encrypted(f"conda_proxy_password: {json.dumps(PROXY_PASSWORD)}\n", tmp_path)
    repository = Repository(control)
    inventory = f"{repository.FOLDER}/inventory"
    write_inventory(control, inventory, {"control": {}, "another": {}}, variables, vault, authority.pem.read_text())
    control.run(["mv", f"{inventory}-ca.pem", "/etc/secrets/ca.pem"])
    control.run(f"sed -i s,{inventory}-ca.pem,/etc/secrets/ca.pem, {inventory}/hosts.yml")
    control.write(
        f"{repository.FOLDER}/drift.yml", "- name: Drift\n  ansible.builtin.import_playbook: condafleet.proxy.drift\n"
    )
    first = repository.commit()
    schedule = Schedule(
        ansible_run,
        tmp_path,
        control,
        {
            "conda_proxy_schedule_mode": "pull",
            "conda_proxy_schedule_repository": f"file://{repository.FOLDER}",
            "conda_proxy_schedule_signers": repository.signers,
            "conda_proxy_schedule_wheels": WHEELS,
            "conda_proxy_schedule_vault_password_file": "/etc/secrets/vault-password",
            "conda_proxy_schedule_on_calendar": "*-01-01",
            "conda_proxy_schedule_delay": 0,
        },
    )
    for more, sentence in (
        ({"conda_proxy_schedule_repository": ""}, "conda_proxy_schedule_repository is empty"),
        ({"conda_proxy_schedule_wheels": ""}, "there is no Ansible to use; set conda_proxy_schedule_ansible"),
        ({"conda_proxy_schedule_inventory": "/etc/hosts"}, "conda_proxy_schedule_inventory is an absolute path"),
    ):
        refused = schedule.apply(**more)
        assert refused.returncode == 2
        assert sentence in refused.stdout.replace("\n", " "), refused.stdout
    applied = schedule.apply()
    assert applied.returncode == 0, applied.stdout
    assert "changed=0" in schedule.apply().stdout

    def checked_out() -> str:
        return control.run(["git", "-C", f"{STATE}/checkout", "rev-parse", "HEAD"]).stdout.strip()

    assert schedule.start() == 0
    assert schedule.states() == {"control": "changed"}, "itself and no other host of the inventory"
    assert "http_proxy" in control.read("/etc/environment")
    control.run("sed -i /https_proxy/d /etc/environment")
    assert schedule.start() == 0, "an unchanged commit is played again"
    assert schedule.states() == {"control": "changed"}
    assert "https_proxy" in control.read("/etc/environment")

    # a commit that nobody signed is never played, and nothing of it is read: its inventory is a program
    for name in ("inventory/program", "collections/program"):
        control.write(f"{repository.FOLDER}/{name}", "#!/bin/sh\ntouch /run/taken-over\necho '{}'\n", mode="0755")
    repository.commit(signed=False)
    for _attempt in range(2):
        assert schedule.start(check=False) == 2
        assert checked_out() == first
    assert "is not signed by one of the signers, so nothing is played" in schedule.log()
    assert control.run(["test", "-e", "/run/taken-over"], check=False).returncode == 1
    repository.git("reset", "-q", "--hard", first)

    # signed, it is
    control.run(f"sed -i 's/\"control\"/control/' {inventory}/hosts.yml")
    second = repository.commit()
    control.write(f"{STATE}/checkout/edited", "by somebody")
    assert schedule.start() == 0
    assert (checked_out(), schedule.states()) == (second, {"control": "in_order"})
    repository.git("reset", "-q", "--hard", first)
    assert schedule.start(check=False) == 2
    assert "does not follow the one that was played before" in schedule.log()
    repository.git("reset", "-q", "--hard", second)

    # a host that its inventory does not name, and a repository that is away
    schedule.apply(conda_proxy_schedule_host="nobody")
    assert schedule.start(check=False) == 1
    assert "leaves us with no hosts to target" in schedule.log()
    schedule.apply()
    control.run(["mv", repository.FOLDER, "/srv/away"])
    assert schedule.start(check=False) == 2
    assert "the branch main cannot be fetched" in schedule.log()
    assert PROXY_PASSWORD not in schedule.log()

    clean = tmp_path / "clean.yml"
    clean.write_text(yaml.safe_dump({"all": {"hosts": {"control": control.inventory()}}}))
    ansible_run("condafleet.proxy.remove", "-e", "conda_proxy_remove=yes", inventory=clean)
    removed = schedule.apply(conda_proxy_schedule_state="absent")
    assert removed.returncode == 0, removed.stdout
    control.run(f"rm -r {STATE} /etc/secrets /srv/away /root/keys")
    assert everything(control) == before
    assert fingerprint(control) == system_before
