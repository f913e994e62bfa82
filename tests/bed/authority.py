# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of our own, for TLS channels and for proxies that intercept."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """Issues certificates; its files (`ca.pem`, `ca-with-key.pem`) lie in `folder`."""

    def __init__(self, folder: Path, organization: str = "Condafleet test bed") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = organization
        self.pem = folder / "ca.pem"
        self.pem_with_key = folder / "ca-with-key.pem"
        self._ca = trustme.CA(organization_name=organization)
        self._ca.cert_pem.write_to_path(str(self.pem))
        self._ca.private_key_pem.write_to_path(str(self.pem_with_key))
        self._ca.cert_pem.write_to_path(str(self.pem_with_key), append=True)
        self.pem_with_key.chmod(0o600)

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A server's TLS context with a certificate for these names or addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context
