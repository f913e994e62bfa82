# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Run the task of `conda_connectivity` on a POSIX machine."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import certificates
from ansible_collections.condafleet.proxy.plugins.module_utils._engine.result import Result, failure
from ansible_collections.condafleet.proxy.plugins.module_utils._host.preconditions import this_machine
from ansible_collections.condafleet.proxy.plugins.module_utils._machine import MachineError
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import accounts, facts, keychain
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.login_shell import login_environment
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import PosixLauncher
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._records import to_json
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._targets.build import RootsNeededError


def run_connectivity(task: Connectivity) -> Result:
    """Return the result of the module `conda_connectivity`."""
    try:
        return _run(task, accounts.own())
    except MachineError as exc:
        failed = dict(failure(str(exc)), changed=False)
        return dict(failed, needs=exc.needs) if exc.needs else failed


def _run(task: Connectivity, account: Account) -> Result:
    table = this_machine()
    also = json.dumps(to_json(task.candidate))
    login = login_environment(table.session, account, task.prefix, also)
    bases = find_bases(account.home, login.pop("PATH", ""), task.prefix)
    environment: t.Mapping[str, str | None] = login if task.environment is None else task.environment
    candidate = task.candidate
    if candidate is not None and candidate.ca_bundle:
        roots = facts.ca_roots(table, bases) or candidate.ca_bundle.roots
        if not roots:
            raise RootsNeededError
        candidate = candidate._replace(ca_bundle=CaBundle(certificates.join(candidate.ca_bundle.pem, roots)))
    launcher = PosixLauncher(account.home)
    rows = connectivity.prove(launcher, bases, environment, task.proof, user=account.name, candidate=candidate)
    infos = (
        connectivity.conda_info(launcher, bases, environment, user=account.name, candidate=candidate)
        if task.proof.info
        else None
    )
    result = connectivity.result(rows, infos, task.require)
    result["warnings"] = keychain.notes(table.keychains, rows)
    return result
