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


# Stands in the condarc until the machine puts in the path of the bundle that it was sent: whose home it is in, only the
# machine knows. "${HOME}/..." will not do: conda checks ssl_verify in each file before it expands variables.
CA_BUNDLE_PATH = "/condafleet-ca-bundle-of-this-machine"
