#!/usr/bin/python
# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt or COPYING)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: conda_proxy_host
short_description: The part of the collection that runs on a POSIX machine
description:
  - This module is for internal use only; its option and its result can change at any time.
  - Use M(condafleet.proxy.conda_proxy), M(condafleet.proxy.conda_connectivity) and
    M(condafleet.proxy.conda_proxy_info) instead.
version_added: 1.0.0
author:
  - condafleet.proxy contributors (@condafleet)
attributes:
  check_mode:
    description: Whether the module can predict what it would change.
    support: full
  diff_mode:
    description: Whether the module shows what it changes, with secrets masked.
    support: full
options:
  payload:
    description:
      - What to do, as JSON in base64. One string, so that every secret in it travels outside of argv and environment,
        and so that Ansible never searches the result for a short password.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Use this module instead
  condafleet.proxy.conda_proxy:
    scope: user
    http: http://proxy.example.com:8080
"""

RETURN = r"""
schema_version:
  description: The version of the result format.
  type: int
  returned: always
"""

import base64
import json
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.condafleet.proxy.plugins.module_utils._records import RecordError
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Connectivity, Info, Task, unpack


def _result_of(task: Task, module: AnsibleModule) -> dict[str, t.Any]:
    """Run one task. Each imports its own files: a module's are compiled again in every run."""
    if isinstance(task, Connectivity):
        from ansible_collections.condafleet.proxy.plugins.module_utils._host.connectivity import run_connectivity

        return run_connectivity(task)
    if isinstance(task, Info):
        from ansible_collections.condafleet.proxy.plugins.module_utils._host.info import run_info

        return run_info(task)
    from ansible_collections.condafleet.proxy.plugins.module_utils._host import converge

    with_diff = bool(module._diff)  # noqa: SLF001  # Ansible offers no other way to ask
    return converge.run(task.settings, task.run, module.check_mode, with_diff)


def main() -> None:
    """Run the task of the payload."""
    module = AnsibleModule(
        argument_spec={"payload": {"type": "str", "required": True, "no_log": True}}, supports_check_mode=True
    )
    try:
        task = unpack(json.loads(base64.b64decode(module.params["payload"])))
    except RecordError as exc:
        module.fail_json(msg=f"cannot read what the control node sent: {exc}")
    result = _result_of(task, module)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
