# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PRIVATE to the collection. The module conda_connectivity: its options, its proof, its result."""

from __future__ import annotations

import json
import os
import pwd
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils._editors import certificates
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.supported import PLATFORMS
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import ca_roots
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.login_shell import login_environment
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.probe import conda_info, prove
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.connectivity import connectivity


def run_connectivity(options: dict[str, Any]) -> dict[str, Any]:
    """What the module conda_connectivity returns. `options` are its own, and `home` and `user` where they are known."""
    account = pwd.getpwuid(os.geteuid())
    home = options.get("home") or account.pw_dir
    prefix = options.get("prefix") or ""
    candidate = options.get("candidate")
    login = login_environment(home, account.pw_shell, account.pw_name, prefix, also=json.dumps(candidate))
    bases = find_bases(home, login.pop("PATH", ""), prefix)
    user = options.get("user") or account.pw_name
    environment: dict[str, str | None] | None = options.get("environment")
    if environment is None:
        environment = {**login}
    if candidate and candidate["ca_bundle"]:
        roots = ca_roots.find_roots(PLATFORMS["Linux"].ca_roots, bases) or candidate["ca_bundle"]["roots"]
        if not roots:
            message = "no CA roots were found on this machine, so ca_bundle_src has nothing to be joined with"
            return {"changed": False, "failed": True, "needs": "ca_roots", "msg": message}
        candidate = dict(candidate, bundle=certificates.join(candidate["ca_bundle"]["pem"], roots))
    rows = prove(bases, environment, home, dict(options, user=user, candidate=candidate))
    infos = conda_info(bases, environment, home, candidate) if options.get("info") else None
    return connectivity(rows, infos, options)
