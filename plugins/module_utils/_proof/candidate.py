# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Try settings without writing them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Iterator

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import Override, ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import Candidate

_PROXY_NAMES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "ftp_proxy")


@contextlib.contextmanager
def trying(candidate: Candidate | None, given: ProbeInput, uid: int = -1, gid: int = -1) -> Iterator[ProbeInput]:
    """Yield the probe's input with which conda uses the candidate's settings, as if they had been written.

    A CA bundle is in a temporary file that only uid and gid can read (-1: this process).
    """
    if candidate is None:
        yield given
        return
    servers = candidate.proxy_servers
    environment = {
        name: value for name, value in given.environment.items() if not (servers and name.lower() in _PROXY_NAMES)
    }
    environment.update(candidate.variables)
    override = Override(servers or None, candidate.ssl_verify)
    with contextlib.ExitStack() as stack:
        if candidate.ca_bundle:
            path = stack.enter_context(_private_file(candidate.ca_bundle.pem, uid, gid))
            environment["REQUESTS_CA_BUNDLE"] = path
            override = override._replace(ssl_verify=path)
        yield given._replace(environment=environment, override=override)


@contextlib.contextmanager
def _private_file(text: str, uid: int, gid: int) -> Iterator[str]:
    """Yield the path of a temporary file with this text."""
    handle, path = tempfile.mkstemp(prefix="condafleet-", suffix=".pem")
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            if uid >= 0:
                os.fchown(handle, uid, gid)
            stream.write(text)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def named(row: ProofRow, override: Override) -> ProofRow:
    """Return the row with `candidate` as the source of its settings, which are in no file of the machine."""
    if override.proxy_servers and row.proxy_source != "none":
        row = row._replace(proxy_source="candidate", proxy_file=None)
    if override.ssl_verify and row.verify == override.ssl_verify:
        row = row._replace(verify="candidate")
    return row
