# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The record of a conda base."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.python import netrc_escapes

# directories that the installers of Miniconda, Anaconda and Miniforge make, on every platform
NAMES = ("miniconda3", "miniconda", "anaconda3", "anaconda", "miniforge3", "mambaforge")


class Base(t.NamedTuple):
    """A conda base on a machine."""

    prefix: str
    python: str  # path of its interpreter
    uid: int = -1  # its owner, on POSIX
    python_version: str | None = None  # "3.11" or longer
    found_by: str = ""  # given, PATH, opt, home, environments.txt
    refusal: str = ""  # reason why it must not be run

    @property
    def netrc_escapes(self) -> bool | None:
        """Whether its netrc parser interprets quotes and backslashes. None: its version is not known."""
        return netrc_escapes(self.python_version)
