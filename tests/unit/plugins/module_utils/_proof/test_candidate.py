# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are tried and not written."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import Override, ProbeInput
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import candidate
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, Candidate

SERVERS = {"https": "http://ada:Zq7pw@new:1"}
CANDIDATE = Candidate(SERVERS, {"https_proxy": "http://ada:Zq7pw@new:1"}, None, CaBundle("the certificates\n"))


def test_a_candidate_replaces_the_proxies_and_its_bundle_is_a_private_file_for_a_while() -> None:
    given = ProbeInput({"http_proxy": "http://old:1", "ALL_PROXY": "x", "CURL_CA_BUNDLE": "y", "CONDARC": "z"})
    owner = pwd.getpwnam("nobody")
    uid, gid = (owner.pw_uid, owner.pw_gid) if os.geteuid() == 0 else (-1, -1)
    with candidate.trying(CANDIDATE, given, uid, gid) as asked:
        path = str(asked.override.ssl_verify)
        assert asked.override == Override(SERVERS, path)
        assert asked.environment == {
            "CURL_CA_BUNDLE": "y", "CONDARC": "z", "https_proxy": "http://ada:Zq7pw@new:1", "REQUESTS_CA_BUNDLE": path,
        }  # fmt: skip
        assert Path(path).read_text() == "the certificates\n"
        found = Path(path).stat()
        assert (found.st_mode & 0o777, found.st_uid) == (0o600, owner.pw_uid if os.geteuid() == 0 else os.geteuid())
    assert not Path(path).exists()
    with pytest.raises(ZeroDivisionError), candidate._private_file("x", -1, -1) as path:
        raise ZeroDivisionError
    assert not Path(path).exists()


def test_a_candidate_of_a_ca_alone_leaves_the_proxies() -> None:
    given = ProbeInput({"http_proxy": "http://old:1"})
    only = Candidate(None, {"REQUESTS_CA_BUNDLE": "/ca"}, "/ca", None)
    with candidate.trying(only, given) as asked:
        assert asked.environment == {"http_proxy": "http://old:1", "REQUESTS_CA_BUNDLE": "/ca"}
        assert asked.override == Override(None, "/ca")
    with candidate.trying(None, given) as asked:
        assert asked is given
