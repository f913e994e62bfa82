# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the netrc entries."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import NetrcEntry
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    has_control_character,
)

_KEYS = {"machine", "login", "password"}


class NetrcEntries(t.NamedTuple):
    """Logins for the hosts of channels, each host once and in lower case."""

    entries: tuple[NetrcEntry, ...] = ()

    @property
    def machines(self) -> tuple[str, ...]:
        return tuple(entry.machine for entry in self.entries)


def parse_netrc(options: Options) -> NetrcEntries:
    """Return the entries. Raises InvalidSettingError."""
    given = options["netrc"]
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise InvalidSettingError("netrc", "is not a list of mappings", "write a list of machine, login and password")
    entries: list[NetrcEntry] = []
    for number, entry in enumerate(given, 1):
        parsed = _parse_entry(entry, number)
        if parsed.machine in [earlier.machine for earlier in entries]:
            raise entry_error(number, "has the same machine as an earlier entry", "keep one")
        entries.append(parsed)
    return NetrcEntries(tuple(entries))


def entry_error(number: int, reason: str, fix: str) -> InvalidSettingError:
    """Return the error for the entry of that number, counted from 1."""
    return InvalidSettingError("netrc", f"entry {number} {reason}", fix)


def _parse_entry(given: t.Mapping[t.Any, t.Any], number: int) -> NetrcEntry:
    if set(given) != _KEYS or not all(isinstance(value, str) and value for value in given.values()):
        raise entry_error(
            number,
            "must have exactly the keys machine, login and password, each a non-empty string",
            "quote numbers; remove other keys",
        )
    entry = NetrcEntry(given["machine"].lower(), given["login"], given["password"])
    if entry.machine == "default":
        raise entry_error(
            number,
            "is a default entry, which would send its password to every channel",
            "give the host name of the channel",
        )
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", entry.machine) or re.search(r":\d+$", entry.machine):
        raise entry_error(
            number,
            "has a machine that is not a host name (a port or a URL never matches)",
            "give the host name alone",
        )
    for key, text in (("login", entry.login), ("password", entry.password)):
        if has_control_character(text):
            raise entry_error(number, f"has a line break or another control character in its {key}", "remove it")
        if not text.isprintable() or any(ord(char) > 0xFF for char in text):
            raise entry_error(
                number,
                f"has a character outside Latin-1 in its {key}, which the Python library requests cannot send",
                "change it",
            )
    return entry
