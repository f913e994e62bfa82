#!/usr/bin/python
# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt or COPYING)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: the action plugin of the same name does the work.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: conda_proxy
short_description: Push proxy settings for conda to a machine, and prove that conda reaches its channels
description:
  - Merges the proxy, TLS and channel settings into a C(.condarc), sets C(http_proxy), C(https_proxy) and C(no_proxy) for
    every reader of environment variables that the machine has and, when requested, adds entries to a C(.netrc).
  - Every setting is checked on the control node before any connection is made. A setting that cannot be right is refused
    with its name, the reason and the fix, and never with its value.
  - A POSIX machine costs one remote execution, the proof included.
  - A Windows machine is worked on over the modules of the collection ansible.windows, see docs/windows.md.
  - The role P(condafleet.proxy.conda_proxy#role) has a variable C(conda_proxy_*) for every option.
version_added: 1.0.0
author:
  - condafleet.proxy contributors (@condafleet)
extends_documentation_fragment:
  - condafleet.proxy.attributes
attributes:
  check_mode:
    description: Says exactly what a run would change, and changes nothing. The proof runs once, against the machine as it is.
    support: full
  diff_mode:
    description: Shows what changes. Secrets are masked; a rotated one gets another mask.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  state:
    description:
      - Whether the settings should be there.
      - >-
        V(absent) needs no other settings: it restores what was there before the first run, byte for byte where
        a file is still as it was left.
      - With V(absent) the default O(sections) mean all sections.
    type: str
    choices:
      - present
      - absent
    default: present
  preflight:
    description:
      - Only check and compile the settings, and make no connection.
    type: bool
    default: false
  scope:
    description:
      - 'Whom the settings are for: every user of the machine, or single users.'
      - V(system) needs root, on Windows an administrator.
    type: str
    choices:
      - system
      - user
    default: system
  users:
    description:
      - The users whose homes are written, by root.
      - >-
        In user scope, empty means the connecting user. In system scope it names the users for the netrc
        section.
      - >-
        Name all users in one task. The settings of users whom an earlier run managed and who are no longer named
        are removed, so a loop over single users removes each one's when it comes to the next.
      - Must be empty for a Windows host, where only the connecting user is managed.
    type: list
    elements: str
    default: []
  home:
    description:
      - 'Another home for the connecting user''s own scope.'
      - 'The default is the home in the machine''s password database.'
      - Ansible's own temporary files still go where C(remote_tmp) says, by default below the real home.
    type: str
  sections:
    description:
      - What is managed. A run touches only the sections it names.
    type: list
    elements: str
    choices:
      - condarc
      - environment
      - netrc
    default:
      - condarc
      - environment
  http:
    description:
      - The proxy for http channels, as a URL.
      - A str without further checks by Ansible, so that no error message shows it.
    type: str
  https:
    description:
      - The proxy for https channels, as a URL. The default is the value of O(http).
      - 'Hardly ever begins with https://, see O(tls_to_proxy).'
    type: str
  username:
    description:
      - 'The user name for the proxy, as it is: it is encoded for you.'
      - 'Exactly C(${NAME}) is left to conda, which expands the variable.'
    type: str
  password:
    description:
      - 'The password for the proxy, as it is: it is encoded for you.'
      - 'Exactly C(${NAME}) is left to conda, which expands the variable.'
    type: str
  no_proxy:
    description:
      - Hosts that are reached without the proxy.
      - >-
        conda obeys exact host names only, so each known channel host that the list covers is exempted by name
        in the condarc.
    type: list
    elements: str
    default:
      - localhost
      - 127.0.0.1
      - "::1"
  tls_to_proxy:
    description:
      - 'The proxy itself speaks TLS, so an https:// scheme in O(http) and O(https) is meant.'
    type: bool
    default: false
  password_exposure:
    description:
      - Whether a password may be in files that every user of the machine can read, as system scope needs.
      - >-
        A token, and what is in the URL of a channel, in O(extra) or in O(condarc_template), counts as well; exactly
        C(${NAME}) does not.
    type: str
    choices:
      - refuse
      - allow
    default: refuse
  ca_bundle:
    description:
      - The path, on the machine, of the CA bundle that conda and REQUESTS_CA_BUNDLE use.
    type: str
  ca_bundle_src:
    description:
      - A PEM file on the control node with the CA of an intercepting proxy or private mirror.
      - 'It is deployed joined with the machine''s own roots, since REQUESTS_CA_BUNDLE replaces and does not add.'
      - >-
        Looked for in C(files/) as by M(ansible.builtin.copy), then beside the inventory; docs/template.md has the order.
    type: str
  ssl_verify:
    description:
      - 'conda''s C(ssl_verify): true, false, truststore or a path on the machine.'
    type: str
  channels:
    description:
      - 'conda''s C(channels).'
    type: list
    elements: str
    default: []
  default_channels:
    description:
      - 'conda''s C(default_channels).'
    type: list
    elements: str
    default: []
  channel_alias:
    description:
      - 'conda''s C(channel_alias): the URL before the names of channels.'
    type: str
  custom_channels:
    description:
      - 'conda''s C(custom_channels): names and the URLs they stand below.'
    type: dict
    default: {}
  allowlist_channels:
    description:
      - 'conda''s C(allowlist_channels).'
    type: list
    elements: str
    default: []
  denylist_channels:
    description:
      - 'conda''s C(denylist_channels).'
    type: list
    elements: str
    default: []
  override_channels_enabled:
    description:
      - 'conda''s C(override_channels_enabled).'
      - 'With O(lock) and channels the default is false, else conda''s.'
    type: bool
  remote_connect_timeout_secs:
    description:
      - 'conda''s C(remote_connect_timeout_secs), in seconds.'
    type: float
  remote_read_timeout_secs:
    description:
      - 'conda''s C(remote_read_timeout_secs), in seconds.'
    type: float
  remote_max_retries:
    description:
      - 'conda''s C(remote_max_retries).'
    type: int
  remote_backoff_factor:
    description:
      - 'conda''s C(remote_backoff_factor), in seconds.'
    type: int
  extra:
    description:
      - Any further keys of the condarc.
    type: dict
    default: {}
  lock:
    description:
      - >-
        Lock proxy_servers, ssl_verify, channels, allowlist_channels and override_channels_enabled with
        C(#!final), so that no user's condarc overrides them.
      - The environment still can, see docs/lock.md.
    type: bool
    default: false
  condarc_path:
    description:
      - >-
        The condarc to write. The default is C(/etc/conda/.condarc) (on Windows C(C:\ProgramData\conda\.condarc)) in
        system scope and C(~/.condarc) in user scope.
    type: str
  condarc_template:
    description:
      - A Jinja2 template of your own for the condarc, see docs/template.md.
    type: str
  environment_targets:
    description:
      - >-
        The readers of environment variables to manage. Empty means the platform's, docs/environment.md has the
        table.
      - V(systemd_manager) and V(sudoers) are managed only when named here; Windows knows V(registry) alone.
      - V(launchd) gives the variables to programs from the Dock of macOS. With a password it needs
        O(password_exposure=allow), also in user scope, as launchctl shows it to C(ps) for a moment.
    type: list
    elements: str
    default: []
  netrc:
    description:
      - >-
        Entries for channel hosts, each with machine, login and password. Never for a proxy: netrc cannot
        authenticate to one.
      - Raw, so that no error message shows a value; it is a list of dictionaries.
    type: raw
    default: []
  verify:
    description:
      - Whether it is verified that conda reaches its channels, and what the answer decides.
      - V(none) does not verify. V(report) returns the answer and never fails. Without a section, verification is all
        that is requested, and V(none) means V(rollback).
      - >-
        V(rollback) fails the task when a channel is not reached, and rolls all changes back when the machine reached its
        channels before them; each channel of each base counts by itself. A machine without conda passes while its
        proxy works.
      - V(require) fails the task whenever a channel is not reached, and rolls back what was changed.
      - In check mode the machine is verified as it is, once.
    type: str
    choices:
      - none
      - report
      - rollback
      - require
    default: rollback
  verify_deadline:
    description:
      - Seconds, above 0, that one attempt may take. It holds for each conda base of each user by itself; channels
        without an answer by then get the verdict V(deadline).
      - >-
        O(verify=rollback) makes an attempt before a change and one after it. A failure that may be gone a moment
        later is tried up to three times, as long as no more than this time has passed since the first attempt.
    type: float
    default: 45.0
  verify_connect_timeout:
    description:
      - Seconds, above 0, to wait for a connection.
      - Longer where a condarc has a longer C(remote_connect_timeout_secs), up to two thirds of
        O(verify_deadline).
    type: float
    default: 5.0
  verify_read_timeout:
    description:
      - Seconds, above 0, to wait for an answer.
      - Longer where a condarc has a longer C(remote_read_timeout_secs), up to two thirds of O(verify_deadline).
    type: float
    default: 15.0
  verify_packages:
    description:
      - Read the first kilobyte of one package of every channel that is reached, too. Some filters block only C(.conda)
        and C(.tar.bz2).
      - It costs up to 150 kB for each channel, see M(condafleet.proxy.conda_connectivity). Not done on a machine
        without conda, nor with O(verify=none).
    type: bool
    default: false
  verify_info:
    description:
      - Return what C(conda info --all) prints, too, for support, see M(condafleet.proxy.conda_connectivity).
      - Needs a conda base. Not done with O(verify=none).
    type: bool
    default: false
  prefix:
    description:
      - The directory of the conda base to verify. The default is every base that is found.
    type: str
seealso:
  - module: condafleet.proxy.conda_connectivity
"""

EXAMPLES = r"""
- name: Every user of the machine goes through a proxy that authenticates by address
  condafleet.proxy.conda_proxy:
    http: http://proxy.example.com:8080
    no_proxy: [localhost, 127.0.0.1, .example.com]
  become: true

- name: The connecting user goes through a proxy with a password
  condafleet.proxy.conda_proxy:
    scope: user
    http: http://proxy.example.com:8080
    username: svc-conda
    password: "{{ vault_conda_proxy_password }}"
    channels: [conda-forge]

- name: Leave the machine as if the collection had never run
  condafleet.proxy.conda_proxy:
    state: absent
  become: true
"""

RETURN = r"""
schema_version:
  description: The version of the form of this result.
  type: int
  returned: when the machine was reached
  sample: 1
resources:
  description: Only what changes. Everything else is counted in RV(unchanged).
  type: list
  elements: dict
  returned: when the machine was reached
  contains:
    id:
      description: Kind and path.
      type: str
      sample: condarc:/etc/conda/.condarc
    kind:
      description: What it is.
      type: str
      sample: condarc
    path:
      description: The file.
      type: str
      sample: /etc/conda/.condarc
    action:
      description: One of create, update, remove.
      type: str
      sample: update
    reasons:
      description: Of missing, edited, mode, owner, rotated (another value is requested), unwanted, roots_updated.
      type: list
      elements: str
      sample: [edited]
    user:
      description: Whose home it is in. Not there for the system's own files.
      type: str
      sample: ada
unchanged:
  description: How many targets are as they should be.
  type: int
  returned: when the machine was reached
  sample: 7
proof:
  description: A row per user, conda base and channel, as RV(condafleet.proxy.conda_connectivity#module:proof).
  type: list
  elements: dict
  returned: when the machine was reached
  sample: []
conda_info:
  description: For every conda base what C(conda info --all) printed, as text.
  type: list
  elements: dict
  returned: when O(verify_info) is set, O(verify) is not V(none) and a base was found
  contains:
    user:
      description: The user who ran conda; null where it is not known.
      type: str
    base:
      description: The directory of the conda base.
      type: str
    text:
      description: As RV(condafleet.proxy.conda_connectivity#module:conda_info[].text).
      type: str
rolled_back:
  description: Whether something failed and all changes were rolled back.
  type: bool
  returned: when the machine was reached
  sample: false
overruled:
  description:
    - Readers of environment variables that read another file in place of the managed one, such as one of device management.
    - Never a change by itself.
  type: list
  elements: dict
  returned: when the machine was reached
  contains:
    consumer:
      description: The reader, by its name in O(environment_targets).
      type: str
      sample: zsh
    path:
      description: The managed file.
      type: str
      sample: /etc/zshenv
    decided_by:
      description: What is read instead.
      type: str
      sample: /private/var/db/ManagedConfigurationFiles/com.apple.zsh/etc/zshenv
    user:
      description: Whose home it is in. Not there for the system's own files.
      type: str
      sample: ada
warnings:
  description: What was replaced, what conda cannot obey, and what must be restarted or logged in again to see the change.
  type: list
  elements: str
  returned: when there are any
  sample: ['open shells keep the old values: log in again']
"""
