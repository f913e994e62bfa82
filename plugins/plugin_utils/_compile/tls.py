# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CA bundle and ssl_verify.

This plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import Refused

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def parse_ssl_verify(options: Options, ca_bundle: str | None) -> t.Any:
    """The value for the condarc: a bool, C(truststore), a path, or None when it is not managed."""
    text = options["ssl_verify"]
    if options["ca_bundle_src"] and options["ca_bundle"]:
        raise Refused(
            "ca_bundle",
            "and conda_proxy_ca_bundle_src are both set",
            "keep the one that says where the bundle comes from",
        )
    if ca_bundle is not None and not _CERTIFICATE.search(ca_bundle):
        raise Refused(
            "ca_bundle_src", "names a file without a PEM certificate", "give a file with -----BEGIN CERTIFICATE-----"
        )
    if ca_bundle is not None and "PRIVATE KEY" in ca_bundle:
        raise Refused(
            "ca_bundle_src",
            "names a file that holds a private key, which would go to every machine",
            "give the certificates alone",
        )
    bundle = options["ca_bundle"]
    if bundle and not re.match(r"/|[A-Za-z]:[\\/]|\$\{", bundle):
        raise Refused(
            "ca_bundle",
            "is not an absolute path on the machine",
            "use conda_proxy_ca_bundle_src for a file of the control node",
        )
    if options["ca_bundle_src"]:
        bundle = CA_BUNDLE_PATH
    if text is None:
        return bundle
    if bundle:
        raise Refused(
            "ssl_verify",
            "and a CA bundle are both set, and REQUESTS_CA_BUNDLE would win over it",
            "leave conda_proxy_ssl_verify out",
        )
    if text.lower() in ("true", "yes", "false", "no"):
        return text.lower() in ("true", "yes")
    if text != "truststore" and not re.match(r"/|[A-Za-z]:[\\/]|\$\{", text):
        raise Refused("ssl_verify", "is neither true, false, truststore nor an absolute path", "choose one of them")
    return text
