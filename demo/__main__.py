# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the demo. Ends with 0 when each went as expected; ansible's own output is in .demo/logs."""

from __future__ import annotations

import fcntl
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from demo import children, machines
from demo.console import Step, Unexpected, detail, perform, progress, say, table
from demo.machines import DEMO, HOMES
from tests.bed import conda_base
from tests.bed.channel import PACKAGE_FILE
from tests.bed.jsonlog import read_log
from tests.bed.paths import CACHE, CHECKOUT

if TYPE_CHECKING:
    from typing import NoReturn

    from tests.bed.play import Played

Changes = dict[str, list[str]]
NOTHING: Changes = {name: [] for name in machines.names()}


class Demo:
    """The steps, in their order; each says what it saw."""

    def __init__(self, served: dict[str, Any]) -> None:
        self.served = served
        self.before = machines.fingerprint()
        self.predicted: Changes = {}
        self.proof: dict[str, list[dict[str, Any]]] = {}
        self.summary = ""
        self.drift = {"tic": [], "tac": [".condarc: edited"], "toe": [".bashrc: missing"]}

    def steps(self) -> list[Step]:
        """What is done, and what should come of it."""
        return [
            Step("A bad setting", "refused before any machine is touched, value not shown", self.refuse),
            Step("Check mode", "says what would change, changes nothing", self.check),
            Step("Apply", "changes exactly that", self.apply),
            Step("Proof by real conda", "every machine reaches the channel through the proxy", self.prove),
            Step("conda by hand on tic", "conda search and create work in a login shell", self.by_hand),
            Step("Apply again", "no change", self.again),
            Step("Drift on tac and toe", "check mode finds these two and no other", self.find_drift),
            Step("Put right", "changes exactly that, then no drift is left", self.put_right),
            Step("Report on the three", "tac drift, toe failed, tic in order; a page", self.report),
            Step("Remove", "homes byte for byte as before the first step", self.remove),
        ]

    def refuse(self) -> str:
        setting = CHECKOUT / "demo/bad_setting.yml"
        bad = setting.read_text(encoding="utf-8").splitlines()[-1]
        detail(bad)
        played = children.play("site", "-e", f"@{setting}", log="1-refuse")
        messages = {entry["result"].get("msg", "") for entry in played.entries if entry["status"] == "failed"}
        if played.returncode == 0 or len(messages) != 1 or "conda_proxy_https" not in (message := messages.pop()):
            raise Unexpected("not refused", played.output)
        detail(message)
        if "username:password" in played.output:
            raise Unexpected("the value was shown", played.output)
        self._untouched("a machine was touched", played)
        return "refused on the control node, homes untouched"

    def check(self) -> str:
        played = self._played("site", "--check", log="2-check")
        self.predicted = changes(played)
        self._untouched("check mode changed something", played)
        if not all(self.predicted.values()):
            raise Unexpected("nothing to change on some machine", played.output)
        for name, found in self.predicted.items():
            detail(f"{name}: {' '.join(item.split(':', 1)[0] for item in found)}")
        return f"{sum(map(len, self.predicted.values()))} files named, homes untouched"

    def apply(self) -> str:
        played = self._played("site", log="3-apply")
        self.proof = {name: played.result(name)["proof"] for name in machines.names()}
        return self._changed(played, self.predicted)

    def prove(self) -> str:
        for name, rows in self.proof.items():
            for row in rows:
                detail(
                    f"{name}: {row['verdict']}  {row['url']}  by {row['proxy']} ({row['proxy_source']}), {row['elapsed']:.2f} s"
                )
        verdicts = [row["verdict"] for rows in self.proof.values() for row in rows]
        if verdicts != ["ok"] * len(machines.names()):
            raise Unexpected(f"verdicts {', '.join(verdicts) or 'missing'}")
        tunnels = self._tunnels()
        if tunnels < len(verdicts):
            raise Unexpected(f"the proxy saw {tunnels} requests of {len(verdicts)}")
        return f"{len(verdicts)} of {len(verdicts)} ok, seen at the proxy, password accepted"

    def by_hand(self) -> str:
        seen_before = self._tunnels()
        environment = DEMO / "environment"
        for command in ("search hello", f"create --yes --quiet --prefix {shlex.quote(str(environment))} hello"):
            detail(f"$ conda {command.replace(str(CHECKOUT) + '/', '')}")
            returncode, output = children.conda("tic", command)
            if returncode != 0:
                raise Unexpected(f"conda ended with {returncode}", output)
            if command.startswith("search"):
                detail("\n".join(line for line in output.splitlines() if line.startswith(("# Name", "hello"))))
        machines.forget_environments("tic")
        text = (environment / PACKAGE_FILE).read_text(encoding="utf-8")
        detail(f"{PACKAGE_FILE}: {text.strip()}")
        return f"package installed, {self._tunnels() - seen_before} more requests at the proxy"

    def again(self) -> str:
        self._changed(self._played("site", log="6-again"), NOTHING)
        return "no change"

    def find_drift(self) -> str:
        detail("tac: somebody edits the proxy in .condarc\ntoe: somebody deletes the block in .bashrc")
        machines.edit("tac", ".condarc", self.served["proxy"].rsplit(":", 1)[1], "8080")
        machines.cut_block("toe", ".bashrc")
        found = changes(played := self._played("site", "--check", log="7-drift"))
        if found != self.drift:
            raise Unexpected(f"found {found}", played.output)
        return "; ".join(f"{name} {what}" for name, found in self.drift.items() for what in found)

    def put_right(self) -> str:
        self._changed(self._played("site", log="8-put-right"), self.drift)
        self._changed(self._played("site", "--check", log="8-check"), NOTHING)
        return "2 files put right, no drift left"

    def report(self) -> str:
        detail("tac: somebody edits the proxy in .condarc\ntoe: somebody breaks .condarc")
        good = machines.overwrite("toe", ".condarc", b"channels: [conda-forge\n")
        port = self.served["proxy"].rsplit(":", 1)[1]
        machines.edit("tac", ".condarc", port, "8080")
        played = children.play("drift", log="9-report", report=DEMO / "report")
        machines.edit("tac", ".condarc", "8080", port)
        machines.overwrite("toe", ".condarc", good)
        found = json.loads((DEMO / "report/report.json").read_text(encoding="utf-8"))
        states = {row["host"]: row["state"] for row in found["hosts"]}
        if played.returncode != 2 or states != {"tic": "in_order", "tac": "drift", "toe": "failed"}:
            raise Unexpected(f"found {states}", played.output)
        lines = played.output[played.output.index("CONDA FLEET") :].splitlines()[1:]
        self.summary = "\n".join(line for line in lines if line.strip()).replace(f"{CHECKOUT}/", "")
        return "exit code 2, the page is .demo/report/report.html"

    def remove(self) -> str:
        played = self._played("remove", "-e", "conda_proxy_remove=yes", log="10-remove")
        self._untouched("the homes are not as before", played)
        return f"{len(self.before)} paths in {len(NOTHING)} homes as before"

    def _played(self, playbook: str, *arguments: str, log: str) -> Played:
        played = children.play(playbook, *arguments, log=log)
        if played.returncode != 0:
            raise Unexpected(f"ansible-playbook ended with {played.returncode}", played.output)
        return played

    def _changed(self, played: Played, wanted: Changes) -> str:
        found = changes(played)
        if found != wanted:
            raise Unexpected(f"changed {found}", played.output)
        return f"{sum(map(len, found.values()))} files changed, as check mode said"

    def _untouched(self, otherwise: str, played: Played) -> None:
        if different := machines.differences(self.before, machines.fingerprint()):
            raise Unexpected(f"{otherwise}: {', '.join(different)}", played.output)

    def _tunnels(self) -> int:
        wanted = {"method": "CONNECT", "status": 200, "target": self.served["https"].split("/")[2]}
        return sum(wanted.items() <= entry.items() for entry in read_log(DEMO / "stage/proxy.jsonl"))


