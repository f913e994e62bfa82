# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The table of Windows."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Consumer, Platform

_NEW_PROGRAMS = (
    "open programs keep the old values: restart them, log in again for a desktop session, and restart services that "
    "start conda (such as the Task Scheduler and sshd)"
)

MACHINE_ENVIRONMENT = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
USER_ENVIRONMENT = r"HKCU:\Environment"

# Not among PLATFORMS: nothing of the collection runs there, the control node works on it over the modules of ansible.windows.
WINDOWS = Platform(
    system=(
        Consumer("registry", "", "value", (MACHINE_ENVIRONMENT,), activate="broadcast_machine", notice=_NEW_PROGRAMS),
    ),
    user=(Consumer("registry", "", "value", (USER_ENVIRONMENT,), activate="broadcast_user", notice=_NEW_PROGRAMS),),
    system_condarc=r"C:\ProgramData\conda\.condarc",
    system_state=r"C:\ProgramData\condafleet",
    system_ca_bundle=r"C:\ProgramData\conda\condafleet-ca.pem",
    ca_roots=(),  # Windows keeps its roots in no file
    user_condarc=r"{home}\.condarc",
    user_state=r"{home}\.local\state\condafleet",
    user_ca_bundle=r"{home}\.conda\condafleet-ca.pem",
    user_netrc=(r"{home}\.netrc", r"{home}\_netrc"),
    separator="\\",
    system_uid=-1,
    inherited_modes=True,
    ignores_case=True,
)
