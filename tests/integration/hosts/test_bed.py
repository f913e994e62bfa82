# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed itself: if one of these fails, look here before anywhere else."""

from __future__ import annotations

import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bed import hosts as bed_hosts
from tests.bed.channel import PACKAGE_FILE
from tests.bed.company import (
    CHANNEL_HOST,
    PROXY_PASSWORD,
    PROXY_PASSWORD_ENCODED,
    PROXY_USER,
    serve_channels,
)
from tests.bed.conda_base import HOST_PREFIX, run_conda
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.hosts import Host
    from tests.bed.proxy import Proxy
    from tests.bed.squid import Squid


@pytest.mark.conda
@pytest.mark.parametrize("version", ["24.7.1", "22.9.0"])
def test_conda_through_squid_with_a_password_to_a_tls_channel(
    version: str,
    conda: Callable[..., Path],
    channels: Channels,
    start_squid: Callable[..., Squid],
    authority: Authority,
    tmp_path: Path,
) -> None:
    """`conda search` and `conda create` work through the proxy, and only with the password."""
    squid = start_squid(username=PROXY_USER, password=PROXY_PASSWORD)
    channel = ["--override-channels", "-c", channels.https.url("main", CHANNEL_HOST), "hello"]
    env = {"REQUESTS_CA_BUNDLE": str(authority.pem), "https_proxy": squid.url(PROXY_USER, PROXY_PASSWORD_ENCODED)}

    wrong = run_conda(
        conda(version), tmp_path, "search", *channel, **env | {"https_proxy": squid.url(PROXY_USER, "no")}
    )
    assert wrong.returncode != 0
    assert channels.https.log.entries == []

    search = run_conda(conda(version), tmp_path, "search", *channel, **env)
    assert search.returncode == 0, search.stderr
    assert "hello" in search.stdout
    create = run_conda(conda(version), tmp_path, "create", "-y", "-p", str(tmp_path / "env"), *channel, **env)
    assert create.returncode == 0, create.stderr
    assert (tmp_path / "env" / PACKAGE_FILE).read_text() == "hello from the test channel\n"
    assert any("CONNECT" in line and PROXY_USER in line for line in squid.access_log)


def _issuer_seen_through(proxy: str, port: int, authority: Authority, proxy_port: int) -> str:
    """The issuer of the certificate that a client sees behind a proxy's CONNECT."""
    with socket.create_connection((proxy, proxy_port), timeout=20) as raw:
        raw.sendall(f"CONNECT {CHANNEL_HOST}:{port} HTTP/1.1\r\nHost: {CHANNEL_HOST}:{port}\r\n\r\n".encode())
        assert b" 200 " in raw.recv(65536)
        context = ssl.create_default_context(cafile=authority.pem)
        with context.wrap_socket(raw, server_hostname=CHANNEL_HOST) as tls:
            certificate = tls.getpeercert() or {}
            return str(certificate["issuer"])


@pytest.mark.parametrize("kind", ["squid", "own"])
def test_interception_shows_the_interceptors_certificate(
    kind: str,
    channels: Channels,
    start_squid: Callable[..., Squid],
    proxy: Proxy,
    authority: Authority,
    interceptor: Authority,
    tmp_path: Path,
) -> None:
    """Both proxies can open TLS: the client sees their issuer, and content passes."""
    proxy.behaviour.intercept = interceptor
    proxy.behaviour.upstream_ca = authority.pem
    running = proxy if kind == "own" else start_squid(intercept=interceptor, upstream_ca=authority.pem)

    assert interceptor.name in _issuer_seen_through(running.address, channels.https.port, interceptor, running.port)
    url = channels.https.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    fetch = ["curl", "-sS", "--fail", "--proxy", running.url(), url, "--cacert"]
    env = clean_env(tmp_path)
    trusted = subprocess.run([*fetch, interceptor.pem], env=env, capture_output=True, text=True, check=False)
    assert "hello-1.1-0" in trusted.stdout, trusted.stderr
    refused = subprocess.run([*fetch, authority.pem], env=env, capture_output=True, text=True, check=False)
    assert refused.returncode == 60  # curl: the peer's certificate cannot be verified


