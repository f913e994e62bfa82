# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with shared homes, from `inventories/lab`: one writable folder is /home on every node, as NFS would have it.

NFS itself, Slurm and a hub are not run: batch shells are started as Slurm's manual says that it starts them.
"""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pytest
import yaml

from tests.bed import conda_base, light
from tests.bed.company import CHANNEL_HOST
from tests.bed.light import LightMachine, copy_homes, keys_layer
from tests.bed.paths import CHECKOUT
from tests.bed.play import Played, Player
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.secrets import PASSWORD, leaks
from tests.bed.tree import contents, fingerprint
from tests.conftest import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels

    Start = Callable[[str], LightMachine]
    Made = Callable[..., "Cluster"]

pytestmark = [pytest.mark.conda, pytest.mark.macos]
INVENTORY = CHECKOUT / "inventories/lab"
PASSPHRASE = "example"  # named in its hosts.yml
BASE = conda_base.HOST_PREFIX
PROXY_USER = "svc.lab"
CHANNEL_PASSWORD = "Zq8login:@%'$40;Zq8login"
OF_A_NODE = ("/etc", "/var/lib/condafleet", "/root")
# a job script lies in the shared home, and says which shell runs it
JOBS = {
    "job.csh": "#!/bin/tcsh\n#SBATCH --export=NONE\nenv\n",
    "login.sh": "#!/bin/bash -l\n#SBATCH --export=NONE\nenv\n",
    "plain.sh": "#!/bin/bash\n#SBATCH --export=NONE\nenv\n",
    "search.csh": f"#!/bin/tcsh\n#SBATCH --export=NONE\n{BASE}/bin/conda search --json hello\n",
}
# what a hub runs when a server starts: it makes a condarc where there is none
HOOK = r"""[ -e "$HOME/.condarc" ] || printf 'envs_dirs:\n  - %s/my-envs/\n' "$HOME" > "$HOME/.condarc" """
# root may not do in a home what its user has not allowed, as with homes that are exported with root_squash
PYTHON = "/usr/local/bin/python-of-a-squashed-root"
SQUASHED = (
    '#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search,-fowner,-chown /usr/bin/python3 "$@"\n'
)
NO_ENVIRONMENT = ("env", "-i", "PATH=/usr/bin:/bin")


class Cluster:
    """The inventory of the lab with machines of the tests in it. All that its runs printed or wrote is kept."""

    def __init__(self, player: Player, folder: Path, passphrase: Path) -> None:
        self.player = player
        self.reports = folder / "reports"
        self._passphrase = passphrase
        self._shown: list[str] = []

    def play(self, playbook: str, *arguments: str, **extra: Any) -> Played:
        values = {"conda_proxy_report_dir": str(self.reports), "conda_proxy_report_proof": True, **extra}
        vault = ("--vault-password-file", str(self._passphrase))
        played = self.player.play(playbook, *vault, *arguments, "-e", json.dumps(values))
        self._shown += [played.output, *(path.read_text() for path in self.reports.iterdir())]
        return played

    def states(self) -> dict[str, str]:
        report = json.loads((self.reports / "report.json").read_text())
        return {row["host"]: row["state"] for row in report["hosts"]}

    def leaks(self) -> set[str]:
        text = "\n".join(self._shown)
        return leaks(text) | {form for form in (CHANNEL_PASSWORD, quote(CHANNEL_PASSWORD, safe="")) if form in text}


class Lock:
    """Holds the lock of a user's settings, as a run on this machine would."""

    _SCRIPT = "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.lockf(f,fcntl.LOCK_EX); print('held',flush=True); sys.stdin.read()"

    def __init__(self, machine: LightMachine, user: str) -> None:
        command = ["python3", "-c", self._SCRIPT, f"/home/{user}/.local/state/condafleet/lock"]
        self._argv = [*machine.ssh_argv(user), shlex.join(command)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline() == b"held\n"
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate()  # the end of its input ends it


@pytest.fixture
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := light.missing() or conda_base.host_python_missing():
        unavailable(reason)
    return copy_homes(tmp_path_factory.mktemp("homes"))


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory, homes: Path) -> Iterator[Start]:
    """`start("node01")`: a node on which /home is the same folder as on the others."""
    base = conda_base.build_for_hosts()
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:

        def node(name: str) -> LightMachine:
            machine = LightMachine.start(
                name, folder / name, layers=[keys_layer()], mounts={BASE: base}, shared={"/home": homes}
            )
            stack.enter_context(machine)
            machine.write(PYTHON, SQUASHED, mode="0755")
            return machine

        yield node


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that compares bytes, which squid's password file cannot hold for all passwords."""
    behaviour = Behaviour(username=PROXY_USER.encode(), password=PASSWORD.encode(), hosts={CHANNEL_HOST: "127.0.0.1"})
    with Proxy(behaviour) as running:
        yield running


