# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find CA certificates that are only in a keychain of macOS, which conda does not read."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import process
from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow

_UNKNOWN = {"tls_unknown_ca", "tls_self_signed", "proxy_tls_untrusted"}
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def notes(keychains: t.Iterable[str], rows: t.Iterable[ProofRow]) -> list[str]:
    """Return a warning for each issuer of an untrusted certificate that a keychain has."""
    issuers = {row.tls_issuer for row in rows if row.tls_issuer and {row.verdict, row.proxy_verdict} & _UNKNOWN}
    if not issuers:
        return []
    return [
        f"the CA {subject} is in the keychain {keychain}, which conda does not read: deploy it with "
        "conda_proxy_ca_bundle_src, or set conda_proxy_ssl_verify: truststore (conda 23.9, through a proxy 26.7)"
        for keychain in keychains
        for subject in sorted(issuers & _subjects(_certificates_in(keychain)))
    ]


def _certificates_in(keychain: str) -> str:
    return process.command(["security", "find-certificate", "-a", "-p", keychain])[1]


def _subjects(text: str) -> set[str]:
    """Return common name and organisation of the CA certificates in PEM, as the proof names issuers."""
    import ssl  # only a failed proof needs it

    found = set()
    for certificate in _CERTIFICATE.findall(text):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=certificate)
        except ssl.SSLError:
            continue
        for one in context.get_ca_certs():
            names = {key: value for part in t.cast("t.Any", one).get("subject", ()) for key, value in part}
            found.add(", ".join(filter(None, (names.get("commonName"), names.get("organizationName")))))
    return found
