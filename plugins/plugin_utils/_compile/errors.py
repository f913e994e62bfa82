# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to say no to a setting.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

PREFIX = "conda_proxy_"


class Refused(Exception):
    """A setting that cannot be right: one sentence with the variable, the reason and the fix, never the value."""

    def __init__(self, option: str, reason: str, fix: str) -> None:
        super().__init__(f"{PREFIX}{option} {reason}; {fix}")
