# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Build one program text from the files of `_probe`, for the stdin of another Python."""

from __future__ import annotations

import base64
import json
from typing import Any

from ansible_collections.condafleet.proxy.plugins.module_utils import _records
from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    certificates,
    channel,
    conda,
    conda_config,
    diagnosis,
    dll_path,
    effective_proxies,
    environ,
    exceptions,
    logins,
    main,
    netrc_file,
    packages,
    proxies,
    records,
    report,
    responses,
    scrubber,
    sockets,
    verdict,
    without_conda,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ProbeInput, ViewInput
from ansible_collections.condafleet.proxy.plugins.module_utils._records import to_json

# each imports only modules before it; the first makes the rest importable
_MODULES = (
    dll_path,
    _records,
    records,
    verdict,
    scrubber,
    netrc_file,
    proxies,
    logins,
    sockets,
    certificates,
    exceptions,
    diagnosis,
    responses,
    report,
    environ,
    packages,
    conda_config,
    conda,
    channel,
    without_conda,
    main,
    effective_proxies,
)
PROOF = main.__name__
VIEW = effective_proxies.__name__
# Load them under their own names, so that they can import one another on a machine without Ansible.
_LOADER = """import sys, types
def load(name, source):
    sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), sys.modules[name].__dict__)
"""


def _source(module: Any) -> str:
    # an Ansible module runs from a zip file, so there is no file to open
    source: str = module.__loader__.get_data(module.__file__).decode("utf-8")
    return source[source.index('"""') :]  # the licence stays here: two hundred bytes of each file


# Read now: once this process has become another user it cannot enter the directory of the payload any more.
_SOURCES = "".join(f"load({module.__name__!r}, {_source(module)!a})\n" for module in _MODULES)


def program(start: str, given: ProbeInput | ViewInput) -> bytes:
    """Return the program that runs `main` of PROOF or VIEW with its input. It is ASCII, which every Python can read."""
    encoded = base64.b64encode(json.dumps(to_json(given)).encode("ascii")).decode("ascii")
    return f'{_LOADER}{_SOURCES}sys.modules["{start}"].main("{encoded}")\n'.encode("ascii")
