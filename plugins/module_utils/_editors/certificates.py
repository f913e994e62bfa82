# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Edit a CA bundle for conda: the requested certificates, joined with the roots of the machine."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker, digest


def join(requested: str, roots: str) -> str:
    """Return one bundle: REQUESTS_CA_BUNDLE replaces the roots that are built in, and does not add to them."""
    return "".join(part.rstrip("\n") + "\n" for part in (requested, roots) if part.strip())


class CertificatesEditor(Editor):
    """`desired` is a mapping: `ours`, the requested certificates, and `roots`, what they are joined with."""

    name = "certificates"

    def owned(self) -> t.Any:
        return {key: digest(text) for key, text in self.desired.items()}  # the digests: the roots alone are 200 kB

    def reason(self, owned: t.Any) -> str:
        return "roots_updated" if owned["ours"] == digest(self.desired["ours"]) else "rotated"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return join(self.desired["ours"], self.desired["roots"])

    def revert(self, text: str, original: str | None, force: bool) -> str:
        return original or ""

    def present(self, text: str) -> bool:
        return True

    def view(self, text: str | None, masker: Masker) -> str:
        return "" if not text else "{} certificates, {}\n".format(text.count("-----BEGIN CERTIFICATE"), digest(text))
