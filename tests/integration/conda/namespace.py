# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios that need a network of their own: a resolver that fails in each way, a firewall, routes. Needs root.

The test runs this module in a new network and mount namespace (`argv`), which ends with its process, however it ends.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bed.environ import SYSTEM_PATH
from tests.bed.paths import CHECKOUT, COLLECTIONS

# name -> what the resolver says: an address, a code (RCODE), or None: nothing at all
NAMES: dict[str, str | int | None] = {
    "good.test": "127.0.0.1", "nodata.test": 0, "nx.test": 3, "servfail.test": 2, "refused.test": 5, "never.test": None,
}  # fmt: skip
# ports that the firewall treats, and addresses that a route does; 10.77.0.1 has no route
FIREWALL = {
    "9001": ["DROP"],
    "9002": ["REJECT", "--reject-with", "tcp-reset"],
    "9003": ["REJECT"],
    "9004": ["REJECT", "--reject-with", "icmp-admin-prohibited"],
    "9005": ["REJECT", "--reject-with", "icmp-net-unreachable"],
}
ROUTES = {"prohibit": "10.78.0.1", "blackhole": "10.76.0.1", "unreachable": "10.75.0.1"}


def missing() -> str | None:
    """A sentence when this machine cannot do it, else None."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    absent = [name for name in ("unshare", "ip", "iptables", "mount") if shutil.which(name, path=SYSTEM_PATH) is None]
    return f"a network namespace needs {', '.join(absent)}" if absent else None


def argv(folder: Path, bases: dict[str, str | None]) -> list[str]:
    """Run the scenarios with these bases (kind -> prefix); the rows are in `folder/rows.json`."""
    inside = [sys.executable, "-m", "tests.integration.conda.namespace", str(folder), json.dumps(bases)]
    # --kill-child: it ends with this process
    return ["unshare", "--net", "--mount", "--fork", "--kill-child", *inside]


def run(folder: Path, bases: dict[str, str | None]) -> dict[tuple[str, str], list[dict[str, object]]]:
    """Scenario and kind -> rows."""
    env = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "HOME": str(folder), "PYTHONPATH": f"{CHECKOUT}:{COLLECTIONS}"}
    done = subprocess.run(argv(folder, bases), cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the namespace failed:\n{done.stdout}{done.stderr}")
    return {(name, kind): rows for name, kind, rows in json.loads((folder / "rows.json").read_text())}


def _set_up(folder: Path) -> None:
    def do(*command: str) -> None:
        subprocess.run(command, check=True, env={"PATH": SYSTEM_PATH})

    do("ip", "link", "set", "lo", "up")
    for port, verdict in FIREWALL.items():
        do("iptables", "-A", "INPUT", "-p", "tcp", "--dport", port, "-j", *verdict)
    for kind, address in ROUTES.items():
        do("ip", "route", "add", kind, address)
    for name, text in (
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ):
        (folder / name).write_text(text)
        do("mount", "--bind", str(folder / name), os.path.realpath(f"/etc/{name}"))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=_resolve, args=(server,), daemon=True).start()


def _resolve(server: socket.socket) -> None:
    while True:
        query, peer = server.recvfrom(512)
        answer = _answer(query)
        if answer is not None:
            server.sendto(answer, peer)


def _answer(query: bytes) -> bytes | None:
    """An answer to one question of a stub resolver (RFC 1035)."""
    labels, end = [], 12
    while query[end]:
        labels.append(query[end + 1 : end + 1 + query[end]].decode())
        end += 1 + query[end]
    end += 1
    kind = struct.unpack("!H", query[end : end + 2])[0]
    found = NAMES.get(".".join(labels).lower(), 3)
    if found is None:
        return None
    code = found if isinstance(found, int) else 0
    record = b""
    if isinstance(found, str) and kind == 1:  # A; to AAAA it has no data
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(found)
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 1 if record else 0, 0, 0)
    return head + query[12 : end + 4] + record


def main() -> None:
    """Inside the namespace."""
    from tests.integration.conda.probe_servers import Servers
    from tests.integration.conda.test_probe import Machine, wanted

    folder, bases = Path(sys.argv[1]), json.loads(sys.argv[2])
    _set_up(folder)
    servers = Servers(folder)
    with ThreadPoolExecutor(6) as pool:
        jobs = []
        for kind, base in bases.items():
            machine = Machine(servers, folder / kind, Path(base) if base else None)
            jobs += [(item["id"], kind, pool.submit(machine.run, item)) for item in wanted(kind, own_network=True)]
        rows = [(name, kind, job.result()) for name, kind, job in jobs]
    servers.close()
    (folder / "rows.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
