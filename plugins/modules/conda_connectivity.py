#!/usr/bin/python
# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt or COPYING)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: the action plugin of the same name does the work.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: conda_connectivity
short_description: Check whether conda reaches its channels from a machine, and if not, why
description:
  - Runs conda's own session in conda's own Python and reads the first kilobyte of C(noarch/repodata.json) of every
    effective channel. The answer is one of a fixed set of verdicts, each with a remedy.
  - conda itself shows the same error for a DNS failure, a refused connection, a timeout, a 407, a 403 and a
    wrong proxy scheme. The verdicts tell them apart; C(docs/verdicts.md) explains each.
  - Never prompts, stops at its own deadline, reads a few kilobytes per channel and writes nothing.
  - >-
    With a candidate (O(http), O(https), O(username), O(password), O(no_proxy), O(tls_to_proxy), O(ca_bundle),
    O(ca_bundle_src), O(ca_bundle_content)) it checks whether these settings would work from the machine, without writing them: conda
    uses them as if M(condafleet.proxy.conda_proxy) had written the condarc and the environment. With a candidate
    for the
    proxy, the machine's own C(proxy_servers) and proxy variables are ignored. All other settings of the machine
    apply unchanged, also its channels (unless O(channels) is set) and its errors: a condarc that conda refuses is
    still refused.
  - If the task runs as root, a base that other users can change is run as its owner, or as C(nobody) if root is
    the owner.
version_added: 1.0.0
author:
  - condafleet.proxy contributors (@condafleet)
extends_documentation_fragment:
  - condafleet.proxy.attributes
  - condafleet.proxy.attributes.observes
options:
  channels:
    description:
      - Names or URLs of the channels to check.
      - By default, and with an empty list, the channels in effect in conda's configuration.
    type: list
    elements: str
  prefix:
    description:
      - The directory of the conda base to check.
      - >-
        By default every base that is found: through C(PATH), in C(/opt), in the home directory (C(miniconda3),
        C(anaconda3),
        C(miniforge3)) and in C(~/.conda/environments.txt).
    type: str
  environment:
    description:
      - Environment variables that conda sees, for instance C(https_proxy) or C(REQUESTS_CA_BUNDLE).
      - By default the variables of a new login shell of the connecting user.
      - Values that are not strings are converted to strings, as with the keyword C(environment), so 1 is C(1) and
        true is C(True). With null, conda
        does not see the variable.
    type: dict
  verify:
    description:
      - How the result affects the task. V(report) returns it and never fails. V(require) fails when a channel's
        verdict is not
        V(ok).
    type: str
    choices:
      - report
      - require
    default: report
  verify_deadline:
    description:
      - Seconds (greater than 0) after which the verification of a base stops; channels without a result get the
        verdict V(deadline).
    type: float
    default: 45.0
  verify_connect_timeout:
    description:
      - Seconds, above 0, to wait for a connection.
      - A longer C(remote_connect_timeout_secs) in a condarc is used instead, up to two thirds of O(verify_deadline).
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
      - Also read the first kilobyte of one package of every channel that is V(ok), through conda's own session. Some
        filters block only C(.conda) and C(.tar.bz2).
      - >-
        To select the package, the first and the last 64 kB of C(noarch/current_repodata.json) are read, or of
        C(noarch/repodata.json) if that file does not exist. The smallest package listed there is used, with
        C(.conda) preferred to C(.tar.bz2). This reads up to 150 kB more for each channel. If no package is found,
        the channel stays V(ok),
        RV(proof[].package) is none and RV(proof[].detail) says so.
      - Not done on a machine without conda.
    type: bool
    default: false
  verify_info:
    description:
      - Also return the output of C(conda info --all), for support. It does not affect the verdict, because it
        shows proxies only as
        C(<set>).
      - It runs in conda's own Python with the same environment, and is stopped after 30 seconds. One variable is
        added, an empty C(CONDA_OVERRIDE_CUDA), so that conda starts no process to detect a GPU.
    type: bool
    default: false
  http:
    description:
      - Try this proxy for http:// URLs, and for https:// URLs unless O(https) is set.
      - This and the options below are checked and encoded as by M(condafleet.proxy.conda_proxy).
    type: str
  https:
    description: Try this proxy for https:// URLs.
    type: str
  username:
    description: The user name for the proxy to test.
    type: str
  password:
    description:
      - The password for the proxy to test. It is sent to the machine without being shown, and is never written to
        a file.
      - If this or O(username) is exactly C(${NAME}), the proxy is set only in conda's settings and not in an
        environment variable, as M(condafleet.proxy.conda_proxy) would do.
    type: str
  no_proxy:
    description: Hosts that conda reaches without the tested proxy. Only used with O(http).
    type: list
    elements: str
    default: [localhost, 127.0.0.1, '::1']
  tls_to_proxy:
    description: The tested proxy's own port uses TLS, so its URL may begin with https://.
    type: bool
    default: false
  ca_bundle:
    description: Try this CA bundle, an absolute path on the machine. Without O(http), the machine's own proxy is used.
    type: str
  ca_bundle_src:
    description:
      - Test the CA certificates in this file on the control node, combined with the machine's root certificates.
      - The file is searched for as in M(condafleet.proxy.conda_proxy).
      - On the machine they are in a private temporary file, which is removed afterwards. Nothing else is written.
      - Not supported on a Windows host.
    type: str
  ca_bundle_content:
    description: The same as text. Set this or O(ca_bundle_src).
    type: str
