# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find the consumers that are installed on a machine."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._conda.bases import Base
from ansible_collections.condafleet.proxy.plugins.module_utils._info.conda import mamba
from ansible_collections.condafleet.proxy.plugins.module_utils._info.config_files import cron, pip
from ansible_collections.condafleet.proxy.plugins.module_utils._info.curl import curl
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ConsumerRow,
    Subject,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._info.sessions import csh
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process


def rows(subject: Subject, bases: t.Sequence[Base]) -> list[ConsumerRow]:
    """Return the consumers that are on this machine."""
    directories = [*subject.login.get("PATH", process.PATH).split(":"), *(f"{base.prefix}/bin" for base in bases)]
    found = [
        *([] if subject.platform.shells else [(("csh", "tcsh"), csh)]),  # otherwise it was started
        (("crontab",), cron),
        (("curl",), curl),
        (("pip", "pip3"), pip),
    ]
    result = [make(subject) for programs, make in found if _installed(programs, directories)]
    root = bases[0].prefix if bases else ""
    mambas = [name for name in ("mamba", "micromamba") if _installed((name,), directories)]
    return result + [mamba(name, subject, root) for name in mambas]


def _installed(programs: t.Iterable[str], directories: t.Iterable[str]) -> bool:
    return any(os.access(os.path.join(directory, name), os.X_OK) for directory in directories for name in programs)
