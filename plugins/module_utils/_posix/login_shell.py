# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Read the environment of a fresh login shell of a user."""

from __future__ import annotations

import re

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.condarc_precedence import search_path
from ansible_collections.condafleet.proxy.plugins.module_utils._conda.variables import NAMES, PREFIX
from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Session
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.bases import find_bases

_EXPANDED = re.compile(r"\$\{?(\w+)")  # conda expands $NAME and ${NAME} in proxy_servers, channels and paths


def login_environment(session: Session, account: Account, prefix: str, also: str = "") -> dict[str, str]:
    """Return PATH, the proxy, CA and conda variables and those that a condarc or `also` names, of a fresh login shell.

    HOME is not included: the user who runs a base has another one. `prefix` is that of find_bases(). The shell runs with
    the rights of this process: the files of the session first, then its own start-up files. When these wait for input,
    take longer than 10 seconds or allow no command, return the variables of the session.
    """
    home, shell = account.home, account.shell
    found = shells.ask(shell, session_environment(session, account), login=True).variables or file_environment(session)
    roots = [base.prefix for base in find_bases(home, found.get("PATH", ""), prefix)] or [""]
    paths = dict.fromkeys(path for root in roots for path in search_path(home, root, found))
    texts = [also, *(read_text(path) or "" for path in paths)]
    named = {name for text in texts for name in _EXPANDED.findall(text)} - {"HOME"}
    return {key: value for key, value in found.items() if key in NAMES or key.startswith(PREFIX) or key in named}


def session_environment(session: Session, account: Account) -> dict[str, str]:
    """Return what a session of a user begins with, before a shell reads its files."""
    environment = {"PATH": session.path, "LANG": session.language, **file_environment(session)}
    environment.update(HOME=account.home, USER=account.name, LOGNAME=account.name, SHELL=account.shell)
    return environment


def file_environment(session: Session) -> dict[str, str]:
    """Return the variables of the files that a session reads, such as PAM's `/etc/environment` on Linux."""
    found: dict[str, str] = {}
    for path in session.environment_files:
        lines = [line.strip() for line in (read_text(path) or "").split("\n")]
        pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
        found.update(
            (key.replace("export ", "", 1).strip(), value.strip().strip("\"'")) for key, _equals, value in pairs
        )
    return found