seealso:
  - module: condafleet.proxy.conda_proxy
"""

EXAMPLES = r"""
- name: Check on every machine whether conda works
  condafleet.proxy.conda_connectivity:
  register: connectivity

- name: Show what is wrong and what to change
  ansible.builtin.debug:
    msg: "{{ item.url }}: {{ item.verdict }}. {{ item.remedy }}"
  loop: "{{ connectivity.proof | rejectattr('ok') }}"
  loop_control:
    label: "{{ item.url }}"

- name: Fail unless one base reaches one channel through one proxy
  condafleet.proxy.conda_connectivity:
    prefix: /opt/conda
    channels:
      - https://conda.anaconda.org/conda-forge
    environment:
      https_proxy: http://proxy.example.com:8080
    verify: require

- name: Test a proxy from the machine without changing anything
  condafleet.proxy.conda_connectivity:
    http: http://proxy.example.com:8080
    username: ada
    password: "{{ vault_proxy_password }}"
    ca_bundle_src: company-ca.pem
    verify_packages: true
  register: candidate
"""

RETURN = r"""
reachable:
  description: Whether every row's verdict is V(ok).
  type: bool
  returned: always
schema_version:
  description: The version of the result format.
  type: int
  returned: always
conda_info:
  description: For every base, the output of C(conda info --all) as text.
  type: list
  elements: dict
  returned: when O(verify_info) is set
  contains:
    user:
      description: The connecting user; null where it is not known.
      type: str
    base:
      description: The directory of the conda base.
      type: str
    text:
      description:
        - At most 16 kB. It contains no user, password, token or query of a URL, and no secret from conda's
          configuration, the environment or the netrc file. If one of these secrets is shorter than four
          characters, the whole text is withheld.
        - If there is nothing to show, one sentence instead.
      type: str
proof:
  description: A row for every base and channel. No value holds a secret.
  type: list
  elements: dict
  returned: always
  contains:
    user:
      description:
        - The user whose configuration was checked.
        - On Windows, the name of the connecting user's profile directory; none in a session without a profile.
      type: str
    base:
      description: The directory of the conda base; none if there is no base.
      type: str
    conda_version:
      description: The version of conda in that base.
      type: str
    python_version:
      description: The version of Python that ran the proof.
      type: str
    finished_by:
      description: V(completed), V(deadline) (its own), V(killed) (from outside) or V(driver) where it did not start.
      type: str
    url:
      description: The channel, without credentials. None where the verdict is about the base as a whole.
      type: str
    verdict:
      description: One word of C(docs/verdicts.md).
      type: str
    ok:
      description: Whether the verdict is V(ok).
      type: bool
    remedy:
      description: One line that says what to change; it names the role's variable.
      type: str
    see:
      description: The page and section that explain the verdict.
      type: str
    proxy_verdict:
      description: The verdict of Python without conda, one of the same verdicts.
      type: str
      returned: when the verdict is V(no_conda)
    status:
      description: The HTTP status of the answer.
      type: int
    connect_status:
      description: The status with which a proxy refused to open a tunnel.
      type: int
    elapsed:
      description: Seconds.
      type: float
    proxy:
      description: The proxy that was used, without credentials.
      type: str
    proxy_source:
      description: Where it came from, V(candidate) (this task's options), V(condarc), V(environment), V(system) or
        V(none).
      type: str
    proxy_file:
      description: The condarc that sets the proxy.
      type: str
    proxy_conflict:
      description: Whether condarc and environment name different proxies; conda since 24.1 uses both in one command.
      type: bool
    verify:
      description: The CA bundle in force, V(candidate) for this task's, V(true) for the built-in one, or V(false).
      type: raw
    tls_issuer:
      description: Who signed the channel's certificate, where that is not a public authority.
      type: str
    package:
      description:
        - The package that was tested, without credentials; none without O(verify_packages).
        - If a package was tested and the verdict is not V(ok), the verdict is about the package.
      type: str
    detail:
      description: One line that describes what was observed. Begins with C(Package) and its name where the package
        failed.
      type: str
  sample:
    - base: /opt/conda
      conda_version: 24.7.1
      detail: "The proxy answered 407 to CONNECT."
      ok: false
      proxy: http://proxy.example.com:8080
      proxy_source: condarc
      url: https://conda.anaconda.org/conda-forge
      user: ada
      verdict: proxy_auth_required
"""