@pytest.fixture
def settings(proxy: Proxy, channels: Channels, authority: Authority) -> dict[str, Any]:
    """What replaces the example's values: the rest is the inventory as it is copied."""
    channels.rules.logins["private"] = ("lab", CHANNEL_PASSWORD)
    return {
        "conda_proxy_http": proxy.url(),
        "conda_proxy_username": PROXY_USER,
        "conda_proxy_ca_bundle_src": str(authority.pem),
        "conda_proxy_channels": [channels.https.url(name, CHANNEL_HOST) for name in ("main", "private")],
        "conda_proxy_users": ["ada", "bob"],
        "conda_proxy_netrc": [
            {"machine": CHANNEL_HOST, "login": "lab", "password": "{{ vault_conda_channel_password }}"}
        ],
        "vault_conda_proxy_password": PASSWORD,
        "vault_conda_channel_password": CHANNEL_PASSWORD,
    }


@pytest.fixture
def cluster_of(ansible_run: Callable[..., Any], tmp_path: Path, settings: dict[str, Any]) -> Made:
    def cluster(name: str, head: dict[str, Any], workers: dict[str, Any], **own: Any) -> Cluster:
        folder = tmp_path / name
        shutil.copytree(INVENTORY / "group_vars", folder / "group_vars")
        values = yaml.safe_dump(settings | own, allow_unicode=True)
        (folder / "group_vars/all/zz-of-the-test.yml").write_text(values, encoding="utf-8")
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE, encoding="utf-8")
        groups = {"head": list(head), "workers": list(workers)}
        return Cluster(Player(ansible_run, folder, head | workers, {}, groups=groups), folder, passphrase)

    return cluster


def inventory(node: LightMachine) -> dict[str, Any]:
    return node.inventory() | {"ansible_python_interpreter": PYTHON}


