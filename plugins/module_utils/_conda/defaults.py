# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""conda's own defaults.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

# what conda has by itself, before anybody configures something
DEFAULT_CHANNEL = "https://repo.anaconda.com/pkgs/main"
DEFAULT_ALIAS = "https://conda.anaconda.org"


def channel_url(name: str) -> str:
    """A channel's URL, where it is not one already: below conda's default alias."""
    return name if "://" in name else f"{DEFAULT_ALIAS}/{name}"
