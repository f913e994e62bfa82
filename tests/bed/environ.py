# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments for children, built from nothing: the machine's proxy and CA variables must not decide a test."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DOWNLOAD_NAMES = {"http_proxy", "https_proxy", "no_proxy", "all_proxy"}
_DOWNLOAD_CA = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def clean_env(home: str | os.PathLike[str], **extra: str) -> dict[str, str]:
    """PATH, HOME and LANG, plus the solvers that the pip-made conda bases have; `extra` is added."""
    env = {"PATH": SYSTEM_PATH, "HOME": str(home), "LANG": "C.UTF-8"}
    return env | {"CONDA_SOLVER": "classic", "CONDA_SAT_SOLVER": "pysat"} | extra


def download_env(home: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """For pip only: as clean as the other, but with what this machine needs to reach its package index."""
    env = clean_env(home if home is not None else Path.home())
    for name, value in os.environ.items():
        if name.startswith(("PIP_", "XDG_CACHE")) or name.lower() in _DOWNLOAD_NAMES or name in _DOWNLOAD_CA:
            env[name] = value
    return env
