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
  - Merges the proxy, TLS and channel settings into a C(.condarc), sets C(http_proxy), C(https_proxy) and
    C(no_proxy) for
    every reader of environment variables that the machine has and, when requested, adds entries to a C(.netrc).
  - Every setting is checked on the control node before any connection is made. An invalid setting is refused; the
    error gives its name, the reason and the fix, but never its value.
  - A POSIX machine needs one remote execution, including the proof.
  - A Windows machine is managed through the modules of the collection ansible.windows, see docs/windows.md.
  - The role P(condafleet.proxy.conda_proxy#role) has a variable C(conda_proxy_*) for every option.
version_added: 1.0.0
author:
  - condafleet.proxy contributors (@condafleet)
extends_documentation_fragment:
  - condafleet.proxy.attributes
attributes:
  check_mode:
    description: Says exactly what a run would change, and changes nothing. The proof runs once, against the
      machine as it is.
    support: full
  diff_mode:
    description: Shows what changes. Secrets are masked; a changed secret gets a different mask.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  state:
    description:
      - Whether the settings should be present.
      - >-
        V(absent) needs no other settings: it restores the state before the first run, byte for byte if a file has
        not changed since the last run.
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
      - The users whose home directories are managed; requires root.
      - >-
        In user scope, empty means the connecting user. In system scope it names the users for the netrc
        section.
      - >-
        In system scope without that section, and when only the proof runs, the machine is verified as these users too
        and nothing is written to their homes: another host writes O(netrc) into homes that they share.
      - >-
        Name all users in one task. The settings of users whom an earlier run managed and who are no longer listed
        are removed, so a loop over single users removes the settings of one user when it reaches the next user.
      - Must be empty for a Windows host, where only the connecting user is managed.
    type: list
    elements: str
    default: []
  home:
    description:
      - 'Another home directory for the connecting user in user scope.'
      - 'The default is the home in the machine''s password database.'
      - Ansible's own temporary files still go where C(remote_tmp) says, by default below the real home.
    type: str
  sections:
    description:
      - What is managed. A run changes only the sections listed here.
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
      - The type is a plain str, so that no error message of Ansible shows the value.
    type: str
  https:
    description:
      - The proxy for https channels, as a URL. The default is the value of O(http).
      - 'Rarely begins with https://, see O(tls_to_proxy).'
    type: str
  username:
    description:
      - 'The user name for the proxy, not encoded: the collection encodes it.'
      - 'A value of exactly C(${NAME}) is written unchanged, and conda expands the variable.'
    type: str
  password:
    description:
      - 'The password for the proxy, not encoded: the collection encodes it.'
      - 'A value of exactly C(${NAME}) is written unchanged, and conda expands the variable.'
    type: str
  no_proxy:
    description:
      - Hosts that are reached without the proxy.
      - >-
        conda matches exact host names only, so each known channel host that the list covers is exempted by name
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
      - Whether a password may be in files that every user of the machine can read. System scope requires this.
      - >-
        This also applies to a token, and to credentials in the URL of a channel, in O(extra) or in
        O(condarc_template), but not to exactly C(${NAME}).
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
      - 'It is combined with the machine''s own root certificates before it is deployed, because REQUESTS_CA_BUNDLE
        replaces those.'
      - >-
        Searched for in C(files/) as M(ansible.builtin.copy) does, then beside the inventory; see
        docs/template.md for the order.
    type: str
  ca_bundle_content:
    description:
      - The same as text, for where no such file is on the control node, as in AWX. Set this or O(ca_bundle_src).
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
      - 'conda''s C(channel_alias): the URL prefix for channel names.'
    type: str
  custom_channels:
    description:
      - 'conda''s C(custom_channels): a mapping of channel names to their base URLs.'
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
      - 'The default is false if O(lock) and channels are set, otherwise the default of conda.'
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
      - Environment variables can still override them, see docs/lock.md.
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
        The readers of environment variables to manage. An empty list means the default targets of the platform,
        see the table in docs/environment.md.
      - V(systemd_manager) and V(sudoers) are managed only when named here; Windows has only V(registry).
      - V(launchd) gives the variables to programs from the Dock of macOS. With a password it needs
        O(password_exposure=allow), also in user scope, as launchctl shows it to C(ps) for a moment.
    type: list
    elements: str
    default: []
  takeover:
    description:
      - >-
        Comment out the lines of others that set the managed variables, in the files that sessions and shells read: lines
        that somebody wrote, and blocks of other roles. Removing the settings brings them back.
      - Only a line that does nothing else is commented out. Others, and those in files outside of the scope, are listed
        as RV(claims), with file and line; without this option all of them are.
      - Has no effect on Windows, where the registry holds one value, and removing brings the old one back.
    type: bool
    default: false
  netrc:
    description:
      - >-
        Entries for channel hosts, each with machine, login and password. Never for a proxy: netrc cannot
        authenticate to one.
      - A list of dictionaries; the type is raw, so that no error message shows a value.
    type: raw
    default: []
  verify:
    description:
      - Whether to verify that conda reaches its channels, and how the result affects the task.
      - V(none) does not verify. V(report) returns the answer and never fails. If O(sections) is empty, the task
        only verifies, and V(none) means V(rollback).
      - >-
        V(rollback) fails the task when a channel is not reached, and rolls all changes back when the machine
        reached its channels before the changes; each channel of each base is compared separately. A machine
        without conda passes if its proxy works.
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
      - Seconds, above 0, that one attempt may take. It applies to each conda base of each user separately;
        channels without a result by then get the verdict V(deadline).
      - >-
        O(verify=rollback) makes an attempt before a change and one after it. A check with a transient failure is
        attempted up to three times, if no more than this time has passed since the first attempt.
    type: float
    default: 45.0
  verify_connect_timeout:
    description:
      - Seconds, above 0, to wait for a connection.
      - A longer C(remote_connect_timeout_secs) in a condarc is used instead, up to two thirds of
        O(verify_deadline).
    type: float
    default: 5.0
  verify_read_timeout:
    description:
      - Seconds, above 0, to wait for an answer.
      - A longer C(remote_read_timeout_secs) in a condarc is used instead, up to two thirds of O(verify_deadline).
    type: float
    default: 15.0
  verify_packages:
    description:
      - Also read the first kilobyte of one package of every channel that is reached. Some filters block only C(.conda)
        and C(.tar.bz2).
      - It costs up to 150 kB for each channel, see M(condafleet.proxy.conda_connectivity). Not done on a machine
        without conda, nor with O(verify=none).
    type: bool
    default: false
  verify_info:
    description:
      - Also return the output of C(conda info --all), for support, see M(condafleet.proxy.conda_connectivity).
      - Needs a conda base. Not done with O(verify=none).
    type: bool
    default: false
  prefix:
    description:
      - The directory of the conda base to verify. The default is every base that is found.
    type: str
  hold:
    description:
      - Leave the host alone, such as C(ticket 123 until 2026-12-01). The text gives the reason and ends with the last day.
      - The settings are checked all the same. A hold that has expired still holds, and a warning says so.
    type: str
    version_added: 1.1.0
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

- name: Restore the machine to the state before the first run
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
  description: The resources that change. All others are counted in RV(unchanged).
  type: list
  elements: dict
  returned: when the machine was reached
  contains:
    id:
      description: Kind and path.
      type: str
      sample: condarc:/etc/conda/.condarc
    kind:
      description: The kind of the resource.
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
      description: One or more of missing, edited, mode, owner, rotated (another value is requested), unwanted,
        roots_updated.
      type: list
      elements: str
      sample: [edited]
    user:
      description: The user whose home directory contains the resource. Absent for system files.
      type: str
      sample: ada
unchanged:
  description: The number of targets that need no change.
  type: int
  returned: when the machine was reached
  sample: 7
proof:
  description:
    - A row per user, conda base and channel, in the format of RV(condafleet.proxy.conda_connectivity#module:proof).
    - In system scope C(ok) is also true for the verdict V(channel_unauthorized) of root, where only O(users) have the login
      of O(netrc).
  type: list
  elements: dict
  returned: when the machine was reached
  sample: []
conda_info:
  description: For every conda base, the output of C(conda info --all) as text.
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
claims:
  description:
    - Lines of others that set a managed variable, in the files that sessions and shells read, and that are not commented
      out.
    - A warning names them whenever environment variables change, in check mode too.
  type: list
  elements: dict
  returned: when the machine was reached
  contains:
    path:
      description: The file.
      type: str
      sample: /etc/profile.d/proxy.sh
    line:
      description: The number of the line; the first is 1.
      type: int
      sample: 3
    variables:
      description: The variables that it sets.
      type: list
      elements: str
      sample: [http_proxy]
    removable:
      description: Whether O(takeover) comments it out. A line that does more than that is left to a person.
      type: bool
      sample: true
    user:
      description: The user whose home directory contains the file. Absent for system files.
      type: str
      sample: ada
overruled:
  description:
    - Programs that have something else than what was written. Each shell is started as a login shell, in a terminal and
      for C(ssh host command), with its own start-up files.
    - Empty while environment variables are about to change, and without verification.
    - Never a change by itself. A row that no run has recorded is drift.
  type: list
  elements: dict
  returned: when the machine was reached
  contains:
    consumer:
      description: The program, and how it was started; or a name of O(environment_targets).
      type: str
      sample: bash login shell
    variable:
      description: The variable. Empty when the program reads none of the managed file.
      type: str
      sample: http_proxy
    value:
      description: The value that it has, with secrets masked. Empty when it has none.
      type: str
      sample: http://old.example.com:3128
    decided_by:
      description: The file and line that decide, or the reason.
      type: str
      sample: /etc/profile.d/zzz-old.sh:3
    path:
      description: The managed file that is not read. Empty when the program reads another one in addition.
      type: str
      sample: /etc/zshenv
    known:
      description: Whether an earlier run recorded the row, so that it is no drift.
      type: bool
      sample: true
    user:
      description: The user whose home directory contains the resource. Absent for system files.
      type: str
      sample: ada
hold:
  description: Why the host was left alone. Nothing else is returned then.
  type: dict
  returned: when O(hold) is set
  contains:
    text:
      description: The text of O(hold).
      type: str
    until:
      description: The last day.
      type: str
      sample: "2026-12-01"
    expired:
      description: Whether that day is over.
      type: bool
preflight:
  description: Whether the settings were only checked.
  type: bool
  returned: when O(preflight) is set
refused:
  description: Whether the settings were refused, before any connection.
  type: bool
  returned: when they were
warnings:
  description: What was replaced, what conda does not support, and where a restart or a new login is required for
    the change to take effect.
  type: list
  elements: str
  returned: when there are any
  sample: ['open shells keep the old values: log in again']
"""
