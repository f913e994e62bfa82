# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Refuse a setting."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?<!\$)\{(\w+)\}")
# also line ends of Unicode, halves of a character, and code points that are no characters
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_MOST_CHARACTERS, _MOST_OF_A_NAME = (
    1000,
    255,
)  # of a path: macOS has the shortest (PATH_MAX 1024), all have 255 for a name


class InvalidSettingError(Exception):
    """Error for an invalid setting.

    `option` is its name, `reason` and `fix` complete the sentence. They name other options as `{option}`, because each
    action has its own names for them; `${NAME}` and Ansible's own variables stay as they are. No part holds a value.
    """

    def __init__(self, option: str, reason: str, fix: str) -> None:
        super().__init__(option, reason, fix)
        self.option = option
        self.reason = reason
        self.fix = fix

    def sentence(self, prefix: str = "") -> str:
        """Return the message, with `prefix` before the name of every option."""
        return _NAMED.sub(lambda name: _prefixed(name[1], prefix), f"{{{self.option}}} {self.reason}; {self.fix}")

    def __str__(self) -> str:
        return self.sentence()


def _prefixed(name: str, prefix: str) -> str:
    return name if name.startswith("ansible_") else prefix + name


def has_control_character(text: str) -> bool:
    return bool(_CONTROL.search(text))


def check_printable(option: str, text: str) -> None:
    """Raise InvalidSettingError for a text with a control character."""
    if has_control_character(text):
        raise InvalidSettingError(option, "contains a control character, such as a line end", "remove it")


def check_path(option: str, path: str) -> None:
    """Raise InvalidSettingError for a path that no machine can have, or that a condarc cannot hold."""
    check_printable(option, path)
    longest = max(len(name.encode()) for name in re.split(r"[/\\]", path))
    if len(path) > _MOST_CHARACTERS or longest > _MOST_OF_A_NAME:
        reason = f"is longer than a path can be ({_MOST_CHARACTERS} characters, {_MOST_OF_A_NAME} for each name in it)"
        raise InvalidSettingError(option, reason, "choose a shorter path")
    check_plane(option, path)


def check_plane(option: str, text: str) -> None:
    """Raise InvalidSettingError for a character that JSON escapes as two, which YAML reads as two."""
    if any(ord(char) > 0xFFFF for char in text):
        raise InvalidSettingError(option, "has a character beyond U+FFFF, such as an emoji", "remove it")
