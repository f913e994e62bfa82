# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Refuse a setting."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?<!\$)\{(\w+)\}")


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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


def has_control_character(text: str) -> bool:
    return bool(_CONTROL.search(text))


def check_printable(option: str, text: str) -> None:
    """Raise InvalidSettingError for a text with a control character."""
    if has_control_character(text):
        raise InvalidSettingError(option, "contains a control character, such as a line end", "remove it")
