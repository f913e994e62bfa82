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
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import (
    InvalidSettingError,
    check_path,
)

# the ways to give a CA bundle, of which one is used
BUNDLES = ("ca_bundle", "ca_bundle_src", "ca_bundle_content")
# with line breaks around the base64: without them, as in YAML under `>`, OpenSSL finds no certificate
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[ \t]*\n[A-Za-z0-9+/=\s]+\n-----END CERTIFICATE-----")
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
    _check_one_bundle(options)
    for name in ("ca_bundle", "ssl_verify"):
        check_path(name, str(options.get(name) or ""))
    tls = Tls(
        path=_parse_path(options["ca_bundle"]),
        bundle=_parse_bundle(options, pem),
        verify=_parse_verify(options.get("ssl_verify")),
    )
    if tls.verify is not None and tls.has_bundle:
        raise InvalidSettingError(
            "ssl_verify",
            "and a CA bundle are both set, and REQUESTS_CA_BUNDLE would override ssl_verify",
            "leave {ssl_verify} out",
        )
    return tls


def _check_one_bundle(options: Options) -> None:
    first, *others = [name for name in BUNDLES if options[name]] or [""]
    if others:
        both = "both" if len(others) == 1 else "all"
        raise InvalidSettingError(
            first,
            "".join(f"and {{{name}}} " for name in others) + f"are {both} set",
            "keep {ca_bundle} for a file on the machine, {ca_bundle_src} for one on the control node, or "
            "{ca_bundle_content} for the text itself",
        )


def _parse_path(path: str | None) -> str:
    if path and not _ABSOLUTE.match(path):
        raise InvalidSettingError(
            "ca_bundle",
            "is not an absolute path on the machine",
            "use {ca_bundle_src} for a file on the control node",
        )
    return path or ""


def _parse_bundle(options: Options, pem: str | None) -> CaBundle | None:
    if options["ca_bundle_src"]:
        return _parse_pem(pem or "", "ca_bundle_src", "names a file", "give a file")
    if options["ca_bundle_content"]:
        return _parse_pem(_as_file(options["ca_bundle_content"]), "ca_bundle_content", "is a text", "give a text")
    return None


def _as_file(text: str) -> str:
    """Return `text` as reading a file with it would: a change from one option to the other changes no machine."""
    lines = text.encode("utf-8", "replace").decode("ascii", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return lines.rstrip("\n") + "\n"


def _parse_pem(pem: str, option: str, what: str, give: str) -> CaBundle:
    if not _CERTIFICATE.search(pem):
        raise InvalidSettingError(
            option,
            f"{what} without a PEM certificate",
            f"{give} with -----BEGIN CERTIFICATE----- on a line of its own (in YAML: under |)",
        )
    if "PRIVATE KEY" in pem:
        raise InvalidSettingError(
            option,
            f"{what} that holds a private key, which would be copied to every machine",
            f"{give} that contains only certificates",
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
