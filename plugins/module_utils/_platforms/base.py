# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""One table per platform: which reader takes environment variables from which file, in which dialect.

To manage another file, add a row. `{home}` stands for the user's home.
"""

from __future__ import annotations

import typing as t

# In a compiled condarc it stands for the path of the joined bundle, which only the machine knows.
CA_BUNDLE_PATH = "/condafleet-ca-bundle-of-this-machine"


class Consumer(t.NamedTuple):
    """A file, or on Windows a registry key, that programs read environment variables from."""

    name: str
    dialect: str
    form: str  # whole: a file of its own; block: in a file of others; block_top: before a line that may return early;
    # value: one registry value for each variable
    paths: tuple[str, ...]  # the first that exists; when none does, the last whose directory exists
    needs: tuple[str, ...] = ()  # the row counts only where one of these exists; empty: always
    only_existing: bool = False  # never create the file
    by_name: bool = False  # only when the user names it
    check: str = ""  # one of the platform's checks
    activate: str = ""  # one of the platform's activations
    mode: int = 0o644
    notice: str = ""  # what to do to see a change


class Activation(t.NamedTuple):
    """A command that makes a change take effect, where `only_if` exists; elsewhere the warning `otherwise`."""

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
    ca_roots: tuple[str, ...]  # files with the operating system's CA certificates, the first that exists counts
    user_condarc: str = "{home}/.condarc"
    user_state: str = "{home}/.local/state/condafleet"
    user_ca_bundle: str = "{home}/.conda/condafleet-ca.pem"
    user_netrc: tuple[str, ...] = ("{home}/.netrc",)  # the first that exists; when none does, the first
    separator: str = "/"
    system_uid: int = 0  # the owner of files in system scope; -1: whoever creates them
    inherited_modes: bool = False  # files have the permissions of their directory, and no mode
    ignores_case: bool = False  # http_proxy and HTTP_PROXY are one variable
    checks: t.Mapping[str, tuple[str, ...]] = {}  # commands that must accept a new file, as {file}, before it counts
    activations: t.Mapping[str, Activation] = {}
