# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The environment variables that decide how conda and other programs connect."""

from __future__ import annotations

NAMES = (
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "SSL_CERT_FILE",
    "NETRC",
    "CONDARC",
    "XDG_CONFIG_HOME",
    "PIP_PROXY",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PATH",
)
PREFIX = "CONDA_"  # of variables that conda reads as settings
