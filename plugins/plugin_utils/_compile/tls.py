# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Parse the CA bundle and `ssl_verify`."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.base import CA_BUNDLE_PATH
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import Options
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\$\{")


class Tls(t.NamedTuple):
    """What conda verifies certificates with. At most one of the three is set."""

    path: str = ""  # of a CA bundle on the machine
    bundle: CaBundle | None = None  # a CA bundle to write there
    verify: bool | str | None = None  # no CA bundle: a bool, `truststore` or a path on the machine

    @property
    def ssl_verify(self) -> bool | str | None:
        """The value for the condarc; None: not managed."""
        if self.verify is not None:
            return self.verify
        return CA_BUNDLE_PATH if self.bundle else self.path or None

    @property
    def has_bundle(self) -> bool:
        return bool(self.path or self.bundle)


def parse_tls(options: Options, pem: str | None) -> Tls:
    """Return the settings; `pem` is the text of `ca_bundle_src`. conda_connectivity has no option `ssl_verify`.

    Raises InvalidSettingError.
    """
    if options["ca_bundle_src"] and options["ca_bundle"]:
        raise InvalidSettingError(
            "ca_bundle",
            "and {ca_bundle_src} are both set",
            "keep {ca_bundle} for a file on the machine, or {ca_bundle_src} for one on the control node",
        )
    tls = Tls(
        path=_parse_path(options["ca_bundle"]),
        bundle=_parse_pem(pem or "") if options["ca_bundle_src"] else None,
        verify=_parse_verify(options.get("ssl_verify")),
    )
    if tls.verify is not None and tls.has_bundle:
        raise InvalidSettingError(
            "ssl_verify",
            "and a CA bundle are both set, and REQUESTS_CA_BUNDLE would override ssl_verify",
            "leave {ssl_verify} out",
        )
    return tls


def _parse_path(path: str | None) -> str:
    if path and not _ABSOLUTE.match(path):
        raise InvalidSettingError(
            "ca_bundle",
            "is not an absolute path on the machine",
            "use {ca_bundle_src} for a file on the control node",
        )
    return path or ""


def _parse_pem(pem: str) -> CaBundle:
    if not _CERTIFICATE.search(pem):
        raise InvalidSettingError(
            "ca_bundle_src", "names a file without a PEM certificate", "give a file with -----BEGIN CERTIFICATE-----"
        )
    if "PRIVATE KEY" in pem:
        raise InvalidSettingError(
            "ca_bundle_src",
            "names a file that holds a private key, which would be copied to every machine",
            "give a file that contains only certificates",
        )
    return CaBundle(pem)


def _parse_verify(text: str | None) -> bool | str | None:
    if text is None:
        return None
    if text.lower() in ("true", "yes", "false", "no"):
        return text.lower() in ("true", "yes")
    if text != "truststore" and not _ABSOLUTE.match(text):
        raise InvalidSettingError(
            "ssl_verify", "is neither true, false, truststore nor an absolute path", "choose one of them"
        )
    return text
