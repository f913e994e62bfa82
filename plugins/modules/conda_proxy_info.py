#!/usr/bin/python
# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt or COPYING)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: the action plugin of the same name does the work.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: conda_proxy_info
short_description: Show which proxy and CA bundle every consumer on a machine uses, and which setting decides it
description:
  - Starts a login shell, a command as ssh runs it, sudo, curl and conda's own session, queries the systemd
    managers, and reads the settings of cron, pip, mamba and micromamba from files. For each consumer it shows
    the file and line, or the key, that sets the value.
  - curl connects to nothing; if curl cannot be run, its row is read from files and says so.
  - Names the settings that contradict each other, and which of them wins.
  - Requests nothing from the network and changes nothing. Start-up files are run, with the rights of their user.
  - For a user other than root, C(sudo -n) is run, which sudo logs if that user may not use sudo. If the task runs
    as root, root runs C(sudo -n).
version_added: 1.0.0
author:
  - condafleet.proxy contributors (@condafleet)
extends_documentation_fragment:
  - condafleet.proxy.attributes
  - condafleet.proxy.attributes.observes
options:
  users:
    description:
      - Whose view to show. Other users than the connecting user require root; on Windows only the connecting user
        is supported.
      - By default the connecting user's.
    type: list
    elements: str
  prefix:
    description:
      - The directory of the conda base to ask.
      - By default every base that is found, as M(condafleet.proxy.conda_connectivity) finds them.
    type: str
  channel:
    description: The URL of the channel for which the proxy is shown; the condarc may set a separate proxy for its host.
    type: str
    default: https://conda.anaconda.org
seealso:
  - module: condafleet.proxy.conda_connectivity
  - module: condafleet.proxy.conda_proxy
"""

EXAMPLES = r"""
- name: Show the settings of two users
  condafleet.proxy.conda_proxy_info:
    users:
      - ada
      - bob
  become: true
  register: info

- name: Show the settings that contradict each other
  ansible.builtin.debug:
    msg: "{{ item.user }}: {{ item.path }} {{ item.what }}. The winner is: {{ item.winner }}"
  loop: "{{ info.conflicts }}"
  loop_control:
    label: "{{ item.path }}"
"""

RETURN = r"""
schema_version:
  description: The version of the form of this result.
  type: int
  returned: always
consumers:
  description: A row for every user and consumer that is on the machine. No value holds a secret.
  type: list
  elements: dict
  returned: always
  contains:
    user:
      description: The user to whom the row applies.
      type: str
    consumer:
      description:
        - V(login shell), V(ssh command), V(sudo), V(systemd system), V(systemd user), V(conda packages), V(conda zst)
          (C(*.json.zst), which conda requests in another way), V(csh), V(cron), V(curl), V(pip), V(mamba) or
          V(micromamba).
        - On Windows V(new logon), V(service), V(WinINET) and V(WinHTTP).
      type: str
    base:
      description: The conda base; empty for consumers other than conda.
      type: str
    how:
      description: V(run) (by its own start-up), V(read from files) (by its known rules) or V(read from the registry).
      type: str
    http_proxy:
      description: The proxy for URLs that begin with http; empty for none.
      type: str
    https_proxy:
      description: The proxy for URLs that begin with https; empty for none.
      type: str
    no_proxy:
      description: The hosts that are reached without a proxy.
      type: str
    ca_bundle:
      description: The CA bundle; for conda also V(True) for its own, or V(False).
      type: str
    decided_by:
      description:
        - For each of the four values, where it was set, if that is known, as file and line (for a condarc also the
          key),
          or V(environment) and the variable.
      type: dict
    note:
      description: Why there is no value, or additional information.
      type: str
  sample:
    - base: /opt/conda
      ca_bundle: /etc/conda/condafleet-ca.pem
      consumer: conda packages
      decided_by:
        ca_bundle: "/etc/conda/.condarc:9: ssl_verify"
        http_proxy: "/home/ada/.condarc:2: proxy_servers.http"
        https_proxy: "/etc/conda/.condarc:3: proxy_servers.https"
      how: run
      http_proxy: http://other.example.com:8080
      https_proxy: http://proxy.example.com:8080
      no_proxy: ""
      note: no_proxy is ignored because the condarc sets the proxy
      user: ada
conflicts:
  description: Settings that contradict each other.
  type: list
  elements: dict
  returned: always
  contains:
    user:
      description: For whom.
      type: str
    path:
      description: The file (and line) with the conflicting setting; empty if the conflict is between consumers.
      type: str
    what:
      description: What the conflicting setting does.
      type: str
    winner:
      description: The file, variable or consumer whose setting is used.
      type: str
  sample:
    - path: /home/ada/.condarc
      user: ada
      what: sets proxy_servers.http besides /etc/conda/.condarc
      winner: /home/ada/.condarc
"""
