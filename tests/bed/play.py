# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collection's playbooks and get back what users get: output, results, and how often a host was entered."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence

_CALLBACKS = Path(__file__).with_name("callback")
# a host that is this machine
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
# all hosts at once, also beside one that fails; an extra variable, as Ansible does not read rings from an inventory
ONE_RING = ("-e", '{"conda_proxy_rings": ["100%"], "conda_proxy_canaries": []}')
_FRONT = "condafleet.proxy.conda_proxy"


@dataclass
class Played:
    """One run of a playbook."""

    returncode: int
    output: str
    entries: list[dict[str, Any]]

    def result(self, host: str) -> dict[str, Any]:
        """The last result of the front role's task on a host."""
        found = [entry["result"] for entry in self.entries if entry["host"] == host and entry["action"] == _FRONT]
        assert found, f"no result of {_FRONT} for {host}:\n{self.output}"
        last: dict[str, Any] = found[-1]
        return last

    def changes(self, host: str) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Path -> action and reasons."""
        return {row["path"]: (row["action"], tuple(row["reasons"])) for row in self.result(host).get("resources", [])}

    def executions(self) -> int:
        """Remote commands over ssh; needs -vvv."""
        return self.output.count("SSH: EXEC ssh")


class Player:
    """Plays playbooks on an inventory of its own; `variables` hold for all hosts and can be changed between runs."""

    def __init__(
        self,
        ansible_run: Callable[..., subprocess.CompletedProcess[str]],
        folder: Path,
        hosts: Mapping[str, Mapping[str, Any]],
        variables: Mapping[str, Any],
        env: Mapping[str, str] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._run = ansible_run
        self._folder = folder
        self._hosts = hosts
        self.variables = dict(variables)
        self.program = "ansible-playbook"  # or that of another core
        self._env = dict(env or {})
        self._groups = {name: {"hosts": dict.fromkeys(members)} for name, members in (groups or {}).items()}

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Played:
        """Run condafleet.proxy.<playbook>; `variables` are added for this run."""
        if playbook == "remove":
            variables = {"conda_proxy_remove": True, **variables}
        inventory = self._folder / "inventory.yml"
        everything = {"hosts": dict(self._hosts), "children": self._groups, "vars": self.variables | variables}
        content = {"all": everything}
        inventory.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        name = f"condafleet.proxy.{playbook}" if "/" not in playbook else playbook
        return recorded(
            self._run, self._folder, name, *arguments, inventory=inventory, env=self._env, program=self.program
        )


def recorded(
    run: Callable[..., subprocess.CompletedProcess[str]],
    folder: Path,
    playbook: str,
    *arguments: str | Path,
    inventory: Path,
    env: Mapping[str, str] | None = None,
    program: str = "ansible-playbook",
) -> Played:
    """Run a playbook with `run`, the fixture `ansible_run`; the results are kept in `folder`."""
    results = folder / "results.jsonl"
    results.unlink(missing_ok=True)
    done = run(
        playbook,
        *arguments,
        inventory=inventory,
        program=program,
        env={
            **(env or {}),
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "bed_results",
            "BED_RESULTS": str(results),
        },
    )
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    return Played(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])
