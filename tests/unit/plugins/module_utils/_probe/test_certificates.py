# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issued a certificate."""

from __future__ import annotations

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    certificates,
)


def test_issuer_of_a_certificate() -> None:
    issued = trustme.CA(organization_name="Ünser Haus").issue_cert("example.com")
    pem = issued.cert_chain_pems[0].bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert certificates.issuer_of(der) == "Ünser Haus"
    for cut in range(0, len(der), 7):
        certificates.issuer_of(der[:cut])  # never raises
