#!/usr/bin/python
# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt or COPYING)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: the action plugin of the same name does the work.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: conda_proxy_rollout
short_description: Choose the canaries of a rollout, and stop it before the next ring
description:
  - Runs on the control node and connects to nothing. The playbooks of this collection use it, see docs/fleet.md.
  - Use it with C(run_once), in a playbook of your own that goes out in rings.
version_added: 1.1.0
author:
  - condafleet.proxy contributors (@condafleet)
extends_documentation_fragment:
  - condafleet.proxy.attributes
attributes:
  check_mode:
    description: The gate never stops in check mode, as nothing was applied.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
options:
  step:
    description:
      - What to do.
      - V(canaries) returns the hosts of the first ring, and refuses rings that Ansible would take for all hosts at once.
      - >-
        V(gate) fails when of the hosts of the rings before that were reached more than O(max_fail_percentage) failed, or
        when none of them was proven. Hosts that were not reached beside proven ones do not stop a rollout.
      - >-
        V(judge) fails for a host that is not in order: one with drift, or with a channel that is not reached. It reads
        what the role has registered in check mode, C(conda_proxy_result), and is not for C(run_once).
    type: str
    choices:
      - canaries
      - gate
      - judge
    required: true
  canaries:
    description:
      - Hosts and groups of the first ring. An empty list means no such ring.
      - The default is the first host of each connection and shell type.
    type: list
    elements: str
  rings:
    description:
      - The sizes of the rings after the first, as of the keyword C(serial).
    type: list
    elements: raw
    default: ["10%", "100%"]
  drift:
    description:
      - Whether the run corrects drift, or only detects it. An inventory that sets C(conda_proxy_drift) is refused.
    type: str
    choices:
      - detect
      - correct
  max_fail_percentage:
    description:
      - How many of the hosts of the rings before may have failed, in percent.
    type: float
    default: 0.0
"""

EXAMPLES = r"""
- name: Stop the rollout when a host of the rings before failed
  condafleet.proxy.conda_proxy_rollout:
    step: gate
  run_once: true
"""

RETURN = r"""
canaries:
  description: The hosts of the first ring, in the order of the play.
  type: list
  elements: str
  returned: when O(step=canaries)
  sample: [server1.example.com]
"""
