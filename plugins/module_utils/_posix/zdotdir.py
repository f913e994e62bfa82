# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the directory in which zsh looks for a user's files."""

from __future__ import annotations

import os

from ansible_collections.condafleet.proxy.plugins.module_utils._files import read_text
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import Platform
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import login_shell, shells
from ansible_collections.condafleet.proxy.plugins.module_utils._posix.accounts import Account


def directory_for(platform: Platform, account: Account) -> str:
    """Return the directory in which zsh looks for the user's first file: ZDOTDIR where that is set before, else the home.

    zsh is started only where a file of the session or the system mentions ZDOTDIR, and without the user's own files.
    """
    files = [*platform.session.environment_files, *platform.startup.command.get("zsh", ())]
    system = [path for path in files if not path.startswith("{")]
    if not any("ZDOTDIR" in (read_text(path) or "") for path in system):
        return account.home
    zsh = next((path for start in platform.shell_starts for path in start.programs if _runs_zsh(path)), "")
    found = (
        shells.ask(zsh, login_shell.session_environment(platform.session, account), flags="-f").variables if zsh else {}
    )
    named = found.get("ZDOTDIR", "")
    return named if os.path.isabs(named) and os.path.isdir(named) else account.home


def _runs_zsh(path: str) -> bool:
    return os.path.basename(path) == "zsh" and os.access(path, os.X_OK)