def test_own_proxy_compares_bytes_and_logs_credentials(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    """Right bytes pass, wrong ones get 407, and both are logged."""
    proxy.behaviour.username, proxy.behaviour.password = b"ada", "pässwörd".encode()
    url = channels.http.url("main", CHANNEL_HOST) + "/noarch/repodata.json"

    def fetch(password: str) -> str:
        argv = [
            "curl",
            "-sS",
            "-o",
            str(tmp_path / "out"),
            "-w",
            "%{http_code}",
            "--proxy",
            proxy.url("ada", password),
            url,
        ]
        return subprocess.run(argv, env=clean_env(tmp_path), capture_output=True, text=True, check=True).stdout

    assert fetch("p%C3%A4ssw%C3%B6rd") == "200"
    assert fetch("p%E4ssw%F6rd") == "407"
    assert [entry["status"] for entry in proxy.log.entries] == [200, 407]
    assert proxy.log.entries[0]["credentials"].encode("latin-1") == "ada:pässwörd".encode()
    assert channels.http.log.entries[0]["via"] == "1.1 bed"
    assert proxy.bytes > 0


def test_other_behaviours_of_the_own_proxy(proxy: Proxy, channels: Channels, tmp_path: Path) -> None:
    """NTLM only, CONNECT refused, and silence."""
    proxy.behaviour.mode = "ntlm"
    url = channels.https.url("main", CHANNEL_HOST) + "/noarch/repodata.json"
    fetch = ["curl", "-sv", "--max-time", "2", "--proxy", proxy.url(), url]

    def stderr() -> str:
        return subprocess.run(fetch, env=clean_env(tmp_path), capture_output=True, text=True, check=False).stderr

    assert "Proxy-Authenticate: NTLM" in stderr()
    proxy.behaviour.mode = "refuse_connect"
    assert "HTTP/1.1 403" in stderr()
    proxy.behaviour.mode = "silent"
    assert "< HTTP/1.1" not in stderr()
    assert channels.https.log.entries == []


def test_channel_rules(channels: Channels, tmp_path: Path) -> None:
    """A login, a fixed status, a portal page and a range."""

    def fetch(channel: str, *options: str) -> str:
        url = channels.http.url(channel) + "/noarch/repodata.json"
        argv = ["curl", "-s", "-w", "\n%{http_code}", *options, url]
        return subprocess.run(argv, env=clean_env(tmp_path), capture_output=True, text=True, check=True).stdout

    assert fetch("private").endswith("401")
    assert fetch("private", "-u", "ada:pw-of-channel").endswith("200")
    channels.rules.statuses["extra"] = 403
    assert fetch("extra").endswith("403")
    channels.rules.portals.add("main")
    assert "<title>" in fetch("main")
    channels.rules.portals.clear()
    assert fetch("main", "-r", "0-0") == "{\n206"


@pytest.mark.hosts
@pytest.mark.conda
def test_hosts_boot_and_their_conda_reaches_a_channel_through_squid(
    conda_hosts: list[Host],
    channel_root: Path,
    authority: Authority,
    start_squid: Callable[..., Squid],
) -> None:
    """ssh works for every user, systemd has no failed unit, and conda works in the host through the outer proxy."""
    gateway = bed_hosts.gateway()
    for host in conda_hosts:
        for user in bed_hosts.USERS:
            assert host.run(["id", "-un"], user=user).stdout.strip() == user
        assert host.run(["systemctl", "is-system-running"]).stdout.strip() == "running"
        assert host.run(["sudo", "-n", "id", "-un"], user="ada").stdout.strip() == "root"
    assert conda_hosts[0].address != conda_hosts[1].address

    squid = start_squid(address=gateway, username=PROXY_USER, password=PROXY_PASSWORD)
    with serve_channels(channel_root, authority, gateway) as channels:
        host = conda_hosts[0]
        host.write("/tmp/ca.pem", authority.pem.read_text())
        command = (
            f"env REQUESTS_CA_BUNDLE=/tmp/ca.pem https_proxy='{squid.url(PROXY_USER, PROXY_PASSWORD_ENCODED)}'"
            f" {HOST_PREFIX}/bin/conda search --override-channels -c {channels.https.url('main', CHANNEL_HOST)} hello"
        )
        assert "hello" in host.run(command, user="bob").stdout
