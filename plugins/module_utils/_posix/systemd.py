# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the output of `systemctl show-environment`."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_CONTROL = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def variables(output: str) -> dict[str, str]:
    """Return the variables by name."""
    # not splitlines(): a value may contain Unicode line ends
    pairs = [line.partition("=") for line in output.split("\n")]
    return {name: unquoted(value) for name, equals, value in pairs if equals}


def unquoted(value: str) -> str:
    """Return a value without the `$'...'` that systemctl puts around one with special characters."""
    if not (value.startswith("$'") and value.endswith("'") and len(value) > 2):
        return value
    return _ESCAPE.sub(_plain, value[2:-1])


def _plain(match: re.Match[str]) -> str:
    hexadecimal, octal, char = match.groups()
    if hexadecimal or octal:
        return chr(int(hexadecimal, 16) if hexadecimal else int(octal, 8))
    return _CONTROL.get(char, char)
