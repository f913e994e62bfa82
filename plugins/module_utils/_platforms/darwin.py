# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The table of macOS.

Which file each program reads: the sources and reports that docs/macos.md names. No Mac has run it.
"""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms import launchd_agent
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import (
    Agent,
    Consumer,
    Platform,
    Session,
    ShellStart,
    StartupFiles,
    users_fish,
)

_SHELL = "open shells keep the old values: open a new window"
_PROGRAMS = (
    "programs from the Dock that are open keep the old values, and those that macOS reopens at login may start too "
    "early: restart them"
)
_DATA = "/Library/Application Support/condafleet-environment/environment"
_USER_DATA = ".local/state/condafleet/environment"
_PLIST = "Library/LaunchAgents/condafleet.proxy.environment.plist"
# profiles of device management: zsh and bash read what is there in place of the file in /etc
_MANAGED = "/private/var/db/ManagedConfigurationFiles/com.apple."

_FISH_DIRECTORIES = ("/opt/homebrew", "/usr/local")  # Homebrew's, for Apple silicon and for Intel
_FISH = tuple(f"{directory}/bin/fish" for directory in _FISH_DIRECTORIES)
_ZSHENV = (_MANAGED + "zsh/etc/zshenv", "/etc/zshenv", "{zdotdir}/.zshenv")
_ZLOGIN = (_MANAGED + "zsh/etc/zprofile", "/etc/zprofile", "{zdotdir}/.zprofile", "/etc/zlogin", "{zdotdir}/.zlogin")
_SH_LOGIN = (_MANAGED + "bash/etc/profile", "/etc/profile")
_BASH_LOGINS = ("{home}/.profile", "{home}/.bash_login", "{home}/.bash_profile")
_FISH_FILES = (
    *(f"{directory}/etc/fish/conf.d/*.fish" for directory in _FISH_DIRECTORIES),
    *(f"{directory}/etc/fish/config.fish" for directory in _FISH_DIRECTORIES),
    "{home}/.config/fish/conf.d/*.fish",
    "{home}/.config/fish/config.fish",
)
_CSH_FILES = ("/etc/csh.cshrc", "/etc/csh.login", "{home}/.tcshrc", "{home}/.cshrc", "{home}/.login")

DARWIN = Platform(
    system=(
        # bash as a login shell, which is what Terminal starts; no file of the system reaches "ssh host command"
        Consumer("profile", "sh", "block", ("/etc/profile",), notice=_SHELL, replaced_by=_MANAGED + "bash/etc/profile"),
        # every zsh, also "ssh host command"; updates of macOS replace the other files of zsh in /etc
        Consumer("zsh", "sh", "block", ("/etc/zshenv",), notice=_SHELL, replaced_by=_MANAGED + "zsh/etc/zshenv"),
        *(
            Consumer(
                "fish",
                "fish",
                "whole",
                (f"{directory}/etc/fish/conf.d/zz-condafleet-proxy.fish",),
                (f"{directory}/bin/fish",),
                notice=_SHELL,
                former=(f"{directory}/etc/fish/conf.d/condafleet-proxy.fish",),
            )
            for directory in _FISH_DIRECTORIES
        ),
        Consumer("csh", "csh", "block", ("/etc/csh.cshrc",), notice=_SHELL),
        Consumer("launchd", "name_value", "whole", (_DATA,), activate="launchd", exposes=True, notice=_PROGRAMS),
        Consumer(
            "launchd",
            "",
            "constant",
            (f"/{_PLIST}",),
            activate="launchd",
            exposes=True,
            content=launchd_agent.system_plist(_DATA),
        ),
    ),
    user=(
        Consumer("profile", "sh", "block", ("{home}/.profile",), notice=_SHELL),
        # creating one of these would shadow .profile
        Consumer("bash_profile", "sh", "block", ("{home}/.bash_profile",), only_existing=True, notice=_SHELL),
        Consumer("bash_login", "sh", "block", ("{home}/.bash_login",), only_existing=True, notice=_SHELL),
        Consumer("bashrc", "sh", "block_top", ("{home}/.bashrc",), notice=_SHELL),
        Consumer("zsh", "sh", "block", ("{zdotdir}/.zshenv",), notice=_SHELL),
        users_fish(_FISH, _SHELL),
        # tcsh reads .cshrc only where there is no .tcshrc
        Consumer("csh", "csh", "block", ("{home}/.tcshrc", "{home}/.cshrc"), notice=_SHELL),
        Consumer(
            "launchd",
            "name_value",
            "whole",
            ("{home}/" + _USER_DATA,),
            activate="launchd_user",
            mode=0o600,
            exposes=True,
            notice=_PROGRAMS,
        ),
        Consumer(
            "launchd",
            "",
            "constant",
            ("{home}/" + _PLIST,),
            activate="launchd_user",
            exposes=True,
            content=launchd_agent.user_plist(_USER_DATA),
        ),
    ),
    system_condarc="/etc/conda/.condarc",
    system_state="/Library/Application Support/condafleet",
    system_ca_bundle="/etc/conda/condafleet-ca.pem",
    ca_roots=("/etc/ssl/cert.pem",),
    activations={
        "launchd": Agent(launchd_agent.LABEL, f"/{_PLIST}", every_session=True),
        "launchd_user": Agent(launchd_agent.USER_LABEL, "{home}/" + _PLIST, every_session=False, volume="/Library"),
    },
    session=Session(path="/usr/bin:/bin:/usr/sbin:/sbin", language="en_US.UTF-8"),
    startup=StartupFiles(
        login={
            "bash": (*_SH_LOGIN, "{home}/.bashrc", *_BASH_LOGINS),
            "zsh": _ZSHENV + _ZLOGIN,
            "fish": _FISH_FILES,
            "csh": _CSH_FILES,
            "tcsh": _CSH_FILES,
        },
        command={
            "bash": ("{home}/.bashrc",),
            "zsh": _ZSHENV,
            "fish": _FISH_FILES,
            "csh": _CSH_FILES,
            "tcsh": _CSH_FILES,
        },
        other_login=_SH_LOGIN + _BASH_LOGINS[:1],
        interactive={
            "bash": ("{home}/.bashrc",),
            "zsh": (*_ZSHENV, _MANAGED + "zsh/etc/zshrc", "/etc/zshrc", "{zdotdir}/.zshrc"),
            "fish": _FISH_FILES,
            "csh": _CSH_FILES,
            "tcsh": _CSH_FILES,
        },
    ),
    shell_starts=(
        ShellStart("sh login shell", ("/bin/sh",), "login", ("profile",)),
        ShellStart("bash login shell", ("/bin/bash",), "login", ("profile", "bash_profile", "bash_login")),
        ShellStart("bash over ssh", ("/bin/bash",), "command", ("bashrc",)),
        ShellStart("bash in a terminal", ("/bin/bash",), "interactive", ("bashrc",)),
        ShellStart("zsh login shell", ("/bin/zsh",), "login", ("zsh",)),
        ShellStart("zsh over ssh", ("/bin/zsh",), "command", ("zsh",)),
        ShellStart("zsh in a terminal", ("/bin/zsh",), "interactive", ("zsh",)),
        ShellStart("fish over ssh", _FISH, "command", ("fish",)),
        ShellStart("fish in a terminal", _FISH, "interactive", ("fish",)),
        ShellStart("csh over ssh", ("/bin/tcsh",), "command", ("csh",)),
        ShellStart("csh in a terminal", ("/bin/tcsh",), "interactive", ("csh",)),
    ),
    shells=("/bin/zsh", "/bin/bash", *_FISH, "/bin/tcsh"),
    host_name=("scutil", "--get", "LocalHostName"),  # the host name follows DHCP and reverse DNS
    network_settings=("scutil", "--proxy"),
    keychains=("/Library/Keychains/System.keychain",),
    # root and wheel, and admin: python.org's installer gives its directories to that group
    interpreter_groups=(0, 80),
)
