# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Know the names of the variables, and refuse those that nothing reads.

A misspelled variable would be ignored without a word.
"""

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

PREFIX = "conda_proxy_"  # of the role's variables
# The names that conda_connectivity had in 12fe9ce.
RENAMED = {
    "deadline": "verify_deadline",
    "connect_timeout": "verify_connect_timeout",
    "read_timeout": "verify_read_timeout",
    "packages": "verify_packages",
    "info": "verify_info",
    "require": "verify",
}
_PLAYBOOKS = (
    "hosts",
    "canaries",
    "rings",
    "max_fail_percentage",
    "drift",
    "remove",
    "report_dir",
    "metrics_dir",
    "report_proof",
    "report_progress",
)
KNOWN = frozenset((*OPTIONS, "become", *_PLAYBOOKS, "result"))
_OTHER_ROLES = ("schedule_",)


def check_variables(names: t.Iterable[str]) -> None:
    """Raise InvalidSettingError for variables of a host that begin with the prefix and that nothing reads."""
    short = [name[len(PREFIX) :] for name in names if name.startswith(PREFIX)]
    unknown = sorted(name for name in short if name not in KNOWN and not name.startswith(_OTHER_ROLES))
    if not unknown:
        return
    first, *others = unknown
    reason = f"is not a variable of this collection{_hint(first)}"
    reason += "".join(f", nor is {{{name}}}{_hint(name)}" for name in others)
    fix = f"correct the name, or start the names of your own variables with a prefix other than {PREFIX}"
    raise InvalidSettingError(first, reason, fix)


def check_options(names: t.Iterable[str]) -> None:
    """Raise InvalidSettingError for options of conda_connectivity that have another name now."""
    old = sorted(name for name in names if name in RENAMED)
    if not old:
        return
    first, *others = old
    reason = f"is called {{{RENAMED[first]}}} now"
    reason += "".join(f", and {{{name}}} is called {{{RENAMED[name]}}}" for name in others)
    fix = "use the new name" + (", and {require}: true was replaced by {verify}: require" if "require" in old else "")
    raise InvalidSettingError(first, reason, fix)


def _hint(name: str) -> str:
    if name in RENAMED:
        return f" (it is called {{{RENAMED[name]}}} now)"
    near = difflib.get_close_matches(name, sorted(KNOWN), 1, 0.5)
    return f" (did you mean {{{near[0]}}}?)" if near else ""
