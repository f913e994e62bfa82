# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Refuse a setting."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?<!\$)\{(\w+)\}")


class InvalidSettingError(Exception):
    """Error for an invalid setting.

    `option` is its name, `reason` and `fix` complete the sentence. They name other options as `{option}`, because each
    action has its own names for them; `${NAME}` stays as it is. No part holds a value.
    """

    def __init__(self, option: str, reason: str, fix: str) -> None:
        super().__init__(option, reason, fix)
        self.option = option
        self.reason = reason
        self.fix = fix

    def sentence(self, prefix: str = "") -> str:
        """Return the message, with `prefix` before the name of every option."""
        return _NAMED.sub(rf"{prefix}\1", f"{{{self.option}}} {self.reason}; {self.fix}")

    def __str__(self) -> str:
        return self.sentence()
