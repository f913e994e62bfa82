# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mask secrets in text that leaves the machine: by shape, not by value.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

A search by value fails for every form nobody thought of (percent-encoded, escaped, cut in two) and garbles everything
when the password is C(etc). So what has the shape of a secret is masked, ours or foreign, old or new. Rotation stays
visible: the mask carries a few digits of an HMAC under a key that lives as long as the run.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import typing as t

# Up to the last "@" of the line: a password that nobody encoded may hold "/", "@" or spaces. Masking too much is cheap.
# But a proxy_servers key that is a URL itself ("https://host": "http://user:...") stays readable.
_USERINFO = re.compile(r"""(?<=://)(?:(?!["']?[ \t]*:[ \t]+["']?[A-Za-z][A-Za-z0-9+.-]*://)[^\r\n])*@""")
_TOKEN = re.compile(r"(?<=/t/)[^/\s\"']+")
_ASSIGNED = re.compile(
    r"""(?ix)(\b[\w.-]*(?:passw(?:or)?d|passwd|secret|token|api_?key)[\w.-]*["']?[ \t]*[:=][ \t]*)(?!\#|true\b|false\b)([^\r\n]+)"""
)
_SHORT = 4


def digest(text: str) -> str:
    """A short fingerprint of something that is no secret."""
    return "sha256 " + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Masker:
    """Masks for one run. C(key) is random per run; equal secrets get equal masks within it."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def secret(self, value: str) -> str:
        """The mask of one secret."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return "***{0}***".format(digest[:6])

    def text(self, text: str) -> str:
        """Mask everything in C(text) that has the shape of a secret: URL userinfo, channel tokens, password assignments."""
        text = _USERINFO.sub(lambda match: self.secret(match.group(0)[:-1]) + "@", text)
        text = _TOKEN.sub(lambda match: self.secret(match.group(0)), text)
        return _ASSIGNED.sub(lambda match: match.group(1) + self.secret(match.group(2)), text)

    def foreign(self, text: str, secrets: t.Iterable[str]) -> str:
        """Mask text that somebody else wrote (an exception, a program's output): by shape, then by value.

        A secret too short to search for makes any text suspect: then a fixed sentence stands in for it.
        """
        text = self.text(text)
        for value in sorted(secrets, key=len, reverse=True):
            if value and value in text:
                if len(value) < _SHORT:
                    return "(text withheld: it may hold a secret that is too short to be masked)"
                text = text.replace(value, self.secret(value))
        return text
