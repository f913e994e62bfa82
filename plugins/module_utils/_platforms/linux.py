# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The table of Linux."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import (
    SYSCONFIG_PROXY,
    Activation,
    Consumer,
    Platform,
    Session,
    ShellStart,
    StartupFiles,
    users_fish,
)

_SHELL = "open shells keep the old values: log in again"
_SESSION = "open sessions keep the old values: log in again and restart cron"
_USER_MANAGER = "the systemd manager of a user keeps the old values until that user has logged out of all sessions"


def _programs(*names: str) -> tuple[str, ...]:
    return tuple(f"{directory}/{name}" for name in names for directory in ("/bin", "/usr/bin", "/usr/local/bin"))


_ZSH = _programs("zsh")
_FISH = _programs("fish")
_CSH = _programs("tcsh", "csh")
_SYSTEMD = ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")

_SH_LOGIN = ("/etc/profile", "/etc/profile.d/*.sh")
_BASHRC = ("/etc/bash.bashrc", "/etc/bashrc", "{home}/.bashrc")
_ZSHENV = ("/etc/zshenv", "/etc/zsh/zshenv", "{zdotdir}/.zshenv")
_ZLOGIN = (
    "/etc/zprofile",
    "/etc/zsh/zprofile",
    "{zdotdir}/.zprofile",
    "/etc/zlogin",
    "/etc/zsh/zlogin",
    "{zdotdir}/.zlogin",
)
_FISH_FILES = (
    "/etc/fish/conf.d/*.fish",
    "/etc/fish/config.fish",
    "{home}/.config/fish/conf.d/*.fish",
    "{home}/.config/fish/config.fish",
)
_CSH_FILES = ("/etc/csh.cshrc", "/etc/csh.login", "{home}/.tcshrc", "{home}/.cshrc", "{home}/.login")
_BASH_LOGINS = ("{home}/.profile", "{home}/.bash_login", "{home}/.bash_profile")

_SH = _programs("sh")
_BASH = _programs("bash")
_PROFILES = ("profile", "bash_profile", "bash_login")

# what is read last wins: so the names of files in directories begin with zz
LINUX = Platform(
    system=(
        Consumer(
            "profile",
            "sh",
            "whole",
            ("/etc/profile.d/zz-condafleet-proxy.sh",),
            ("/etc/profile.d",),
            notice=_SHELL,
            former=("/etc/profile.d/condafleet-proxy.sh",),
        ),
        Consumer("zsh", "sh", "block", ("/etc/zshenv", "/etc/zsh/zshenv"), _ZSH, notice=_SHELL),
        Consumer(
            "fish",
            "fish",
            "whole",
            ("/etc/fish/conf.d/zz-condafleet-proxy.fish",),
            _FISH,
            notice=_SHELL,
            former=("/etc/fish/conf.d/condafleet-proxy.fish",),
        ),
        Consumer("csh", "csh", "block", ("/etc/csh.cshrc",), _CSH, notice=_SHELL),
        Consumer("pam", "pam_env", "block", ("/etc/environment",), notice=_SESSION),
        Consumer(
            "environment_d",
            "environment_d",
            "whole",
            ("/etc/environment.d/zz-condafleet-proxy.conf",),
            _SYSTEMD,
            notice=_USER_MANAGER,
            former=("/etc/environment.d/60-condafleet-proxy.conf",),
        ),
        # SUSE: its profile, YaST and zypper read it, and without PROXY_ENABLED its profile unsets the variables of others
        Consumer("sysconfig_proxy", "sysconfig_proxy", "block", (SYSCONFIG_PROXY,), only_existing=True, notice=_SHELL),
        Consumer(
            "systemd_manager",
            "systemd_manager",
            "whole",
            ("/etc/systemd/system.conf.d/zz-condafleet-proxy.conf",),
            _SYSTEMD,
            by_name=True,
            activate="systemd_reload",
            notice="running services keep the old values: restart those that use conda",
            former=("/etc/systemd/system.conf.d/60-condafleet-proxy.conf",),
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
        Consumer("zsh", "sh", "block", ("{zdotdir}/.zshenv",), _ZSH, notice=_SHELL),
        users_fish(_FISH, _SHELL),
        # tcsh reads .cshrc only where there is no .tcshrc
        Consumer("csh", "csh", "block", ("{home}/.tcshrc", "{home}/.cshrc"), _CSH, notice=_SHELL),
        Consumer(
            "environment_d",
            "environment_d",
            "whole",
            ("{home}/.config/environment.d/zz-condafleet-proxy.conf",),
            _SYSTEMD,
            notice=_USER_MANAGER,
            former=("{home}/.config/environment.d/60-condafleet-proxy.conf",),
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
    checks={"visudo": ("visudo", "-cf", "{file}")},
    activations={
        "systemd_reload": Activation(
            argv=("systemctl", "daemon-reload"),
            only_if="/run/systemd/system",
            otherwise="systemd is not running: its manager reads the change at the next boot",
            read_back=("systemctl", "show-environment"),
        ),
    },
    session=Session(environment_files=("/etc/environment",)),
    startup=StartupFiles(
        login={
            "bash": _SH_LOGIN + _BASHRC + _BASH_LOGINS,
            "zsh": _ZSHENV + _ZLOGIN,
            "fish": _FISH_FILES,
            "csh": _CSH_FILES,
            "tcsh": _CSH_FILES,
        },
        command={"bash": _BASHRC, "zsh": _ZSHENV, "fish": _FISH_FILES, "csh": _CSH_FILES, "tcsh": _CSH_FILES},
        other_login=_SH_LOGIN + _BASH_LOGINS[:1],
        interactive={
            "bash": _BASHRC,
            "zsh": (*_ZSHENV, "/etc/zshrc", "/etc/zsh/zshrc", "{zdotdir}/.zshrc"),
            "fish": _FISH_FILES,
            "csh": _CSH_FILES,
            "tcsh": _CSH_FILES,
        },
    ),
    shell_starts=(
        ShellStart("sh login shell", _SH, "login", ("profile",)),
        ShellStart("bash login shell", _BASH, "login", _PROFILES),
        ShellStart("bash over ssh", _BASH, "command", ("bashrc", "pam")),
        ShellStart("bash in a terminal", _BASH, "interactive", ("bashrc", "pam")),
        ShellStart("zsh login shell", _ZSH, "login", ("zsh",)),
        ShellStart("zsh over ssh", _ZSH, "command", ("zsh",)),
        ShellStart("zsh in a terminal", _ZSH, "interactive", ("zsh",)),
        ShellStart("fish over ssh", _FISH, "command", ("fish",)),
        ShellStart("fish in a terminal", _FISH, "interactive", ("fish",)),
        ShellStart("csh over ssh", _CSH, "command", ("csh",)),
        ShellStart("csh in a terminal", _CSH, "interactive", ("csh",)),
    ),
)
