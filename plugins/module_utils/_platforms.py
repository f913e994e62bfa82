# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One table per platform: which reader takes environment variables from which file, in which dialect.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

To manage another file, add a row. C({home}) stands for the user's home.
"""

from __future__ import annotations

import typing as t


class Consumer(t.NamedTuple):
    """A file, or on Windows a key of the registry, that somebody reads environment variables from.

    C(paths): of several, the first that is there; when none is, the last whose folder is there. C(form): C(whole) file
    of ours, C(block) in somebody's file, C(block_top) before a line that may return early, C(value) one each in the
    registry. C(needs): the row counts only
    where one of these exists (empty: always). C(only_existing): never create the file. C(by_name): only when the user
    names it. C(notice): what a user must do to see a change.
    """

    name: str
    dialect: str
    form: str
    paths: tuple[str, ...]
    needs: tuple[str, ...] = ()
    only_existing: bool = False
    by_name: bool = False
    check: str = ""
    activate: str = ""
    mode: int = 0o644
    notice: str = ""


class Activation(t.NamedTuple):
    """A command that makes a change take effect, where C(only_if) exists; else the warning C(otherwise)."""

    argv: tuple[str, ...]
    only_if: str
    otherwise: str
    read_back: tuple[str, ...] = ()


class Platform(t.NamedTuple):
    """All that differs between operating systems."""

    system: tuple[Consumer, ...]
    user: tuple[Consumer, ...]
    system_condarc: str
    system_state: str
    system_ca_bundle: str
    ca_roots: tuple[str, ...]
    user_condarc: str = "{home}/.condarc"
    user_state: str = "{home}/.local/state/condafleet"
    user_ca_bundle: str = "{home}/.conda/condafleet-ca.pem"


_SHELL = "open shells keep the old values: log in again"
_SESSION = "log in again, and restart cron, for new sessions to see the change"
_USER_MANAGER = "the user's systemd keeps the old values until that user has logged out everywhere"


def _programs(*names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names for folder in ("/bin", "/usr/bin", "/usr/local/bin"))


_ZSH = _programs("zsh")
_FISH = _programs("fish")
_CSH = _programs("tcsh", "csh")
_SYSTEMD = ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")

LINUX = Platform(
    system=(
        Consumer("profile", "sh", "whole", ("/etc/profile.d/condafleet-proxy.sh",), ("/etc/profile.d",), notice=_SHELL),
        Consumer("zsh", "sh", "block", ("/etc/zshenv", "/etc/zsh/zshenv"), _ZSH, notice=_SHELL),
        Consumer("fish", "fish", "whole", ("/etc/fish/conf.d/condafleet-proxy.fish",), _FISH, notice=_SHELL),
        Consumer("csh", "csh", "block", ("/etc/csh.cshrc",), _CSH, notice=_SHELL),
        Consumer("pam", "pam_env", "block", ("/etc/environment",), notice=_SESSION),
        Consumer(
            "environment_d",
            "environment_d",
            "whole",
            ("/etc/environment.d/60-condafleet-proxy.conf",),
            _SYSTEMD,
            notice=_USER_MANAGER,
        ),
        Consumer(
            "systemd_manager",
            "systemd_manager",
            "whole",
            ("/etc/systemd/system.conf.d/60-condafleet-proxy.conf",),
            _SYSTEMD,
            by_name=True,
            activate="systemd_reload",
            notice="running services keep the old values: restart those that use conda",
        ),
        Consumer(
            "sudoers",
            "sudoers",
            "whole",
            ("/etc/sudoers.d/condafleet-proxy",),
            ("/etc/sudoers.d",),
            by_name=True,
            check="visudo",
            mode=0o440,
        ),
    ),
    user=(
        Consumer("profile", "sh", "block", ("{home}/.profile",), notice=_SHELL),
        # creating one of these would shadow .profile
        Consumer("bash_profile", "sh", "block", ("{home}/.bash_profile",), only_existing=True, notice=_SHELL),
        Consumer("bash_login", "sh", "block", ("{home}/.bash_login",), only_existing=True, notice=_SHELL),
        # Debian's returns early when the shell is not interactive, as in "ssh host command"
        Consumer("bashrc", "sh", "block_top", ("{home}/.bashrc",), notice=_SHELL),
        Consumer("zsh", "sh", "block", ("{home}/.zshenv",), _ZSH, notice=_SHELL),
        Consumer("fish", "fish", "whole", ("{home}/.config/fish/conf.d/condafleet-proxy.fish",), _FISH, notice=_SHELL),
        # tcsh reads .cshrc only where there is no .tcshrc
        Consumer("csh", "csh", "block", ("{home}/.tcshrc", "{home}/.cshrc"), _CSH, notice=_SHELL),
        Consumer(
            "environment_d",
            "environment_d",
            "whole",
            ("{home}/.config/environment.d/60-condafleet-proxy.conf",),
            _SYSTEMD,
            notice=_USER_MANAGER,
        ),
    ),
    system_condarc="/etc/conda/.condarc",
    system_state="/var/lib/condafleet",
    system_ca_bundle="/etc/conda/condafleet-ca.pem",
    ca_roots=(
        "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
        "/etc/ssl/ca-bundle.pem",  # SUSE
    ),
)

_NEW_PROGRAMS = (
    "open programs keep the old values: start them anew, log in again for a desktop, and restart services (the one of the "
    "Task Scheduler and sshd among them) that start conda"
)

MACHINE_ENVIRONMENT = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
USER_ENVIRONMENT = r"HKCU:\Environment"

# Not among PLATFORMS: nothing of ours runs there, the control node works on it over the modules of ansible.windows.
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
)

PLATFORMS: t.Mapping[str, Platform] = {"Linux": LINUX}

# the new file stands at {file}
CHECKS: t.Mapping[str, tuple[str, ...]] = {"visudo": ("visudo", "-cf", "{file}")}

ACTIVATIONS: t.Mapping[str, Activation] = {
    "systemd_reload": Activation(
        argv=("systemctl", "daemon-reload"),
        only_if="/run/systemd/system",
        otherwise="systemd does not run here: its manager reads the change at the next boot",
        read_back=("systemctl", "show-environment"),
    ),
}

# Stands in the condarc until the machine puts in the path of the bundle that it was sent: whose home it is in, only the
# machine knows. "${HOME}/..." will not do: conda checks ssl_verify in each file before it expands variables.
CA_BUNDLE_PATH = "/condafleet-ca-bundle-of-this-machine"
ENVIRONMENT_TARGETS = tuple(
    sorted({row.name for platform in (*PLATFORMS.values(), WINDOWS) for row in platform.system + platform.user})
)
