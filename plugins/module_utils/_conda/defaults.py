# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""conda's own defaults."""

from __future__ import annotations

from urllib.parse import urlsplit

# used without any configuration
DEFAULT_CHANNEL = "https://repo.anaconda.com/pkgs/main"
DEFAULT_ALIAS = "https://conda.anaconda.org"


def channel_host(channel: str) -> str:
    """Return the host of a channel's URL in lower case; empty for a name, a path or a URL without one."""
    return (urlsplit(channel).hostname or "").lower() if "://" in channel else ""


def channel_url(name: str) -> str:
    """Return a channel's URL, where it is not one already: below conda's default alias."""
    return name if "://" in name else f"{DEFAULT_ALIAS}/{name}"
