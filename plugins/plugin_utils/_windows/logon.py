# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The variables of a new logon session."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.variables import NAMES, PREFIX
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows.machine import WindowsMachine

_NAMES = {name.upper() for name in NAMES} - {"PATH"}
# a session joins the two keys' PATH, and has a USERNAME of its own: the one in the machine's key is SYSTEM
_OF_THE_SESSION = {"PATH", "USERNAME"}
_VARIABLE = re.compile(r"(?:\$\{?|%)([\w-]+)")  # ${NAME}, $NAME and %NAME%: on Windows conda expands all three


def new_logon(machine: WindowsMachine, texts: t.Iterable[str] = ()) -> dict[str, str | None]:
    """Return the variables of a session that begins now: the user's win over the machine's.

    Those for proxies, CAs and conda, None for what such a session does not have, as this one may be older; and those that
    `texts` name, where conda will expand them.
    """
    named = {name.upper() for text in texts for name in _VARIABLE.findall(text)} - _OF_THE_SESSION
    found: dict[str, str | None] = dict.fromkeys(_NAMES)
    for key in (MACHINE_ENVIRONMENT, USER_ENVIRONMENT):
        for name, value in machine.key(key).items():
            upper = name.upper()
            if upper in _NAMES or upper in named or upper.startswith(PREFIX):
                found[upper] = str(value.seen)
    return found
