# SPDX-License-Identifier: GPL-3.0-or-later
"""A real squid (Debian's squid-openssl) with Basic auth and, on demand, TLS interception. Ended by process id."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from tests.bed.authority import Authority

_LIB = Path("/usr/lib/squid")
_START_SECONDS = 30
_TTL_SECONDS = 1  # with `any_of`; squid's own default is two hours

_CONFIG = """
pid_filename {folder}/squid.pid
cache_log {folder}/cache.log
access_log stdio:{folder}/access.log
coredump_dir {folder}
hosts_file {folder}/hosts
cache deny all
memory_cache_shared off
pinger_enable off
max_filedescriptors 1024
shutdown_lifetime 0 seconds
visible_hostname bed.invalid
dns_v4_first on
"""
# basic_ncsa_auth knows one password of a user, and a rotation has two for a while
_ANY_OF = """#!/bin/sh
while read -r login; do
    if grep -qxF -e "$login" {folder}/logins; then echo OK; else echo ERR; fi
done
"""


def missing() -> str | None:
    """A sentence when squid-openssl is not installed, else None."""
    if _program() is None or not (_LIB / "security_file_certgen").exists():
        return "squid with TLS is missing: apt-get install squid-openssl"
    return None


def _program() -> str | None:
    return shutil.which("squid", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


class Squid:
    """A context manager.

    `any_of`: passwords that are taken beside each other; `accept` changes them while it runs. They need no encoding.
    `hosts`: names that only the proxy can resolve. `intercept`: opens TLS with certificates of this authority;
    `upstream_ca` is what it then trusts itself.
    """

    def __init__(
        self,
        username: str | None = None,
        password: str | bytes = "",
        any_of: tuple[str, ...] = (),
        address: str = "127.0.0.1",
        port: int | None = None,
        hosts: dict[str, str] | None = None,
        intercept: Authority | None = None,
        upstream_ca: Path | None = None,
    ) -> None:
        self.address = address
        self.port = port if port is not None else _free_port(address)
        self.username = username
        self._password = password.encode() if isinstance(password, str) else password
        self._any_of = any_of
        self._hosts = hosts or {}
        self._intercept = intercept
        self._upstream_ca = upstream_ca
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    def url(self, username: str | None = None, password: str = "", host: str | None = None) -> str:
        """The proxy's URL; the credentials must be percent-encoded already."""
        login = f"{username}:{password}@" if username is not None else ""
        return f"http://{login}{host or self.address}:{self.port}"

    def accept(self, *passwords: str) -> None:
        """Take these passwords, and no other, from the next question on."""
        lines = "".join(f"{self.username} {password}\n" for password in passwords)
        (self.folder / "logins").write_text(lines, encoding="utf-8")
        time.sleep(2 * _TTL_SECONDS)  # until squid has forgotten what it knew

    @property
    def access_log(self) -> list[str]:
        """The lines of squid's access log so far."""
        log = self.folder / "access.log"
        return log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []

    def __enter__(self) -> Self:
        program = _program()
        if program is None:
            raise RuntimeError(missing())
        self.folder = Path(tempfile.mkdtemp(prefix="condafleet-squid-", dir="/tmp"))
        try:
            self._write_config()
            self._own()
            self._process = subprocess.Popen(
                [program, "-N", "-f", self.folder / "squid.conf", "-n", f"bed{os.getpid()}p{self.port}"],
                env=clean_env(self.folder),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_config(self) -> None:
        lines = [_CONFIG.format(folder=self.folder)]
        lines.append(self._port_line())
        if self.username is not None:
            lines += [
                f"auth_param basic program {self._helper()}",
                "auth_param basic children 2 startup=1 idle=1",
                f"auth_param basic credentialsttl {_TTL_SECONDS if self._any_of else 7200} seconds",
                "auth_param basic realm bed",
                "acl known proxy_auth REQUIRED",
                "http_access allow known",
                "http_access deny all",
            ]
        else:
            lines.append("http_access allow all")
        hosts = "".join(f"{address} {name}\n" for name, address in self._hosts.items())
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n" + hosts, encoding="utf-8")
        (self.folder / "squid.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _helper(self) -> str:
        if self._any_of:
            helper = self.folder / "any-of"
            helper.write_text(_ANY_OF.format(folder=self.folder), encoding="utf-8")
            helper.chmod(0o755)
            self.accept(*self._any_of)
            return str(helper)
        (self.folder / "passwd").write_text(f"{self.username}:{_hash(self._password)}\n", encoding="utf-8")
        return f"{_LIB}/basic_ncsa_auth {self.folder}/passwd"

    def _port_line(self) -> str:
        if self._intercept is None:
            return f"http_port {self.address}:{self.port}"
        shutil.copy(self._intercept.pem_with_key, self.folder / "ca-with-key.pem")
        store = self.folder / "certificates"
        subprocess.run(
            [_LIB / "security_file_certgen", "-c", "-s", store, "-M", "4MB"], check=True, capture_output=True
        )
        lines = [
            (
                f"http_port {self.address}:{self.port} ssl-bump tls-cert={self.folder}/ca-with-key.pem"
                " generate-host-certificates=on dynamic_cert_mem_cache_size=4MB"
            ),
            f"sslcrtd_program {_LIB}/security_file_certgen -s {store} -M 4MB",
            "sslcrtd_children 2 startup=1 idle=1",
            "acl hello at_step SslBump1",
            "ssl_bump peek hello",
            "ssl_bump bump all",
        ]
        if self._upstream_ca is not None:
            shutil.copy(self._upstream_ca, self.folder / "upstream.pem")
            lines.append(f"tls_outgoing_options cafile={self.folder}/upstream.pem")
        return "\n".join(lines)

    def _own(self) -> None:
        """As root squid becomes the user `proxy`, who must then own its files."""
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam("proxy")
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, user.pw_uid, user.pw_gid)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                socket.create_connection((self.address, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = self.folder / "cache.log"
        raise RuntimeError(f"squid did not start:\n{log.read_text() if log.exists() else 'no log'}")


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as probe:
        return int(probe.getsockname()[1])


def _hash(password: bytes) -> str:
    done = subprocess.run(
        ["openssl", "passwd", "-apr1", "-stdin"], input=password + b"\n", check=True, capture_output=True
    )
    return done.stdout.decode().strip()
