# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that Python code sees and its children do not."""

from __future__ import annotations

import os
import subprocess
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    environ,
)
from tests.bed import hostile

if TYPE_CHECKING:
    import pytest


def test_a_child_does_not_inherit_what_only_python_code_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess.Popen, "__init__", subprocess.Popen.__init__)  # put back at the end
    monkeypatch.setattr(environ, "_HIDDEN", set())
    for value in [*hostile.values(20), "http://ada:Zq7@var:1"]:
        for name in ("https_proxy", "PROXY_PW"):
            monkeypatch.delenv(name, raising=False)
            environ.set_variable(name, value)
        environ.guard_children()
        assert os.environ["PROXY_PW"] == os.environ.copy()["PROXY_PW"] == os.getenv("PROXY_PW") == value
        assert os.path.expandvars("${PROXY_PW}") == value
        assert urllib.request.getproxies().get("https") == (value or None)
        for environment in (None, os.environ.copy(), os.environ):
            done = subprocess.run(["/usr/bin/env"], env=environment, capture_output=True, text=True, check=True)
            assert "PATH=" in done.stdout
            assert not [line for line in done.stdout.splitlines() if line.startswith(("https_proxy=", "PROXY_PW="))]


def test_what_openssl_reads_by_itself_is_really_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    environ.set_variable("SSL_CERT_FILE", "/x.pem")
    done = subprocess.run(["/usr/bin/env"], capture_output=True, text=True, check=True)
    assert "SSL_CERT_FILE=/x.pem" in done.stdout.splitlines()
