# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse how conda's connectivity is verified."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._settings import ProofOptions
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_path,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.seconds import check_seconds


class Verification(t.NamedTuple):
    """How conda's connectivity is verified, and what the answer decides."""

    mode: str  # none, report, rollback, require; conda_connectivity: report, require
    prefix: str  # of the conda base; empty: every base that is found
    proof: ProofOptions


def parse_verification(options: Options) -> Verification:
    """Return the verification of conda_proxy or conda_connectivity. Raises InvalidSettingError."""
    check_seconds(options, "verify_deadline", "verify_connect_timeout", "verify_read_timeout")
    proof = ProofOptions(
        deadline=options["verify_deadline"],
        connect_timeout=options["verify_connect_timeout"],
        read_timeout=options["verify_read_timeout"],
        packages=options["verify_packages"],
        info=options["verify_info"],
    )
    prefix = options["prefix"] or ""
    check_path("prefix", prefix)
    if prefix and not re.match(r"~?/|[A-Za-z]:[\\/]", prefix):
        raise InvalidSettingError(
            "prefix",
            "is not the absolute path of a conda base",
            "write it as /opt/conda, or C:\\ProgramData\\miniconda3",
        )
    return Verification(options["verify"], prefix, proof)
