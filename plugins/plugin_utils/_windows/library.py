# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Know the Python library of a Windows connection: Ansible says that it is missing only when it connects."""

from __future__ import annotations

import importlib
import typing as t


class _Library(t.NamedTuple):
    module: str
    package: str


_LIBRARIES = {"psrp": _Library("pypsrp", "pypsrp"), "winrm": _Library("winrm", "pywinrm")}


def missing_library(connection: str) -> tuple[str, str] | None:
    """Return reason and fix where the library of this connection cannot be imported, else None. ssh needs none."""
    library = _LIBRARIES.get(connection.rpartition(".")[2])
    if library is None:
        return None
    try:
        importlib.import_module(library.module)
    except Exception as exc:  # noqa: BLE001  # an installed one may lack what it imports, or be too old for this Python
        reason = f"is {connection}, which needs the Python package {library.package} on the control node"
        return (
            f"{reason} ({type(exc).__name__} when it was imported)",
            f"install it for the Python of ansible-playbook: python -m pip install {library.package}",
        )
    return None