def changes(played: Played) -> Changes:
    """Per machine, what a run changes or in check mode would change: file and reason."""
    return {
        name: [
            f"{path.removeprefix(f'{HOMES}/{name}/')}: {', '.join(reasons)}"
            for path, (_action, reasons) in sorted(played.changes(name).items())
        ]
        for name in machines.names()
    }


def main() -> int:
    """Build what is missing, run the steps, show the table."""
    start = time.monotonic()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "demo.lock").open("a") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another demo runs in this checkout")
            return 1
        _clear()
        say("Three machines (homes below .demo/homes), a proxy that asks for a password, and behind it a TLS channel")
        say("whose name only the proxy can resolve. Nothing outside of this checkout is written.\n")
        with progress("real conda (the first time it is downloaded and built, about half a minute)"):
            base = conda_base.build()
        machines.furnish(base)
        with children.stage() as served:
            say(f"       proxy {served['proxy']}, channel {served['https']}")
            children.set_addresses(served, base)
            demo = Demo(served)
            steps = demo.steps()
            ok = perform(steps)
        table(steps)
        if demo.summary:
            say("\nWhat a run on a fleet ends with, here from the step with the report:\n")
            say(demo.summary + "\n")
        say(f"{'All as expected' if ok else 'Not as expected'}, {time.monotonic() - start:.0f} s.", end=" ")
        say("What Ansible said is in .demo/logs, the settings are in inventories/demo.")
        if demo.summary:
            say("Open .demo/report/report.html to see the report page.")
        return 0 if ok else 1


def _clear() -> None:
    """Begin anew, also after a demo that was killed before it could end its proxy."""
    if (DEMO / "stage/stage.json").exists():
        subprocess.run([sys.executable, "-m", "tests.bed.stage", "down", "--state", DEMO / "stage"], check=True)
    shutil.rmtree(DEMO, ignore_errors=True)
    for folder in ("control", "logs"):
        (DEMO / folder).mkdir(parents=True)


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
    children.adopt_orphans()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nstopped; everything that was started is ended")
        sys.exit(130)
    except Unexpected as exc:
        say(f"{exc}\n{exc.output}")
        sys.exit(1)
