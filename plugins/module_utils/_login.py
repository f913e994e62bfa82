# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fresh login shell of a user has in its environment today.

This module util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import os
import subprocess

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
    "SSL_CERT_FILE",
    "NETRC",
    "CONDARC",
    "PATH",
)
_PREFIX = "CONDA_"
_SHELLS_WITH_LOGIN_FLAG = ("sh", "bash", "dash", "zsh", "ksh", "mksh", "fish")
_TIMEOUT = 10


def login_environment(home: str, shell: str, name: str) -> dict[str, str]:
    """PATH and the proxy, CA and conda variables of a fresh login shell, with the rights of this process.

    C(/etc/environment) first, as PAM does, then the shell's own start-up files. A start-up file that waits for input or
    takes longer than 10 seconds is given up: then what PAM sets is the answer.
    """
    base = os.path.basename(shell)
    # csh takes -l only alone; what it exports stands in a file that it reads without it
    argv = [shell, "-l", "-c", "env"] if base in _SHELLS_WITH_LOGIN_FLAG else [shell, "-c", "env"]
    from_pam = _pam_environment()
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    environment.update(from_pam, HOME=home, USER=name, LOGNAME=name, SHELL=shell)
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            timeout=_TIMEOUT,
            check=False,
            start_new_session=True,
        )
        pairs = [line.partition("=") for line in done.stdout.decode("utf-8", "surrogateescape").splitlines()]
        found = {key: value for key, _equals, value in pairs}
    except (OSError, subprocess.TimeoutExpired):
        found = from_pam
    return {key: value for key, value in found.items() if key in NAMES or key.startswith(_PREFIX)}


def _pam_environment() -> dict[str, str]:
    try:
        with open("/etc/environment", encoding="utf-8", errors="surrogateescape") as stream:
            lines = [line.strip() for line in stream]
    except OSError:
        return {}
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {key.replace("export ", "", 1).strip(): value.strip().strip("\"'") for key, _equals, value in pairs}
