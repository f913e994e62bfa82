# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Choose the hosts of the first ring, and check the rings. Pure."""

from __future__ import annotations

import re
import typing as t

HostVars = t.Mapping[str, t.Mapping[str, t.Any]]
_PERCENT = re.compile(r"(100|[1-9]\d?)%\Z")


class InvalidRolloutError(Exception):
    """Error for settings of a rollout. The message names the variable, the reason and the fix."""


def canaries(
    hosts: t.Sequence[str], groups: t.Mapping[str, t.Sequence[str]], named: t.Any, variables: HostVars
) -> list[str]:
    """Return the hosts of the first ring, in the order of `hosts`.

    `named`: hosts and groups; None: the first host of each connection and shell type, so that one of each kind of
    machine is among them. Raises InvalidRolloutError.
    """
    if named is None:
        first: dict[tuple[str, str], str] = {}
        for host in hosts:
            own = variables[host]
            kind = (str(own.get("ansible_connection", "")), str(own.get("ansible_shell_type", "")))
            first.setdefault(kind, host)
        return list(first.values())
    if not isinstance(named, (list, tuple)):
        raise InvalidRolloutError("conda_proxy_canaries is not a list; name hosts and groups as a list")
    chosen: set[str] = set()
    for name in named:
        if name not in groups and name not in variables:
            raise InvalidRolloutError(
                f"conda_proxy_canaries contains {name}, which is neither a host nor a group of the inventory; correct it"
            )
        chosen.update(groups.get(name, [name]))
    return [host for host in hosts if host in chosen]


def check_seen(name: str, extra: t.Container[str], hosts: t.Sequence[str], variables: HostVars) -> None:
    """Raise InvalidRolloutError for a variable that the size of a ring depends on, and that an inventory sets.

    `extra`: the extra variables, which come first. `variables`: without those of a play.
    """
    found = [host for host in hosts if name in variables[host]]
    if found and name not in extra:
        raise InvalidRolloutError(
            f"{name} is set in the inventory (host {found[0]}), and Ansible does not read the size of a ring there; "
            "set it with -e, or in the vars of a playbook that imports this one"
        )


def check_drift(value: t.Any) -> None:
    """Raise InvalidRolloutError for a conda_proxy_drift that is no choice: it would change nothing without a word."""
    if value not in ("detect", "correct"):
        raise InvalidRolloutError("conda_proxy_drift is neither detect nor correct; write one of them")


def check_rings(rings: t.Any) -> None:
    """Raise InvalidRolloutError for rings that would mean all hosts at once."""
    values = rings if isinstance(rings, (list, tuple)) else [rings]
    for value in values or [None]:
        number = not isinstance(value, bool) and isinstance(value, int) and value > 0
        text = isinstance(value, str) and (_PERCENT.match(value) or re.match(r"[1-9]\d*\Z", value))
        if not (number or text):
            raise InvalidRolloutError(
                "conda_proxy_rings has an entry that is neither a number of hosts from 1 nor a percentage from 1% to "
                "100%, which Ansible would take for all hosts at once; write it as ['10%', '100%']"
            )