def nobody_there() -> dict[str, Any]:
    """A node that is down: a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return {"ansible_host": "127.0.0.1", "ansible_port": probe.getsockname()[1], "ansible_user": "root"}


def variables(output: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def slurm_environment(node: LightMachine, user: str) -> dict[str, str]:
    """What a job begins with after `sbatch --export=NONE`, as sbatch(1) has it: what `su - USER -c env` prints."""
    return variables(node.run([*NO_ENVIRONMENT, "su", "-", user, "-c", "/usr/bin/env"]).stdout)


def check_batch_shells(node: LightMachine, url: str) -> None:
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    for user in ("ada", "bob"):  # their login shells are bash and zsh
        bare = [*NO_ENVIRONMENT, f"HOME=/home/{user}", f"USER={user}"]
        slurm = ["env", "-i", *(f"{name}={value}" for name, value in slurm_environment(node, user).items())]
        for what, begin, job in (
            ("tcsh without an environment", bare, "job.csh"),
            ("bash -l without an environment", bare, "login.sh"),
            ("tcsh after --export=NONE", slurm, "job.csh"),
            ("bash -l after --export=NONE", slurm, "login.sh"),
            ("bash after --export=NONE", slurm, "plain.sh"),
        ):
            seen = variables(node.run([*begin, f"/home/ada/jobs/{job}"], user=user).stdout)
            assert {name: seen.get(name) for name in names} == dict.fromkeys(names, url), (node.name, user, what)
            assert seen["REQUESTS_CA_BUNDLE"] == "/etc/conda/condafleet-ca.pem", (node.name, user, what)
        # the limit that docs/clusters.md names: nothing is read, and conda has its condarc all the same
        assert "http_proxy" not in variables(node.run([*bare, "/home/ada/jobs/plain.sh"], user=user).stdout)
        found = json.loads(node.run([*bare, "/home/ada/jobs/search.csh"], user=user).stdout)
        assert {entry["channel"].rpartition("/")[2] for entry in found["hello"]} <= {"noarch", "linux-64"}
        assert {"main", "private"} == {entry["url"].split("/")[3] for entry in found["hello"]}, found


def test_a_cluster_from_nothing_to_nothing(start: Start, cluster_of: Made, proxy: Proxy, tmp_path: Path) -> None:
    nodes = {name: start(name) for name in ("head01", "node01", "node02")}
    head, worker = nodes["head01"], nodes["node01"]
    for name, text in JOBS.items():
        head.write(f"/home/ada/jobs/{name}", text, mode="0755", owner="ada")
    head.run("chown ada: /home/ada/jobs; chmod 755 /home/ada")
    head.write("/home/ada/.netrc", "machine other.example.com login me password mine\n", mode="0600", owner="ada")
    head.run("chmod 700 /home/bob")
    with pytest.raises(RuntimeError, match="PermissionError"):
        head.run([PYTHON, "-c", "open('/home/ada/.netrc')"])
    before = {name: fingerprint(node, OF_A_NODE) for name, node in nodes.items()}
    homes_before = fingerprint(head, ["/home"])
    assert fingerprint(worker, ["/home"]) == homes_before, "one folder on all nodes"

    down = nobody_there()
    inventories = {name: inventory(node) for name, node in nodes.items()}
    workers = {name: inventories[name] for name in ("node01", "node02")} | {"node03": down}
    lab = cluster_of("lab", {"head01": inventories["head01"]}, workers)

    # check mode, and a look by other means
    checked = lab.play("site", "--check", "--diff")
    assert "/home/ada/.netrc" in checked.changes("head01"), checked.output
    assert not [path for path in checked.changes("node01") if path.startswith("/home")]
    assert {name: fingerprint(node, OF_A_NODE) for name, node in nodes.items()} == before
    assert fingerprint(head, ["/home"]) == homes_before

    # one command
    applied = lab.play("site", "--diff", "-vvv")
    assert applied.returncode == 4, applied.output
    up = dict.fromkeys(nodes, "changed")
    assert lab.states() == {**up, "node03": "unreachable"}, applied.output
    assert (lab.reports / "remaining.txt").read_text().split() == ["node03"]
    for name in nodes:
        proof = {(row["user"], row["url"].rpartition("/")[2]): row["verdict"] for row in applied.result(name)["proof"]}
        everybody = {(user, channel): "ok" for user in ("root", "ada", "bob") for channel in ("main", "private")}
        assert proof == everybody | {("root", "private"): "channel_unauthorized"}, applied.output
        assert all(row["ok"] for row in applied.result(name)["proof"]), "root has no login, and needs none"
    for name, node in nodes.items():
        assert "proxy_servers" in node.read("/etc/conda/.condarc"), name
        assert CHANNEL_PASSWORD in node.run("cat ~/.netrc", user="ada").stdout, name
        check_batch_shells(node, url_of(proxy))
    assert sorted(json.loads(head.read("/var/lib/condafleet/state.json"))["users"]) == ["ada", "bob"]
    assert not json.loads(worker.read("/var/lib/condafleet/state.json"))["users"]
    for user in ("ada", "bob"):
        assert head.run(f"find /home/{user} ! -user {user}").stdout == "", "something in the home is not the user's"

    # again; and a hub's start hook, which finds no condarc in system scope and makes its own
    again = lab.play("site")
    assert lab.states() == {**dict.fromkeys(nodes, "in_order"), "node03": "unreachable"}, again.output
    nodes["node02"].run(["sh", "-c", HOOK], user="bob")
    assert "my-envs" in head.read("/home/bob/.condarc")
    found = lab.play("drift", "--limit", "!node03")
    assert found.returncode == 0, found.output

    # ada loses the login, on a worker: the head says which file, every node says that she does not reach the channel
    worker.run(f"sed -i /{CHANNEL_HOST}/d ~/.netrc", user="ada")
    # in one ring, as Ansible ends a playbook when no host of a ring is in order
    found = lab.play("drift", "--limit", "!node03")
    assert found.returncode == 2, found.output
    assert lab.states() == {"head01": "drift", "node01": "blocked", "node02": "blocked"}, found.output
    assert "/home/ada/.netrc" in found.changes("head01")
    assert [(row["user"], row["verdict"]) for row in found.result("node02")["proof"] if not row["ok"]] == [
        ("ada", "channel_unauthorized")
    ]

    # the schedule's run corrects it, and takes the node that was down
    late = start("node03")
    before["node03"] = fingerprint(late, OF_A_NODE)
    workers["node03"] = inventory(late)
    lab = cluster_of("lab again", {"head01": inventories["head01"]}, workers)
    corrected = lab.play("drift", conda_proxy_drift="correct")
    assert corrected.returncode == 0, corrected.output
    assert lab.states() == {"head01": "changed", "node01": "in_order", "node02": "in_order", "node03": "changed"}
    assert set(corrected.changes("head01")) == {"/home/ada/.netrc"}
    nodes["node03"] = late
    check_batch_shells(late, url_of(proxy))
    assert lab.play("drift").returncode == 0

    # a worker that goes takes nothing from the others
    gone = lab.play("remove", conda_proxy_remove=True, conda_proxy_hosts="node02")
    assert gone.returncode == 0, gone.output
    assert fingerprint(nodes["node02"], OF_A_NODE) == before["node02"]
    assert lab.play("verify", conda_proxy_hosts="node01").returncode == 0, "the logins are still there"

    removed = lab.play("remove", conda_proxy_remove=True)
    assert removed.returncode == 0, removed.output
    assert {name: fingerprint(node, OF_A_NODE) for name, node in nodes.items()} == before
    assert "my-envs" in head.read("/home/bob/.condarc"), "it is the hub's"
    head.run("rm /home/bob/.condarc")
    assert fingerprint(head, ["/home"]) == homes_before
    assert not lab.leaks()


def url_of(proxy: Proxy) -> str:
    login = f"{quote(PROXY_USER, safe='')}:{quote(PASSWORD, safe='')}"
    return proxy.url().replace("http://", f"http://{login}@")


def test_two_nodes_write_one_home_at_once(
    start: Start, cluster_of: Made, homes: Path, settings: dict[str, Any]
) -> None:
    """User scope, against the advice of docs/clusters.md: the lock in the home is seen by both, and nothing is lost."""
    nodes = {name: start(name) for name in ("node01", "node02", "node03")}
    mine = "# my own\nalias ll='ls -l'\n"
    nodes["node01"].write("/home/ada/.profile", mine, owner="ada")
    before = fingerprint(nodes["node01"], ["/home"])
    own = {
        "conda_proxy_scope": "user",
        "conda_proxy_users": ["ada"],
        "conda_proxy_channels": settings["conda_proxy_channels"][:1],
        "conda_proxy_canaries": [],
    }
    runs = [cluster_of(name, {}, {name: inventory(nodes[name])}, **own) for name in ("node01", "node02")]

    def both(playbook: str, **extra: Any) -> list[Played]:
        with ThreadPoolExecutor(2) as pool:
            played = list(pool.map(lambda lab: lab.play(playbook, **extra), runs))
        assert [one.returncode for one in played] == [0, 0], "\n".join(one.output for one in played)
        return played

    def changed(played: list[Played]) -> list[bool]:
        return sorted(one.result(name)["changed"] for one, name in zip(played, ("node01", "node02"), strict=True))

    # from nothing: the second finds all done
    assert changed(both("site")) == [False, True]
    check_once(homes)
    assert (homes / "ada/.profile").read_text().startswith(mine)
    after = contents(homes / "ada")

    # the lock of a third node is seen by both: they wait, and nothing is written
    with ThreadPoolExecutor(1) as pool:
        with Lock(nodes["node03"], "ada"):
            waiting = pool.submit(both, "site", conda_proxy_no_proxy=["localhost", "second.example.com"])
            for name in ("node01", "node02"):
                wait_for_a_process_of(nodes[name], "ada")
            time.sleep(3)  # a run that did not wait would have written by now
            assert contents(homes / "ada") == after
            assert not waiting.done()
        assert changed(waiting.result()) == [False, True]
    check_once(homes)
    assert "second.example.com" in (homes / "ada/.profile").read_text()

    both("remove", conda_proxy_remove=True)
    assert fingerprint(nodes["node01"], ["/home"]) == before
    assert not any(lab.leaks() for lab in runs)


def check_once(homes: Path) -> None:
    """No line twice, none half."""
    for name, line in (
        (".profile", "export https_proxy="),
        (".bashrc", "export https_proxy="),
        (".condarc", "channels:"),
    ):
        text = (homes / "ada" / name).read_text()
        assert text.count(line) == 1, (name, text)
        assert text.endswith("\n")
    state = json.loads((homes / "ada/.local/state/condafleet/state.json").read_text())
    assert not state.get("journal")


def wait_for_a_process_of(node: LightMachine, user: str) -> None:
    """Wait until the role is at work there with the rights of a user."""
    script = (
        f"for p in /proc/[0-9]*; do [ $(stat -c %U $p) = {user} ] && tr '\\0' ' ' <$p/cmdline; done 2>/dev/null; true"
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if "python3" in node.run(script).stdout:
            return
        time.sleep(0.2)
    raise AssertionError(f"nothing runs as {user} on {node.name}")
