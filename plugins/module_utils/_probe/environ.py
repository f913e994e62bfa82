# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Set environment variables for Python code only."""

from __future__ import annotations

import os
import subprocess
from typing import Any

_HIDDEN: set[str] = set()
# Read by C libraries directly. None of them is a secret.
_FOR_C = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OPENSSL_CONF",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "LD_LIBRARY_PATH",
    "PATH",
    "HOME",
    "TZ",
)


def set_variable(name: str, value: str) -> None:
    """Set a variable for Python code, without adding it to the environment that a child process inherits.

    conda starts children (uname, lsb_release), and /proc/PID/environ would show the password of a proxy.
    """
    data = getattr(os.environ, "_data", None)
    if name in _FOR_C or data is None:
        os.environ[name] = value
    else:
        os.environ.pop(name, None)
        data[os.environ.encodekey(name)] = os.environ.encodevalue(value)
        _HIDDEN.add(name)


def guard_children() -> None:
    """Keep such variables from a child that is given a copy of os.environ."""
    original = subprocess.Popen.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("env") is not None:
            kwargs["env"] = {name: value for name, value in kwargs["env"].items() if os.fsdecode(name) not in _HIDDEN}
        original(self, *args, **kwargs)

    setattr(subprocess.Popen, "__init__", start)  # noqa: B010 a method cannot be assigned to in the eyes of mypy
