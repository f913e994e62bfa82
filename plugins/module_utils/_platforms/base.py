# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The record of a platform: which program reads environment variables from which file, in which dialect.

To manage another file, add a row. `{home}` stands for the user's home.
"""

from __future__ import annotations

import typing as t

# The placeholder in a compiled condarc for the path of the joined bundle, which only the machine knows.
CA_BUNDLE_PATH = "/condafleet-ca-bundle-of-this-machine"


SYSCONFIG_PROXY = "/etc/sysconfig/proxy"  # of SUSE


class Consumer(t.NamedTuple):
    """A file, or on Windows a registry key, that programs read environment variables from."""

    name: str
    dialect: str
    form: str  # whole: a separate file; constant: one whose text is `content`; block: in a shared file;
    # block_top: before a line that may return early; value: one registry value per variable
    paths: tuple[str, ...]  # the first that exists; otherwise the last whose directory exists
    needs: tuple[str, ...] = ()  # the row applies only where one of these exists; empty: always
    only_existing: bool = False  # never create the file
    by_name: bool = False  # only when conda_proxy_environment_targets names it
    check: str = ""  # one of the platform's checks
    activate: str = ""  # one of the platform's activations
    mode: int = 0o644
    notice: str = ""  # how to make a change visible
    content: str = ""  # of the form constant
    replaced_by: str = ""  # where this file exists, programs read it in place of the managed one
    former: tuple[str, ...] = ()  # paths that earlier releases wrote
    exposes: bool = False  # a program shows the values to everybody who runs `ps`, for a moment


def users_fish(programs: tuple[str, ...], notice: str) -> Consumer:
    """Return the row of a user's fish, which is where `programs` say."""
    directory = "{home}/.config/fish/conf.d"
    path, former = f"{directory}/zz-condafleet-proxy.fish", f"{directory}/condafleet-proxy.fish"
    return Consumer("fish", "fish", "whole", (path,), programs, notice=notice, former=(former,))


class ShellStart(t.NamedTuple):
    """A way to start a shell. It has the desired variables when the environment targets `fed_by` were written."""

    consumer: str
    programs: tuple[str, ...]  # the first that can be run
    how: str  # login, interactive, command (as sshd runs `ssh host command`)
    fed_by: tuple[str, ...]


class Activation(t.NamedTuple):
    """A command that makes a change take effect, where `only_if` exists; elsewhere the warning `otherwise`."""

    argv: tuple[str, ...]
    only_if: str
    otherwise: str
    read_back: tuple[str, ...] = ()


class Agent(t.NamedTuple):
    """A program that launchd starts in each session at the screen. It brings the session up to date when it runs."""

    label: str
    plist: str  # the property list that names it
    every_session: bool  # those of all users, otherwise that of the user who runs this
    volume: str = ""  # launchd accepts no property list on another file system than this directory's


class Session(t.NamedTuple):
    """What a session begins with before a shell reads its files."""

    path: str = "/usr/local/bin:/usr/bin:/bin"
    language: str = "C.UTF-8"
    environment_files: tuple[str, ...] = ()  # of the session itself, NAME=value


Shells = t.Mapping[str, t.Tuple[str, ...]]


class StartupFiles(t.NamedTuple):
    """The files that each shell reads, in order, as patterns. Shells by name.

    `{home}` is the user's, `{zdotdir}` where zsh looks for the files of the user.
    """

    login: Shells
    command: Shells  # of `ssh host command`
    other_login: tuple[str, ...]  # of a login shell that is not listed
    interactive: Shells

    @property
    def all(self) -> tuple[str, ...]:
        """All files, each once."""
        shells = (*self.login.values(), *self.command.values(), self.other_login, *self.interactive.values())
        return tuple(dict.fromkeys(path for paths in shells for path in paths))


class Platform(t.NamedTuple):
    """All that differs between operating systems."""

    system: tuple[Consumer, ...]
    user: tuple[Consumer, ...]
    system_condarc: str
    system_state: str
    system_ca_bundle: str
    ca_roots: tuple[str, ...]  # files with the CA certificates of the operating system; the first that exists is used
    user_condarc: str = "{home}/.condarc"
    user_state: str = "{home}/.local/state/condafleet"
    user_ca_bundle: str = "{home}/.conda/condafleet-ca.pem"
    user_netrc: tuple[str, ...] = ("{home}/.netrc",)  # the first that exists; otherwise the first
    separator: str = "/"
    system_uid: int = 0  # owner of files in system scope; -1: the user who creates them
    inherited_modes: bool = False  # files inherit the permissions of their directory and have no mode
    ignores_case: bool = False  # http_proxy and HTTP_PROXY are one variable
    checks: t.Mapping[str, tuple[str, ...]] = {}  # commands that must accept a new file ({file}) before it is used
    activations: t.Mapping[str, Activation | Agent] = {}
    session: Session = Session()
    startup: StartupFiles = StartupFiles({}, {}, (), {})
    shell_starts: tuple[ShellStart, ...] = ()  # asked whether they have the desired variables
    shells: tuple[str, ...] = ()  # conda_proxy_info starts each of them, besides the user's own
    host_name: tuple[str, ...] = ()  # prints a name that stays; empty: the host name stays
    network_settings: tuple[str, ...] = ()  # prints the proxy of the operating system
    keychains: tuple[str, ...] = ()  # with CA certificates that conda does not read
    interpreter_groups: tuple[int, ...] | None = None  # who may write the Python that root runs; None: not checked
